"""Label propagation with DGL's arguments."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from ....nn.models import LabelPropagation as Propagation
from ..._graph import DGLGraph
from .._translated import adjacency_of, check_option

NORMS: dict[str, Literal["both", "right"]] = {"sym": "both", "row": "right"}


class LabelPropagation(nn.Module):
    """Labels of some nodes spread along edges: `weft.nn.models.LabelPropagation`.

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
        options = {"clamp": clamp, "normalize": normalize, "reset": reset}
        self._propagation = Propagation(k, alpha=alpha, norm=NORMS[norm_type], **options)

    def forward(self, g: DGLGraph, labels: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compute a row of numbers for each node."""
        found: Tensor = self._propagation(adjacency_of(g), labels, mask)
        return found
