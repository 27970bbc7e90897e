"""The one description of edges that every operator reads: a compressed (CSC) triple, and its transpose for gradients."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import GradientError

# What a C function may be passed of a structure, and the fields of the function that it fills.
PASSED = {
    "rows": "indptr source edge",
    "transposed": "by_source_indptr by_source by_source_edge",
    "ends": "source_of_edge target_of_edge",
}


class Structure(NamedTuple):
    """Edges compressed by target: row i lists the edges that enter target i.

    *Shapes* `indptr: (num_targets + 1,)`, int64; `source: (num_edges,)`, int32 or int64; `edge: (num_edges,)` of the dtype of
    `source`, or None when position p is edge p. Edge ids ascend within a row, so that ties go to the lowest id.
    `transposed` holds the same edges compressed by source, with the same edge ids; a gradient to source features reads it.
    `ends` are the source and the target of every edge by its id, `(num_edges,)` each, int32 or int64, where they are known: what
    operators find for edges they then write one edge behind the other.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> rows.num_targets, rows.num_edges
    (2, 2)
    """

    indptr: Tensor
    source: Tensor
    edge: Tensor | None = None
    transposed: "Structure | None" = None
    ends: tuple[Tensor, Tensor] | None = None

    @property
    def num_targets(self) -> int:
        """Number of rows."""
        return self.indptr.shape[0] - 1

    @property
    def num_edges(self) -> int:
        """Number of edges."""
        return self.source.shape[0]

    @property
    def wide_ends(self) -> bool:
        """Whether there are `ends`, and in int64: kernels look them up in either dtype."""
        return self.ends is not None and self.ends[0].dtype is torch.int64

    def with_transposed(self, transposed: "Structure") -> "Structure":
        """The same edges, linked with their compression by source."""
        return Structure(self.indptr, self.source, self.edge, transposed, self.ends)

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
        ends = None if self.ends is None else (self.ends[1], self.ends[0])
        return Structure(*self.transposed[:3], Structure(*self[:3]), ends)

    def passed(self, part: str) -> Sequence[Tensor | None]:
        """The tensors of one of the parts that `PASSED` names."""
        if part == "ends":
            return self.ends or (None, None)
        return (self if part == "rows" else self.reversed())[:3]

    def targets(self) -> Tensor:
        """Target of each position, (num_edges,), int64."""
        return torch.repeat_interleave(self.indptr.diff(), output_size=self.num_edges)


def flatten(rows: Structure) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The two tensor lists that stand for a structure in an operator's schema."""
    other = rows.transposed
    return (*_triple(rows), *(rows.ends or ())), () if other is None else _triple(other)


def unflatten(rows: Sequence[Tensor], transposed: Sequence[Tensor]) -> Structure:
    """The structure that the two tensor lists stand for."""
    other = None if len(transposed) == 0 else unflatten(transposed, ())
    ends = (rows[-2], rows[-1]) if len(rows) > 3 else None
    return Structure(rows[0], rows[1], rows[2] if len(rows) % 2 else None, other, ends)


def _triple(rows: Structure) -> tuple[Tensor, ...]:
    return (rows[0], rows[1]) if rows[2] is None else (rows[0], rows[1], rows[2])
