"""Correct and Smooth: what a model predicts is repaired by the labels that are known."""

from typing import final

import torch
from torch import Tensor, nn

from ...errors import ShapeError, message
from .._arguments import Edges
from ._diffusion import Norm, check_diffusion, diffuse, one_hot, square


@final
class CorrectAndSmooth(nn.Module):
    """Predictions, corrected by the errors of labelled nodes and smoothed along edges; without a parameter to learn.

    With e the error y - z of the labelled nodes and 0 elsewhere, and S(v, alpha) = alpha * A v + (1 - alpha) * v_first, repeated:

        corrected[i] = z[i] + s[i] * S(e, correct_alpha)[i]
        out = clamp(S(corrected, but y where it is known, smooth_alpha), 0, 1)

    where s[i] makes the rows of the spread error as large, in absolute sums, as those of the labelled nodes are on average
    (`scale=None`), or is a constant; with a constant the errors of labelled nodes are set again in every step.

    *Shapes* `z: (num_nodes, num_classes)`, probabilities; `labels: (num_nodes,)`, classes, or `(num_nodes, num_classes)`;
    `mask: (num_nodes,)`, of bool, the labelled nodes; `edge_weight: (num_edges,)` -> `(num_nodes, num_classes)`

    Args:
        num_correct_steps, correct_alpha: how often and how far errors spread.
        num_smooth_steps, smooth_alpha: how often and how far predictions spread.
        scale: of the errors; None finds one for each node.
        correct_norm, smooth_norm: "both" for 1 / sqrt(d_out(j) * d_in(i)), "in" for 1 / sqrt(d_in(j) * d_in(i)), "right"
            for the mean; d are sums of the weights of edges.

    Raises:
        OptionError: in the constructor, if an option does not exist.
        ShapeError: in the call, if the graph is not square, or z, labels, mask or weights do not fit it.

    *Source* Huang, He, Singh, Lim and Benson, 2021, Combining Label Propagation and Simple Models Out-performs Graph Neural
    Networks, arXiv:2010.13993, sections 2.2 and 2.3.

    *Differs from the source* stops after a number of steps; a node whose error vanishes, or whose factor is above 1000, keeps the
    factor 1.

    *Cost* (num_correct_steps + num_smooth_steps) x E x num_classes reads.

    >>> import torch
    >>> from weft.graph import Graph
    >>> path = Graph(torch.tensor([0, 1, 1, 2]), torch.tensor([1, 0, 2, 1]), num_nodes=3)
    >>> z = torch.tensor([[0.4, 0.6], [0.4, 0.6], [0.4, 0.6]])
    >>> CorrectAndSmooth(10, 10)(path, z, torch.tensor([0, 0, 0]), mask=torch.tensor([True, False, False])).argmax(1)
    tensor([0, 0, 0])
    """

    def __init__(
        self,
        num_correct_steps: int = 50,
        num_smooth_steps: int = 50,
        *,
        correct_alpha: float = 0.8,
        smooth_alpha: float = 0.8,
        scale: float | None = None,
        correct_norm: Norm = "both",
        smooth_norm: Norm = "both",
    ) -> None:
        super().__init__()
        check_diffusion("CorrectAndSmooth", num_correct_steps, correct_alpha, correct_norm)
        check_diffusion("CorrectAndSmooth", num_smooth_steps, smooth_alpha, smooth_norm)
        self.num_correct_steps, self.correct_alpha, self.correct_norm = num_correct_steps, correct_alpha, correct_norm
        self.num_smooth_steps, self.smooth_alpha, self.smooth_norm = num_smooth_steps, smooth_alpha, smooth_norm
        self.scale = scale

    def forward(
        self, graph: Edges, z: Tensor, labels: Tensor, *, mask: Tensor, edge_weight: Tensor | None = None
    ) -> Tensor:
        """Correct, then smooth."""
        corrected = self.correct(graph, z, labels, mask=mask, edge_weight=edge_weight)
        return self.smooth(graph, corrected, labels, mask=mask, edge_weight=edge_weight)

    def correct(
        self, graph: Edges, z: Tensor, labels: Tensor, *, mask: Tensor, edge_weight: Tensor | None = None
    ) -> Tensor:
        """Add the errors of labelled nodes, spread along edges.

        *Shapes* as in the call.

        >>> import torch
        >>> from weft.graph import Graph
        >>> edge = Graph(torch.tensor([0]), torch.tensor([1]), num_nodes=2)
        >>> z = torch.tensor([[0.5, 0.5], [0.5, 0.5]])
        >>> model = CorrectAndSmooth(1, correct_alpha=1.0, scale=1.0)
        >>> model.correct(edge, z, torch.tensor([0, 0]), mask=torch.tensor([True, False]))
        tensor([[1., 0.],
                [1., 0.]])
        """
        y, known = self._known(graph, z, labels, mask)
        error = (y - z).where(known, 0)

        def after(spread: Tensor) -> Tensor:
            return spread.clamp(-1, 1) if self.scale is None else error.where(known, spread)

        spread = diffuse(
            "CorrectAndSmooth",
            graph,
            error,
            edge_weight=edge_weight,
            num_steps=self.num_correct_steps,
            alpha=self.correct_alpha,
            norm=self.correct_norm,
            after=after,
        )
        if self.scale is not None:
            return z + self.scale * spread
        average = error.abs().sum() / mask.sum().clamp(min=1)
        factor = average / spread.abs().sum(1, keepdim=True)
        return z + spread * factor.where(factor <= 1000, 1)

    def smooth(
        self, graph: Edges, z: Tensor, labels: Tensor, *, mask: Tensor, edge_weight: Tensor | None = None
    ) -> Tensor:
        """Set the labels that are known and spread all predictions along edges.

        *Shapes* as in the call.

        >>> import torch
        >>> from weft.graph import Graph
        >>> edge = Graph(torch.tensor([0]), torch.tensor([1]), num_nodes=2)
        >>> z = torch.tensor([[0.5, 0.5], [0.5, 0.5]])
        >>> CorrectAndSmooth(1, 1, smooth_alpha=0.5).smooth(edge, z, torch.tensor([0, 0]), mask=torch.tensor([True, False]))
        tensor([[0.5000, 0.0000],
                [0.7500, 0.2500]])
        """
        y, known = self._known(graph, z, labels, mask)
        return diffuse(
            "CorrectAndSmooth",
            graph,
            y.where(known, z),
            edge_weight=edge_weight,
            num_steps=self.num_smooth_steps,
            alpha=self.smooth_alpha,
            norm=self.smooth_norm,
            after=lambda spread: spread.clamp(0, 1),
        )

    def extra_repr(self) -> str:
        """Options, as in the constructor."""
        names = ("correct_alpha", "smooth_alpha", "scale", "correct_norm", "smooth_norm")
        parts = [str(self.num_correct_steps), str(self.num_smooth_steps)]
        return ", ".join([*parts, *(f"{name}={getattr(self, name)!r}" for name in names)])

    def _known(self, graph: Edges, z: Tensor, labels: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Labels as rows of as many columns as z, and the mask as a column."""
        count = square("CorrectAndSmooth", graph, z).num_targets
        if mask.shape != (count,) or z.dim() != 2:
            got = f"{tuple(z.shape)} and {tuple(mask.shape)}"
            expected = f"`z` of shape ({count}, num_classes) and `mask` of shape ({count},)"
            raise ShapeError(message("CorrectAndSmooth", expected, got))
        y = one_hot("CorrectAndSmooth", labels, count).to(z.dtype)
        if y.shape[1] > z.shape[1]:
            raise ShapeError(
                message("CorrectAndSmooth", f"labels below {z.shape[1]}, as `z` has it", f"{y.shape[1] - 1}")
            )
        return torch.nn.functional.pad(y, (0, z.shape[1] - y.shape[1])), mask.unsqueeze(1)
