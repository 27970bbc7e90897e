"""GIN: a stack of sums of neighbours, each of which goes through a network."""

from dataclasses import dataclass
from typing import final

from torch import nn

from ..conv import GINConv
from .layer_stack import LayerStack


@final
@dataclass(eq=False, repr=False, kw_only=True)
class GIN(LayerStack):
    """Networks on the sum of a node and its neighbours, one after the other.

    The network of a layer is a linear map to `hidden_features`, batch normalisation, relu and a second linear map.

    *Shapes* and further arguments are those of `LayerStack`.

    Args:
        batch_norm: whether networks normalise their batch, which in training takes more than one node.
        learn_eps: whether the weight of the node itself, 1 + eps, is learned; otherwise it is 1.

    *Source* Xu, Hu, Leskovec and Jegelka, 2019, How Powerful are Graph Neural Networks?, arXiv:1810.00826, equation 4.1. It
    normalises behind every network, too: `norm=torch.nn.BatchNorm1d`. What a whole graph gives is a readout of the caller's.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> GIN(4, 8, 2, num_layers=2, norm=torch.nn.BatchNorm1d)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    batch_norm: bool = True
    learn_eps: bool = False

    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> GINConv:
        """Make a layer with its network."""
        width = self.hidden_features
        norm = [nn.BatchNorm1d(width)] if self.batch_norm else []
        network = nn.Sequential(nn.Linear(in_features, width), *norm, nn.ReLU(), nn.Linear(width, out_features))
        return GINConv(network, learn_eps=self.learn_eps)
