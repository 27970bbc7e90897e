"""The sum over the paths of a sparse product, seen from each of its three matrices: masked product and all its derivatives."""

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor

from ...errors import check_choice
from .._checks import check_same_dtype, checked_ids
from .._compressed import (
    Compressed,
    Sums,
    added,
    check_compressed,
    check_count,
    check_same_rows,
    check_values,
    paths_of,
    rows_of,
    same_places,
)
from .._operator import operator
from .._sparse_samples import random_matrix, sample_factors

Onto = Literal["product", "left", "right"]
ONTO = ("product", "left", "right")


def masked_product(left: Compressed, right: Compressed, mask: Compressed) -> Tensor:
    """Multiply two sparse matrices at the places of a third.

    `out[r] = sum over k of left[i, k] * right[k, j]`, where entry r of `mask` stands at (i, j)

    *Shapes* `left: (num_rows, num_inner)`, `right: (num_inner, num_columns)`, `mask: (num_rows, num_columns)`, whose
    values are not read -> `(mask.num_entries,)`. A place that no path reaches gets 0.

    Raises:
        ShapeError, DtypeError, DeviceError: if the matrices do not fit each other.
        IdError, StructureError: if a column is not there, or pointers contradict themselves.

    *Cost* reads each pair of entries that meet once; no memory beyond the result and num_columns / 4 bytes a thread.

    >>> import torch
    >>> square = Compressed(torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0]), torch.tensor([1.0, 2.0, 3.0]), 2)
    >>> masked_product(square, square, square)
    tensor([7., 2., 3.])
    """
    check_same_rows("masked_product", left.num_columns, "right.", right.indptr)
    pattern = left.indptr, left.column, right.indptr, right.column, mask.indptr, mask.column
    values = left.filled(right.value), right.filled(left.value)
    return sparse_contract(*pattern, *values, right.num_columns, "product")


@operator
def sparse_contract(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, indptr: Tensor,
    column: Tensor, x: Tensor, y: Tensor, num_columns: int, onto: Onto = "product",
) -> Tensor:  # fmt: skip
    """Sum over the paths i -> k -> j that end at a place of a mask, for each entry of one of three matrices.

    `onto="product"`: `out at (i, j) = sum over k of left[i, k] * right[k, j]`, x and y being the left and right values;
    `onto="left"`: `out at (i, k) = sum over j of right[k, j] * mask[i, j]`, x and y the right values and the mask's;
    `onto="right"`: `out at (k, j) = sum over i of left[i, k] * mask[i, j]`, x and y the left values and the mask's.

    *Shapes* `left_indptr: (num_rows + 1,)`, `right_indptr: (num_inner + 1,)`, `indptr: (num_rows + 1,)` of the mask,
    int64; the columns of each, all of one id dtype; `x, y`: one number for each entry of their matrix -> one for each
    entry of the third.

    Each of the three is the derivative of one sum over all paths, so that gradients of any order are this operator
    again. Entries of one place add up.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if a column is not there, or pointers contradict themselves.

    *Cost* reads each pair of entries that meet once; onto "right" adds up to 16 partial results of the right matrix, in
    a fixed order, fewer where they would cost more than the sum.

    >>> import torch
    >>> indptr, column, value = torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0]), torch.tensor([1.0, 2.0, 3.0])
    >>> sparse_contract(indptr, column, indptr, column, indptr, column, value, value, 2, "left")
    tensor([5., 3., 3.])
    """
    pattern = left_indptr, left_column, right_indptr, right_column, indptr, column
    return contraction_of(*pattern, x, y, num_columns, onto, added)


