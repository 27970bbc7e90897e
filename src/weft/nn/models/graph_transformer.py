"""GraphTransformer: a stack of layers with the attention of Transformers over edges."""

from dataclasses import dataclass, field
from typing import final

import torch

from ..conv import TransformerConv
from .headed_stack import HeadedStack
from .layer_stack import Activation


@final
@dataclass(eq=False, repr=False, kw_only=True)
class GraphTransformer(HeadedStack):
    """Layers of scaled dot products of queries and keys over the edges, one after the other.

    *Shapes* and further arguments are those of `HeadedStack`.

    Args:
        activation: relu by default.
        beta: each layer weighs what it found against the node itself by a gate; otherwise it adds them.

    *Source* Shi, Huang, Feng, Zhong, Wang and Sun, 2021, Masked Label Prediction: Unified Message Passing Model for
    Semi-Supervised Classification, arXiv:2009.03509, section 3. It has `norm=torch.nn.LayerNorm`, and adds rows of the labels
    that are known to x, which is the caller's.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> model = GraphTransformer(4, 8, 2, num_layers=2, norm=torch.nn.LayerNorm, edge_features=1)
    >>> model(graph, torch.randn(3, 4), edge_features=torch.rand(3, 1)).shape
    torch.Size([3, 2])
    """

    activation: Activation = field(default_factory=lambda: torch.relu)
    beta: bool = True

    def make_headed(self, in_features: int, width: int, *, num_heads: int, concat: bool) -> TransformerConv:
        """Make a layer of heads of this width."""
        return TransformerConv(
            in_features,
            width,
            num_heads,
            edge_features=self.edge_features,
            concat=concat,
            beta=self.beta,
            attention_dropout=self.attention_dropout,
        )
