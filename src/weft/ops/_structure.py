"""The one description of edges that every operator reads: a compressed (CSC) triple, and its transpose for gradients."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import GradientError


class Structure(NamedTuple):
    """Edges compressed by target: row i lists the edges that enter target i.

    *Shapes* `indptr: (num_targets + 1,)`, int64; `source: (num_edges,)`, int32 or int64; `edge: (num_edges,)` of the dtype of
    `source`, or None when position p is edge p. Edge ids ascend within a row, so that ties go to the lowest id.
    `transposed` holds the same edges compressed by source, with the same edge ids; a gradient to source features reads it.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> rows.num_targets, rows.num_edges
    (2, 2)
    """

    indptr: Tensor
    source: Tensor
    edge: Tensor | None = None
    transposed: "Structure | None" = None

    @property
    def num_targets(self) -> int:
        """Number of rows."""
        return self.indptr.shape[0] - 1

    @property
    def num_edges(self) -> int:
        """Number of edges."""
        return self.source.shape[0]

    def with_transposed(self, transposed: "Structure") -> "Structure":
        """The same edges, linked with their compression by source."""
        return Structure(self.indptr, self.source, self.edge, transposed)

    def reversed(self) -> "Structure":
        """The edges the other way round.

        Raises:
            GradientError: if there is no `transposed`.
        """
        if self.transposed is None:
            raise GradientError(
                "a gradient to source features reads the edges by source, but `rows.transposed` is None; hint: pass "
                "rows.with_transposed(...), or take the structure from Adjacency.by_target, which has it"
            )
        return self.transposed.with_transposed(Structure(self.indptr, self.source, self.edge))

    def targets(self) -> Tensor:
        """Target of each position, (num_edges,), int64."""
        rows = torch.arange(self.num_targets, device=self.indptr.device)
        return torch.repeat_interleave(rows, self.indptr.diff(), output_size=self.num_edges)


def flatten(rows: Structure) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The two tensor lists that stand for a structure in an operator's schema."""
    other = rows.transposed
    return _triple(rows), () if other is None else _triple(other)


def unflatten(rows: Sequence[Tensor], transposed: Sequence[Tensor]) -> Structure:
    """The structure that the two tensor lists stand for."""
    other = None if len(transposed) == 0 else unflatten(transposed, ())
    return Structure(rows[0], rows[1], rows[2] if len(rows) == 3 else None, other)


def _triple(rows: Structure) -> tuple[Tensor, ...]:
    return (rows[0], rows[1]) if rows[2] is None else (rows[0], rows[1], rows[2])
