"""GAT: a stack of attention layers."""

from typing import final

from ..conv import GATConv
from .headed_stack import HeadedStack


@final
class GAT(HeadedStack):
    """Attention layers, one after the other.

    *Shapes* and arguments are those of `HeadedStack`.

    *Source* Veličković, Cucurull, Casanova, Romero, Liò and Bengio, 2018, Graph Attention Networks, arXiv:1710.10903. Self loops,
    which it adds to every node, are the caller's, and so is dropout of the first input; on Cora and Citeseer it has
    `num_layers=2, num_out_heads=1, dropout=0.6, attention_dropout=0.6`.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> GAT(4, 8, 2, num_layers=2, norm=torch.nn.BatchNorm1d)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def make_headed(self, in_features: int, width: int, *, num_heads: int, concat: bool) -> GATConv:
        """Make a layer of heads of this width."""
        return GATConv(
            in_features,
            width,
            num_heads,
            edge_features=self.edge_features,
            concat=concat,
            attention_dropout=self.attention_dropout,
        )
