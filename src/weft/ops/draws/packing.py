"""What Python hands to the engine: tables of numbers and addresses."""

from array import array

import torch
from torch import Tensor

from .candidates import Candidates


class Table:
    """Rows of numbers of 8 bytes, with the tensors whose addresses stand among them."""

    def __init__(self) -> None:
        self.numbers = array("q")
        self._held: list[Tensor] = []

    def add(self, *values: int | Tensor | None) -> None:
        """Numbers, and tensors, of which the address stands there; 0 for None."""
        for value in values:
            if isinstance(value, Tensor):
                value = value.contiguous()
                self._held.append(value)
                value = value.data_ptr()
            self.numbers.append(value or 0)

    def add_candidates(self, of: Candidates, excluded: Tensor | None = None) -> None:
        """A row of the table of relations, see `Relation` in drawing.h."""
        rows = of.rows
        self.add(of.source_type, of.target_type, rows.num_edges, rows.source.dtype is torch.int64)
        self.add(rows.indptr, rows.source, rows.edge, of.sums, of.times)
        self.add(excluded, 0 if excluded is None else excluded.shape[0], of.ascending)

    def address(self) -> int:
        """Where the rows stand, as long as this table lives and does not grow."""
        return self.numbers.buffer_info()[0]
