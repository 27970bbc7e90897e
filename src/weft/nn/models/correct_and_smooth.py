"""Correct and Smooth: what a model predicts is repaired by the labels that are known."""

from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, check_choice, check_probability, message
from ...graph import Adjacency, Graph
from ...graph.algorithms import spread_values

Norm = Literal["both", "right"]
Edges = Graph | Adjacency


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
        correct_norm, smooth_norm: "both" or "right", as `weft.graph.algorithms.spread_values` has them.

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
        for name, norm in (("correct_norm", correct_norm), ("smooth_norm", smooth_norm)):
            check_choice("CorrectAndSmooth", name, norm, ("both", "right"))
        for name, alpha in (("correct_alpha", correct_alpha), ("smooth_alpha", smooth_alpha)):
            check_probability("CorrectAndSmooth", name, alpha)
        if min(num_correct_steps, num_smooth_steps) < 0:
            got = f"{num_correct_steps} and {num_smooth_steps}"
            raise OptionError(message("CorrectAndSmooth", "numbers of steps of at least 0", got))
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
        y, known = self._known(z, labels, mask)
        error = (y - z).where(known, 0)

        def after(spread: Tensor) -> Tensor:
            return spread.clamp(-1, 1) if self.scale is None else error.where(known, spread)

        spread = spread_values(
            graph,
            error,
            weight=edge_weight,
            num_iterations=self.num_correct_steps,
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
        y, known = self._known(z, labels, mask)
        return spread_values(
            graph,
            y.where(known, z),
            weight=edge_weight,
            num_iterations=self.num_smooth_steps,
            alpha=self.smooth_alpha,
            norm=self.smooth_norm,
            after=lambda spread: spread.clamp(0, 1),
        )

    def extra_repr(self) -> str:
        """Options, as in the constructor."""
        names = ("correct_alpha", "smooth_alpha", "scale", "correct_norm", "smooth_norm")
        parts = [str(self.num_correct_steps), str(self.num_smooth_steps)]
        return ", ".join([*parts, *(f"{name}={getattr(self, name)!r}" for name in names)])

    def _known(self, z: Tensor, labels: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Labels as rows of as many columns as z, and the mask as a column."""
        count, num_classes = z.shape if z.dim() == 2 else (-1, 0)
        if count < 0 or mask.shape != (count,) or labels.shape not in ((count,), (count, num_classes)):
            got = f"{tuple(z.shape)}, {tuple(labels.shape)} and {tuple(mask.shape)}"
            expected = (
                "`z` of shape (num_nodes, num_classes), `labels` of that shape or (num_nodes,), `mask` of (num_nodes,)"
            )
            raise ShapeError(message("CorrectAndSmooth", expected, got))
        if labels.dim() == 2:
            return labels.to(z.dtype), mask.unsqueeze(1)
        if labels.numel() and int(labels.max()) >= num_classes:
            raise ShapeError(
                message("CorrectAndSmooth", f"labels below {num_classes}, as `z` has it", f"{int(labels.max())}")
            )
        classes = torch.arange(num_classes, device=labels.device)
        return (labels.unsqueeze(1) == classes).to(z.dtype), mask.unsqueeze(1)
