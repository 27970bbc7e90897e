"""GCN: a stack of graph convolutions."""

from typing import final

from ..conv import GraphConv
from .layer_stack import LayerStack


@final
class GCN(LayerStack):
    """Graph convolutions, normalised by the degrees of both ends, one after the other.

    *Shapes* and arguments are those of `LayerStack`.

    *Source* Kipf and Welling, 2017, Semi-Supervised Classification with Graph Convolutional Networks, arXiv:1609.02907. Self
    loops, which it adds to every node, are the caller's.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> GCN(4, 8, 2, num_layers=2, norm=torch.nn.BatchNorm1d)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> GraphConv:
        """Make a layer."""
        return GraphConv(in_features, out_features)
