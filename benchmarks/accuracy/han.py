"""HAN: attention over metapaths, and a linear map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

import weft
from weft.graph import EdgeType


class HAN(nn.Module):
    """One layer of heterogeneous attention over metapaths of one node type, dropout and a linear map.

    *Source* Wang et al., 2019, Heterogeneous Graph Attention Network, arXiv:1903.07293.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int,
        num_classes: int,
        *,
        edge_types: Sequence[EdgeType],
        num_heads: int,
        dropout: float,
        **options: Any,
    ) -> None:
        super().__init__()
        self.node_type = edge_types[0][0]
        self.layer = weft.nn.HANConv(
            {self.node_type: in_features}, hidden // num_heads, num_heads, edge_types=edge_types, **options
        )
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(hidden, num_classes)

    def forward(self, graph: weft.Graph, x: Tensor) -> Tensor:
        """Compute the logits: (num_nodes, num_classes)."""
        h = self.layer(graph, {self.node_type: x})[self.node_type]
        return self.out(self.dropout(h))
