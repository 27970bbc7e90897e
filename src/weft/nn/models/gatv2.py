"""GATv2: a stack of attention layers whose scores see both ends together."""

from dataclasses import dataclass
from typing import final

from ..conv import GATv2Conv
from .headed_stack import HeadedStack


@final
@dataclass(eq=False, repr=False, kw_only=True)
class GATv2(HeadedStack):
    """Attention layers whose scores see both ends of an edge together, one after the other.

    *Shapes* and further arguments are those of `HeadedStack`.

    Args:
        share_weights: one projection in each layer for both ends.

    *Source* Brody, Alon and Yahav, 2022, How Attentive are Graph Attention Networks?, arXiv:2105.14491. Self loops are the
    caller's.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> model, lengths = GATv2(4, 8, 2, num_layers=2, edge_features=1), torch.rand(3, 1)
    >>> model(graph, torch.randn(3, 4), edge_features=lengths).shape
    torch.Size([3, 2])
    """

    share_weights: bool = False

    def make_headed(self, in_features: int, width: int, *, num_heads: int, concat: bool) -> GATv2Conv:
        """Make a layer of heads of this width."""
        return GATv2Conv(
            in_features,
            width,
            num_heads,
            edge_features=self.edge_features,
            share_weights=self.share_weights,
            concat=concat,
            attention_dropout=self.attention_dropout,
        )
