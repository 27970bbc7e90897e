"""Sampled dense-dense product: every edge combines features of its ends, or of itself."""

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, check_choice, message
from .._checks import check_ends, check_rank, check_rows, check_same_dtype, checked_ids, expect, product
from .._operator import operator
from .._registry import others
from .._samples import sample_structures
from .._structure import Structure

Op = Literal["add", "sub", "mul", "div", "dot", "copy"]
End = Literal["source", "target", "edge"]
OPS = ("add", "sub", "mul", "div", "dot", "copy")
ENDS = ("source", "target", "edge")


@operator
def sddmm(
    rows: Structure,
    left: Tensor,
    right: Tensor | None = None,
    op: Op = "dot",
    left_from: End = "target",
    right_from: End = "source",
) -> Tensor:
    """Combine two features on every edge.

    `out[e] = op(left at e, right at e)`, where the feature at e = j -> i is row j (source), row i (target) or row e (edge)

    *Shapes* `left, right: (rows of their end, *F)`, F broadcasting as in NumPy -> `(num_edges, *F)` by edge id; `dot` sums over
    the last dimension, which must be the same on both sides; `copy` takes no `right`.

    Args:
        rows: edges by target; a gradient to source features needs its `transposed`.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if `rows` points outside the features or contradicts itself.
        GradientError: in backward to source features, if `rows.transposed` is missing.

    *Cost* reads E x F, writes what it returns. float16 and bfloat16 are combined in float32. With `rows.ends` edges are walked in
    the order of their ids, unless rows of targets would be read anywhere that are too wide for it.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> sddmm(rows, torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]), op="add")
    tensor([21., 11.])
    """
    a = _at_edges(rows, left, left_from, "left")
    if right is None:
        return a.clone()
    b = _at_edges(rows, right, right_from, "right")
    if op == "dot":
        return (a * b).sum(-1)
    if op == "add":
        return a + b
    if op == "sub":
        return a - b
    return a * b if op == "mul" else a / b


def _at_edges(rows: Structure, x: Tensor, end: End, name: str) -> Tensor:
    """Features of every edge, by edge id."""
    if end == "edge":
        return x
    if rows.ends is not None:
        ids = rows.ends[end == "target"]
        return x[checked_ids("sddmm", f"ends, {end}", ids, x.shape[0], f"rows in `{name}`")]
    if end == "target":
        found = x[rows.targets()]
    else:
        found = x[checked_ids("sddmm", "source", rows.source, x.shape[0], f"rows in `{name}`")]
    if rows.edge is None:
        return found
    edge = checked_ids("sddmm", "edge", rows.edge, rows.num_edges, "edges")
    return torch.empty_like(found).index_copy(0, edge, found)


@sddmm.prepares
def _(rows: Structure, left: Tensor, right: Tensor | None, op: Op, left_from: End, right_from: End) -> tuple[Any, ...]:
    if right is None or left.shape[1:] == right.shape[1:] or left.dim() == 0 or right.dim() == 0:
        return rows, left, right, op, left_from, right_from
    a, b = left.shape[1:], right.shape[1:]
    try:
        shape = torch.broadcast_shapes(a, b)
    except RuntimeError:
        shape = None
    if shape is None or (op == "dot" and a[-1:] != b[-1:]):
        raise ShapeError(
            message(
                "sddmm",
                "features that broadcast, the last dimensions equal for dot",
                f"{tuple(left.shape)} and {tuple(right.shape)}",
            )
        )
    return rows, _expanded(left, shape), _expanded(right, shape), op, left_from, right_from


