"""Features of which most are zero: what a linear map and dropout need of them, in the place of a dense tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

import weft

Scaling: TypeAlias = Literal["row_normalised", "binary"]
DENSE_FROM = 0.1  # share of stored values from which the dense product is the faster one


@dataclass(frozen=True)
class SparseRows:
    """A sparse matrix as coordinates in row order."""

    row: Tensor
    column: Tensor
    value: Tensor
    num_rows: int
    num_columns: int

    def row_normalised(self) -> SparseRows:
        """Divide each row by the sum of its absolute values; an empty row stays empty."""
        total = torch.zeros(self.num_rows).index_add_(0, self.row, self.value.abs())
        value = self.value / total[self.row].clamp(min=torch.finfo(total.dtype).tiny)
        return SparseRows(self.row, self.column, value, self.num_rows, self.num_columns)

    def binary(self) -> SparseRows:
        """Replace every stored value by one."""
        one = torch.ones_like(self.value)
        return SparseRows(self.row, self.column, one, self.num_rows, self.num_columns)

    def scaled(self, how: Scaling) -> SparseRows:
        """Change the values as a protocol says."""
        return self.row_normalised() if how == "row_normalised" else self.binary()

    def dense(self) -> Tensor:
        """Write all values: (num_rows, num_columns)."""
        return torch.zeros(self.num_rows, self.num_columns).index_put_((self.row, self.column), self.value)

    def features(self) -> Tensor:
        """Give what models take: a dense tensor, or `SparseFeatures` where few values are stored."""
        is_dense = len(self.value) >= DENSE_FROM * self.num_rows * self.num_columns
        return self.dense() if is_dense else SparseFeatures(self)


class SparseFeatures(Tensor):
    """A tensor of sparse rows that knows linear maps and dropout, all that a model does to its input.

    The matrix is a bipartite graph from columns to rows whose edge weights are its values, so that the product with
    a weight is one weighted sum. Dropout acts on the stored values; that is dropout of the dense matrix, whose other
    entries are zero anyway.
    """

    adjacency: weft.Adjacency
    value: Tensor

    @staticmethod
    def __new__(cls: type[SparseFeatures], rows: SparseRows) -> SparseFeatures:
        """Make a tensor that has a shape and no storage."""
        made: SparseFeatures = Tensor._make_wrapper_subclass(cls, (rows.num_rows, rows.num_columns))
        made.adjacency = weft.Adjacency(rows.column, rows.row, num_sources=rows.num_columns, num_targets=rows.num_rows)
        made.value = rows.value
        return made

    def __init__(self, rows: SparseRows) -> None:
        super().__init__()

    def dropped(self, probability: float) -> SparseFeatures:
        """Drop stored values and scale the others up."""
        shape = self.shape
        made: SparseFeatures = Tensor._make_wrapper_subclass(SparseFeatures, shape)
        made.adjacency, made.value = self.adjacency, functional.dropout(self.value, probability)
        return made

    def times(self, weight: Tensor) -> Tensor:
        """Multiply: (num_columns, width) -> (num_rows, width)."""
        return weft.nn.aggregate(self.adjacency, weight, self.value)

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Do what models do to their input."""
        kwargs = kwargs or {}
        if function in _PRODUCTS:
            return args[0].times(args[1])
        if function is functional.linear:
            product = args[0].times(args[1].T)
            bias = args[2] if len(args) > 2 else kwargs.get("bias")
            return product if bias is None else product + bias
        if function is functional.dropout:
            return _drop(*args, **kwargs)
        if function is Tensor.__getitem__ and args[1] == slice(None, args[0].shape[0], None):
            return args[0]
        with torch._C.DisableTorchFunctionSubclass():
            return function(*args, **kwargs)  # what asks for the shape; for values there is __torch_dispatch__

    @classmethod
    def __torch_dispatch__(cls, function: Callable[..., Any], *rest: Any) -> Any:
        """Refuse what would read values.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"accuracy: sparse features know linear maps and dropout, not {function}")


_PRODUCTS = (Tensor.matmul, Tensor.__matmul__, torch.matmul)


def _drop(x: SparseFeatures, p: float = 0.5, training: bool = True, inplace: bool = False) -> SparseFeatures:
    return x.dropped(p) if training and p > 0 else x
