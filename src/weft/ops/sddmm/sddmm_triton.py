"""Sampled dense-dense product on a GPU: one program for a block of edges, and for a head or a block of features."""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._structure import Structure
from .._triton.faults import faults_of
from .._triton.launching import accumulator, block_of, dtype_of
from .._triton.walking import kernel, load_ids, rows_of, search_steps

_EDGES = 32


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], rows: Structure, left: Tensor, right: Tensor | None, op: str,
    left_from: str, right_from: str,
) -> None:  # fmt: skip
    """Fill `out`."""
    targets, edges, num_left, num_right, heads, width, *_ = dims
    if edges == 0 or heads == 0 or (width == 0 and op != "dot"):
        return
    tables = ((num_left, left_from), *(() if right is None else ((num_right, right_from),)))
    sources = min((count for count, end in tables if end == "source"), default=0)
    block = block_of(width, 128)
    blocks = heads if op == "dot" else triton.cdiv(width, block)
    _combine[(triton.cdiv(edges, _EDGES), blocks)](
        rows.indptr, rows.source, rows.edge, *(rows.ends or (None, None)), left, right, made[0], faults_of("sddmm", left.device),
        sources, targets, edges, heads, width, OP=op, LEFT=left_from, RIGHT=left_from if right is None else right_from,
        STEPS=search_steps(targets), EDGES=_EDGES, WIDTH=block, ACC=dtype_of(accumulator(left.dtype)),
        num_warps=max(1, min(8, block * _EDGES // 512)),
    )  # fmt: skip


@triton.jit
def _end(source, target, e, END: tl.constexpr):
    """The row of the feature that an end of the edges has."""
    if END == "source":
        return source
    elif END == "target":
        return target
    return e


@kernel
def _combine(
    indptr, source, edge, source_of_edge, target_of_edge, left, right, out, faults, num_sources, num_targets, num_edges, heads,
    width, OP: tl.constexpr, LEFT: tl.constexpr, RIGHT: tl.constexpr, STEPS: tl.constexpr, EDGES: tl.constexpr,
    WIDTH: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    p = tl.program_id(0).to(tl.int64) * EDGES + tl.arange(0, EDGES)
    there = p < num_edges
    src, target, e = p, p, p
    if source_of_edge is not None:  # edges in the order of their ids, else one target after the other
        source = source_of_edge
    elif edge is not None:
        e, there = load_ids(edge, p, there, num_edges, faults)
    if LEFT == "source" or RIGHT == "source":
        src, there = load_ids(source, p, there, num_sources, faults)
    if LEFT == "target" or RIGHT == "target":
        if target_of_edge is not None:
            target, there = load_ids(target_of_edge, p, there, num_targets, faults)
        else:
            target, there = rows_of(indptr, num_targets, num_edges, p, there, faults, STEPS)
    a_row = _end(src, target, e, LEFT)
    b_row = _end(src, target, e, RIGHT)
    if OP == "dot":
        head = tl.program_id(1)
        total = tl.zeros((EDGES,), ACC)
        for begin in range(0, width, WIDTH):
            f = begin + tl.arange(0, WIDTH)
            tile = there[:, None] & (f < width)[None, :]
            a = tl.load(left + (a_row[:, None] * heads + head) * width + f[None, :], mask=tile, other=0.0).to(ACC)
            b = tl.load(right + (b_row[:, None] * heads + head) * width + f[None, :], mask=tile, other=0.0).to(ACC)
            total += tl.sum(a * b, 1)
        tl.store(out + e * heads + head, total, mask=there)
    else:
        f = tl.program_id(1) * WIDTH + tl.arange(0, WIDTH)
        tile = there[:, None] & (f < width)[None, :]
        a = tl.load(left + a_row[:, None] * width + f[None, :], mask=tile, other=0.0).to(ACC)
        if OP != "copy":
            b = tl.load(right + b_row[:, None] * width + f[None, :], mask=tile, other=1.0).to(ACC)
            if OP == "add":
                a += b
            elif OP == "sub":
                a -= b
            elif OP == "mul":
                a *= b
            else:
                a = a / b
        tl.store(out + e[:, None] * width + f[None, :], a, mask=tile)
