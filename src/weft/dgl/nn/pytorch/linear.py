"""Typed linear maps with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from .._translated import Translated, translated


class TypedLinear(Translated):
    """A linear map for each type; every row goes through that of its type: `weft.nn.TypedLinear`.

    *Shapes* `x: (num_rows, in_size)`, `x_type: (num_rows,)` -> `(num_rows, out_size)`

    Args:
        regularizer: None, "basis" or "bdd", with num_bases bases or blocks.

    Raises:
        OptionError: if the regularizer does not exist, or widths are no multiples of the number of blocks.
        IdError: in the call, if a type is not there.

    >>> import torch
    >>> TypedLinear(4, 2, 3)(torch.ones(2, 4), torch.tensor([2, 0])).shape
    torch.Size([2, 2])
    """

    def __init__(
        self, in_size: int, out_size: int, num_types: int, regularizer: str | None = None, num_bases: int | None = None
    ) -> None:
        super().__init__(translated("TypedLinear", locals()))
        self.in_size, self.out_size, self.num_types = in_size, out_size, num_types

    def get_weight(self) -> Tensor:
        """Make the matrices of all types: (num_types, in_size, out_size)."""
        found: Tensor = self._layer.matrices()
        return found

    def forward(self, x: Tensor, x_type: Tensor, sorted_by_type: bool = False) -> Tensor:
        """Map every row by its type; whether types are sorted makes no difference."""
        found: Tensor = self._layer(x, x_type)
        return found
