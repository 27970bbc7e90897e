"""Checks that operators share. Sizes may be symbols that a compiler does not know yet: `expect` never branches on those."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..errors import DeviceError, DtypeError, IdError, ShapeError, StructureError, message
from ._structure import Structure
from ._torch import is_tracing

IDS = (torch.int32, torch.int64)


def expect(holds: Any, text: Callable[[], str]) -> None:
    """Raise ShapeError unless `holds`; a run-time assertion where a compiled size is still unknown."""
    if holds is True:
        return
    if holds is False:
        raise ShapeError(text())
    torch._check_value(holds, text)  # SymBool


def check_rows(name: str, rows: Structure) -> None:
    """Refuse a structure whose parts do not fit each other."""
    if not isinstance(rows, Structure):
        raise DtypeError(message(name, "a weft.ops.Structure", type(rows).__name__, "take it from Adjacency.by_target"))
    indptr, source, edge = rows[:3]
    if (
        indptr.dtype is not torch.int64
        or source.dtype not in IDS
        or (edge is not None and edge.dtype is not source.dtype)
    ):
        got = f"{indptr.dtype}, {source.dtype}, {None if edge is None else edge.dtype}"
        raise DtypeError(message(name, "int64 `indptr`, and `source` and `edge` both int32 or both int64", got))
    if indptr.dim() != 1 or indptr.shape[0] == 0 or source.dim() != 1 or (edge is not None and edge.dim() != 1):
        raise StructureError(
            message(
                name, "one-dimensional `indptr` (num_targets + 1), `source` and `edge`", _shapes(indptr, source, edge)
            )
        )
    if edge is not None:
        expect(
            edge.shape[0] == source.shape[0],
            lambda: message(name, "as many `edge` as `source` ids", _shapes(indptr, source, edge)),
        )


def check_ends(name: str, rows: Structure) -> None:
    """Refuse `rows.ends` that do not fit the rest of the structure, where an operator reads them."""
    if rows.ends is None:
        return
    ends, edges = rows.ends, rows.num_edges
    check_edge_list(f"{name}, `rows.ends`", *ends)
    expect(ends[0].shape[0] == edges, lambda: message(name, f"`rows.ends` of {edges} edges", _shapes(*ends)))


def check_edge_list(name: str, source: Tensor, target: Tensor) -> None:
    """Refuse the ends of edges that do not fit each other."""
    if source.dtype not in IDS or target.dtype is not source.dtype:
        got = f"{source.dtype} and {target.dtype}"
        raise DtypeError(message(name, "`source` and `target` both int32 or both int64", got))
    if source.dim() != 1 or target.dim() != 1:
        raise ShapeError(message(name, "one-dimensional `source` and `target`", _shapes(source, target)))
    expect(
        source.shape[0] == target.shape[0],
        lambda: message(name, "as many sources as targets", f"{source.shape[0]} and {target.shape[0]}"),
    )


def check_transposed(name: str, rows: Structure, num_sources: int) -> None:
    """Refuse `rows.transposed` unless a kernel can read it side by side with `rows`."""
    back = Structure(*rows.reversed()[:3])
    check_rows(f"{name}, `rows.transposed`", back)
    if back.source.dtype is not rows.source.dtype:
        raise DtypeError(message(name, f"`rows.transposed` with {rows.source.dtype} ids", str(back.source.dtype)))
    expect(
        back.num_targets == num_sources,
        lambda: message(name, f"`rows.transposed` with a row for each of {num_sources} sources", str(back.num_targets)),
    )
    expect(
        back.num_edges == rows.num_edges,
        lambda: message(name, f"`rows.transposed` with the same {rows.num_edges} edges", str(back.num_edges)),
    )


def check_rank(name: str, argument: str, x: Tensor, form: str) -> None:
    """Refuse a tensor without a leading dimension."""
    if x.dim() == 0:
        raise ShapeError(message(name, f"`{argument}` of shape {form}", "a tensor without dimensions"))


def check_same_dtype(name: str, **tensors: Tensor | None) -> None:
    """Refuse tensors of several dtypes."""
    dtypes = [t.dtype for t in tensors.values() if t is not None]
    if any(dtype is not dtypes[0] for dtype in dtypes):
        got = ", ".join(f"{n} {t.dtype}" for n, t in tensors.items() if t is not None)
        raise DtypeError(
            message(
                name, f"one dtype for {' and '.join(f'`{n}`' for n in tensors)}", got, "convert one with .to(dtype)"
            )
        )


def check_span(name: str, argument: str, indptr: Tensor, total: int) -> None:
    """Refuse pointers that do not run from 0 to `total`."""
    first, last = int(indptr[0]), int(indptr[-1])
    if first != 0 or last != total:
        raise StructureError(f"{name}: `{argument}` runs from {first} to {last}, expected 0 to {total}")


def check_rising(name: str, argument: str, indptr: Tensor, total: int) -> None:
    """Refuse pointers that do not rise from 0 to `total`; fake tensors pass. Kernels look again."""
    if is_tracing() or indptr.is_meta:
        return
    check_span(name, argument, indptr, total)
    falls = indptr.diff() < 0
    if falls.any():
        at = int(falls.to(torch.uint8).argmax())
        raise StructureError(f"{name}: `{argument}` falls from {int(indptr[at])} to {int(indptr[at + 1])} at row {at}")


def checked_rows(name: str, argument: str, indptr: Tensor, count: int) -> Tensor:
    """Row of each of `count` positions, int64, for references that devices run, where wrong pointers would do harm.

    Raises:
        StructureError: if pointers do not rise from 0 to `count`; fake tensors pass.
    """
    check_rising(name, argument, indptr, count)
    return torch.repeat_interleave(indptr.diff(), output_size=count)


def checked_ids(name: str, argument: str, ids: Tensor, count: int, things: str) -> Tensor:
    """`ids` as int64 for the references, which would take a negative id for one counted from the end.

    Raises:
        IdError: if an id is not below `count`; fake tensors pass.
    """
    if type(ids) in (Tensor, torch.nn.Parameter) and ids.device.type != "meta" and not is_tracing() and ids.numel():
        wrong = (ids < 0) | (ids >= count)
        if wrong.any():
            at = int(wrong.to(torch.uint8).argmax())
            raise IdError(
                f"{name}: `{argument}` holds {int(ids.reshape(-1)[at])} at position {at}, but there are {count} {things}"
            )
    return ids.long()


def plain_ids(name: str, argument: str, ids: Tensor) -> Tensor:
    """`ids`, contiguous, for a native function that is no operator; ids themselves are not looked at.

    Raises:
        ShapeError, DtypeError, DeviceError: if it is no list of int32 or int64 on the CPU.
    """
    if not isinstance(ids, Tensor) or ids.dtype not in IDS:
        got = str(ids.dtype) if isinstance(ids, Tensor) else type(ids).__name__
        raise DtypeError(message(name, f"`{argument}` of int32 or int64", got))
    if ids.dim() != 1:
        raise ShapeError(message(name, f"one-dimensional `{argument}`", str(tuple(ids.shape))))
    if ids.device.type != "cpu":
        raise DeviceError(message(name, f"`{argument}` on the CPU", str(ids.device)))
    return ids.contiguous()


def product(sizes: Any) -> int:
    """Product of sizes, 1 for none."""
    return math.prod(sizes)


def _shapes(*tensors: Tensor | None) -> str:
    return ", ".join("None" if t is None else str(tuple(t.shape)) for t in tensors)