def _expanded(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return x.reshape(x.shape[0], *(1,) * (len(shape) + 1 - x.dim()), *x.shape[1:]).expand(-1, *shape)


@sddmm.outputs
def _(
    rows: Structure, left: Tensor, right: Tensor | None, op: Op, left_from: End, right_from: End
) -> tuple[Any, tuple[int, ...]]:
    check_rows("sddmm", rows)
    check_ends("sddmm", rows)
    check_choice("sddmm", "op", op, OPS)
    if (right is None) != (op == "copy"):
        raise OptionError(
            message(
                "sddmm", '`right` for every op but "copy"', f"op={op!r} {'without' if right is None else 'with'} it"
            )
        )
    _check_end(rows, "left", left, left_from)
    if right is not None:
        check_same_dtype("sddmm", left=left, right=right)
        _check_end(rows, "right", right, right_from)
    features = left.shape[1:]
    if op == "dot":
        expect(
            len(features) > 0,
            lambda: message("sddmm", "features of at least one dimension for dot", str(tuple(left.shape))),
        )
        heads, width, shape = product(features[:-1]), features[-1], features[:-1]
    else:
        heads, width, shape = 1, product(features), features
    num_right = 0 if right is None else right.shape[0]
    codes = (OPS.index(op), ENDS.index(left_from), ENDS.index(right_from))
    return left.new_empty((rows.num_edges, *shape)), (
        rows.num_targets,
        rows.num_edges,
        left.shape[0],
        num_right,
        heads,
        width,
        *codes,
        int(rows.wide_ends),
    )


def _check_end(rows: Structure, name: str, x: Tensor, end: End) -> None:
    check_choice("sddmm", f"{name}_from", end, ENDS)
    check_rank("sddmm", name, x, "(rows, *features)")
    if end != "source":
        count = rows.num_targets if end == "target" else rows.num_edges
        expect(
            x.shape[0] == count,
            lambda: message("sddmm", f"`{name}` with a row for each of {count} {end}s", str(tuple(x.shape))),
        )


sddmm.native(
    "sddmm",
    passes="rows ends left right out",
    dims="num_targets num_edges num_left num_right heads width op left_from right_from wide_ends",
    value="left",
    ids="rows",
)


@sddmm.backward(of="left right", saves={"left": "right", "right": ""})
def _(
    grad: Tensor,
    needs: dict[str, bool],
    rows: Structure,
    left: Tensor | None,
    right: Tensor | None,
    op: Op,
    left_from: End,
    right_from: End,
) -> tuple[Tensor | None, Tensor | None]:
    if op == "dot":
        grad = grad.unsqueeze(-1)
    if op in ("add", "sub", "copy"):
        grad_left = _carry(rows, grad, left_from) if needs["left"] else None
        grad_right = _carry(rows, -grad if op == "sub" else grad, right_from) if needs["right"] else None
        return grad_left, grad_right
    assert right is not None, "every other op has a right side, which is saved"
    factor = right.reciprocal() if op == "div" else right
    grad_left = _carry_product(rows, grad, factor, right_from, left_from) if needs["left"] else None
    if not needs["right"]:
        return grad_left, None
    assert left is not None, "left is saved when right needs a gradient"
    grad_factor = _carry_product(rows, grad, left, left_from, right_from)
    return grad_left, -grad_factor * factor * factor if op == "div" else grad_factor


def _carry(rows: Structure, grad: Tensor, end: End) -> Tensor:
    """Sum edge gradients over the edges of each node of `end`."""
    if end == "edge":
        return grad
    toward = rows if end == "target" else rows.reversed()
    return others.segment_reduce(toward.indptr, grad, toward.edge, "sum")  # type: ignore[no-any-return]


def _carry_product(rows: Structure, grad: Tensor, other: Tensor, other_end: End, end: End) -> Tensor:
    """Sum the edge gradients times the feature `other` of another end over the edges of each node of `end`."""
    if end == "edge":
        return sddmm(rows, grad, other, "mul", "edge", other_end)
    if other_end == "edge":
        return _carry(rows, grad * other, end)
    if other_end == end:
        return _carry(rows, grad, end) * other
    toward = rows if end == "target" else rows.reversed()
    return others.spmm(toward, other, grad)  # type: ignore[no-any-return]


sddmm.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
sddmm.triton()


@sddmm.samples
def _() -> Iterator[tuple[Any, ...]]:
    pairs = [
        ("target", "source"),
        ("source", "target"),
        ("edge", "source"),
        ("target", "edge"),
        ("edge", "edge"),
        ("source", "source"),
    ]
    for at, (rows, num_sources) in enumerate(sample_structures()):
        count = {"source": num_sources, "target": rows.num_targets, "edge": rows.num_edges}
        for turn, (a, b) in enumerate(pairs):
            for op in OPS:
                features = ((5,), (2, 8), (3, 1, 7), (37,), (1,))[(turn + at) % 5]
                left = torch.randn(count[a], *features, dtype=torch.float64)
                right = torch.rand(count[b], *features, dtype=torch.float64) + 0.5
                for known in (rows, rows._replace(ends=None)):
                    yield known, left, None if op == "copy" else right, op, a, b
    rows, num_sources = next(sample_structures())
    yield (
        rows,
        torch.randn(rows.num_targets, 2, 1, dtype=torch.float64),
        torch.randn(num_sources, 1, 3, dtype=torch.float64),
        "mul",
        "target",
        "source",
    )
    yield (
        rows,
        torch.randn(rows.num_targets, 2, 3, dtype=torch.float64),
        torch.randn(num_sources, 1, 3, dtype=torch.float64),
        "dot",
        "target",
        "source",
    )
