"""Label propagation with DGL's arguments."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from ....graph.algorithms import spread_values
from ..._graph import DGLGraph
from .._translated import adjacency_of, check_option

NORMS: dict[str, Literal["both", "right"]] = {"sym": "both", "row": "right"}


class LabelPropagation(nn.Module):
    """Labels of some nodes spread along edges: `weft.graph.algorithms.spread_values`, and what DGL does after each step.

    *Shapes* `labels: (num_nodes,)`, classes, or `(num_nodes, num_classes)`; `mask: (num_nodes,)` -> `(num_nodes, num_classes)`

    Args:
        k: number of steps.
        alpha: share of what comes along the edges.
        norm_type: "sym" for 1 / sqrt(d_out(j) * d_in(i)), "row" for the mean.
        clamp, normalize, reset: whether numbers are kept between 0 and 1, rows sum to 1, labels are set again, in every step.

    Raises:
        OptionError: if an option does not exist.
        ShapeError: in the call, if labels or mask do not fit the graph.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1], [1, 0]))
    >>> LabelPropagation(k=5, alpha=0.5)(g, torch.tensor([0, 1])).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        k: int,
        alpha: float,
        norm_type: str = "sym",
        clamp: bool = True,
        normalize: bool = False,
        reset: bool = False,
    ) -> None:
        super().__init__()
        check_option("LabelPropagation", "norm_type", norm_type, tuple(NORMS), {})
        self.k, self.alpha, self.norm_type = k, alpha, norm_type
        self.clamp, self.normalize, self.reset = clamp, normalize, reset

    def forward(self, g: DGLGraph, labels: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compute a row of numbers for each node."""
        first = (labels if labels.dim() > 1 else functional.one_hot(labels)).float()
        known = first.new_ones(first.shape[0], 1, dtype=torch.bool) if mask is None else mask.reshape(-1, 1)
        first = first.where(known, 0)

        def after(y: Tensor) -> Tensor:
            y = y.clamp(0, 1) if self.clamp else y
            y = functional.normalize(y, p=1, dim=1) if self.normalize else y
            return first.where(known, y) if self.reset else y

        norm = NORMS[self.norm_type]
        return spread_values(adjacency_of(g), first, alpha=self.alpha, norm=norm, num_iterations=self.k, after=after)
