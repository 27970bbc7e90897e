"""Label propagation: the labels of some nodes spread along edges."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import ShapeError, message
from .._arguments import Edges
from ._diffusion import Norm, check_diffusion, diffuse, one_hot, square


@final
class LabelPropagation(nn.Module):
    """Labels of some nodes spread along edges; without a parameter to learn.

    `y = clamp(alpha * A y + (1 - alpha) * y_first, 0, 1)`, `num_steps` times, where A is normalised by the degrees of both
    ends or by those of the targets, and y_first holds the labels of the nodes of `mask`, and 0 elsewhere.

    *Shapes* `labels: (num_nodes,)`, classes, or `(num_nodes, num_classes)`, rows of numbers; `mask: (num_nodes,)`, of bool,
    without one all nodes;
    `edge_weight: (num_edges,)` -> `(num_nodes, num_classes)`

    Args:
        alpha: share of what comes along the edges.
        norm: "both" for 1 / sqrt(d_out(j) * d_in(i)), "in" for 1 / sqrt(d_in(j) * d_in(i)), "right" for the mean; d
            are sums of the weights of edges.
        clamp: whether to keep every number between 0 and 1, in every step.
        normalize: whether each row is divided by the sum of its absolute values, in every step.
        reset: whether the labels that are known are set again, in every step.

    Raises:
        OptionError: in the constructor, if an option does not exist.
        ShapeError: in the call, if the graph is not square, or labels, mask or weights do not fit it.

    *Source* Zhu and Ghahramani, 2002, Learning from Labeled and Unlabeled Data with Label Propagation (with `reset`); Zhou
    et al., 2003, Learning with Local and Global Consistency, section 2 (with alpha and both norms).

    *Differs from the source* stops after `num_steps`.
    *Differs from DGL* alpha is 0.9 and nothing is normalised, unless it is told to; classes need not be counted.

    *Cost* num_steps x E x num_classes reads.

    >>> import torch
    >>> from weft.graph import Graph
    >>> path = Graph(torch.tensor([0, 1, 1, 2]), torch.tensor([1, 0, 2, 1]), num_nodes=3)
    >>> known = torch.tensor([True, False, True])
    >>> LabelPropagation(10, reset=True, normalize=True)(path, torch.tensor([0, 0, 1]), known)
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000],
            [0.0000, 1.0000]])
    """

    def __init__(
        self,
        num_steps: int,
        *,
        alpha: float = 0.9,
        norm: Norm = "both",
        clamp: bool = True,
        normalize: bool = False,
        reset: bool = False,
    ) -> None:
        super().__init__()
        check_diffusion("LabelPropagation", num_steps, alpha, norm)
        self.num_steps, self.alpha, self.norm = num_steps, alpha, norm
        self.clamp, self.normalize, self.reset = clamp, normalize, reset

    def forward(
        self, graph: Edges, labels: Tensor, mask: Tensor | None = None, *, edge_weight: Tensor | None = None
    ) -> Tensor:
        """Compute a row of numbers for each node."""
        count = square("LabelPropagation", graph, labels).num_targets
        y = one_hot("LabelPropagation", labels, count)
        if mask is not None and mask.shape != (count,):
            raise ShapeError(message("LabelPropagation", f"`mask` of shape ({count},)", str(tuple(mask.shape))))
        known = torch.ones(count, 1, dtype=torch.bool, device=y.device) if mask is None else mask.unsqueeze(1)
        first = y.where(known, 0)

        def after(y: Tensor) -> Tensor:
            y = y.clamp(0, 1) if self.clamp else y
            y = functional.normalize(y, p=1, dim=1) if self.normalize else y
            return first.where(known, y) if self.reset else y

        return diffuse(
            "LabelPropagation",
            graph,
            first,
            edge_weight=edge_weight,
            num_steps=self.num_steps,
            alpha=self.alpha,
            norm=self.norm,
            after=after,
        )

    def extra_repr(self) -> str:
        """Options, as in the constructor."""
        names = ("alpha", "norm", "clamp", "normalize", "reset")
        return ", ".join([str(self.num_steps), *(f"{name}={getattr(self, name)!r}" for name in names)])
