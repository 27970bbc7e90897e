"""A stack of layers on every node, one row for each graph, and its class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from torch import Tensor, nn
from torch.nn import functional

import weft
from weft.graph import readout


class ReadoutClassifier(nn.Module):
    """The outputs of all layers side by side, mapped, reduced over each graph, and with `head` mapped again.

    Without a head, a sum or mean over the graph is the sum over layers of a linear map of their readouts, as in Xu et al. 2019.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int,
        num_classes: int,
        *,
        stack: Callable[..., nn.Module],
        reduce: Literal["sum", "mean", "max"],
        head: bool = False,
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__()
        self.reduce, self.dropout = reduce, dropout
        self.stack = stack(in_features, hidden, hidden if head else num_classes, jumping="cat", **options)
        self.head = nn.Linear(hidden, num_classes) if head else None

    def forward(self, graphs: weft.Graph, x: Tensor) -> Tensor:
        """Compute the logits: (num_graphs, num_classes)."""
        h = readout(graphs, self.stack(graphs, x), self.reduce)
        if self.head is None:
            return functional.dropout(h, self.dropout, self.training)
        return self.head(functional.dropout(h.relu(), self.dropout, self.training))