def contraction_of(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, indptr: Tensor,
    column: Tensor, x: Tensor, y: Tensor, num_columns: int, onto: Onto, sums: Sums,
) -> Tensor:  # fmt: skip
    """The sums over all paths that end at a place of the mask, which `sums(count, place of each, terms)` adds up."""
    name, lists = "sparse_contract", (left_column, right_column, column)
    limits = (right_indptr.shape[0] - 1, num_columns, num_columns)
    labels = ("left_column", "right_column", "column")
    inner, reached, masked = (
        checked_ids(name, label, ids, limit, "columns") for label, ids, limit in zip(labels, lists, limits, strict=True)
    )
    left, right = paths_of(left_indptr, inner, right_indptr)
    places = rows_of(left_indptr, left_column)[left], rows_of(indptr, column)
    number, _ = same_places(torch.cat(places), torch.cat((reached[right], masked)))
    number, mask_number = number[: left.shape[0]], number[left.shape[0] :]
    allowed = torch.zeros_like(number, dtype=torch.bool) | torch.isin(number, mask_number)
    left, right, number = left[allowed], right[allowed], number[allowed]
    num_places = allowed.shape[0] + column.shape[0]

    if onto == "product":
        return sums(num_places, number, x[left] * y[right])[mask_number]
    of_mask = sums(num_places, mask_number, y)[number]
    if onto == "left":
        return sums(left_column.shape[0], left, x[right] * of_mask)
    return sums(right_column.shape[0], right, x[left] * of_mask)


@sparse_contract.outputs
def _(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, indptr: Tensor,
    column: Tensor, x: Tensor, y: Tensor, num_columns: int, onto: Onto,
) -> tuple[Tensor, tuple[int, ...]]:  # fmt: skip
    name = "sparse_contract"
    check_choice(name, "onto", onto, ONTO)
    check_compressed(name, "left_", left_indptr, left_column)
    check_compressed(name, "right_", right_indptr, right_column, left_column.dtype)
    check_compressed(name, "", indptr, column, left_column.dtype)
    check_same_rows(name, left_indptr.shape[0] - 1, "", indptr)
    check_count(name, "num_columns", num_columns)
    check_same_dtype(name, x=x, y=y)
    check_values(name, "x", x, right_column if onto == "left" else left_column)
    check_values(name, "y", y, right_column if onto == "product" else column)
    count = {"product": column, "left": left_column, "right": right_column}[onto].shape[0]
    sizes = left_indptr.shape[0] - 1, right_indptr.shape[0] - 1, num_columns
    entries = left_column.shape[0], right_column.shape[0], column.shape[0]
    return x.new_empty(count), (*sizes, *entries, ONTO.index(onto))


sparse_contract.native(
    "sparse_contract",
    passes="left_indptr left_column right_indptr right_column indptr column x y out",
    dims="num_rows num_inner num_columns left_entries right_entries entries onto",
    value="x",
    ids="left_column",
)


@sparse_contract.backward(of="x y", saves={"x": "y", "y": "x"})
def _(
    grad: Tensor, needs: dict[str, bool], left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor,
    right_column: Tensor, indptr: Tensor, column: Tensor, x: Tensor | None, y: Tensor | None, num_columns: int,
    onto: Onto,
) -> tuple[Tensor | None, Tensor | None]:  # fmt: skip
    pattern = left_indptr, left_column, right_indptr, right_column, indptr, column
    # The matrices of x and y, in the order of left, right, product; the operator takes the two that are given in this order.
    place_x, place_y = {"product": ("left", "right"), "left": ("right", "product"), "right": ("left", "product")}[onto]

    def derivative(of: Onto, other_place: str, other: Tensor | None) -> Tensor:
        given = {onto: grad, other_place: other}
        first, second = (given[place] for place in ("left", "right", "product") if place != of)
        assert first is not None and second is not None, "the other factor is saved"  # noqa: PT018
        return sparse_contract(*pattern, first, second, num_columns, of)

    grad_x = derivative(place_x, place_y, y) if needs["x"] else None  # type: ignore[arg-type]
    grad_y = derivative(place_y, place_x, x) if needs["y"] else None  # type: ignore[arg-type]
    return grad_x, grad_y


sparse_contract.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
sparse_contract.triton()


@sparse_contract.samples
def _() -> Iterator[tuple[Any, ...]]:
    for at, (left, right) in enumerate(sample_factors()):
        entries = 14 if left.num_rows * right.num_columns else 0
        mask = random_matrix(left.num_rows, right.num_columns, entries, seed=at, dtype=left.column.dtype)
        pattern = left.indptr, left.column, right.indptr, right.column, mask.indptr, mask.column
        given = {"product": (left, right), "left": (right, mask), "right": (left, mask)}
        for onto, (x, y) in given.items():
            yield *pattern, x.value, y.value, right.num_columns, onto
