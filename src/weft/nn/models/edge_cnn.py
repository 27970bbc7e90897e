"""EdgeCNN: a stack of networks on each node and its differences to neighbours."""

from dataclasses import dataclass
from typing import final

from torch import nn

from .._arguments import Reduce
from ..conv import EdgeConv
from .layer_stack import LayerStack


@final
@dataclass(eq=False, repr=False, kw_only=True)
class EdgeCNN(LayerStack):
    """Networks on a node and its difference to each neighbour, of which the highest counts, one after the other.

    The network of a layer is a linear map to `hidden_features`, relu and a second linear map.

    *Shapes* and further arguments are those of `LayerStack`.

    Args:
        aggregator: "max", "mean" or "sum" over the neighbours.
        batch_norm: whether networks normalise over the edges behind their first map.

    *Source* Wang, Sun, Liu, Sarma, Bronstein and Solomon, 2019, Dynamic Graph CNN for Learning on Point Clouds,
    arXiv:1801.07829.

    *Differs from the source* edges are those of the graph in every layer; `DynamicEdgeConv` looks for neighbours anew. The
    activation is relu without a slope, and stands behind the maximum, too.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> EdgeCNN(4, 8, 2, num_layers=2)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    aggregator: Reduce = "max"
    batch_norm: bool = False

    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> EdgeConv:
        """Make a layer with its network."""
        width = self.hidden_features
        norm = [nn.BatchNorm1d(width)] if self.batch_norm else []
        network = nn.Sequential(nn.Linear(2 * in_features, width), *norm, nn.ReLU(), nn.Linear(width, out_features))
        return EdgeConv(in_features, out_features, network, aggregator=self.aggregator)
