"""Types of edges as kernels for GPUs read them: at each position, or with the edges sorted by type.

Every id is checked here, in one pass that reads ids and types once and writes a number of 2 or 4 bytes for each edge; an edge
of which one does not fit gets the type behind the last, which nobody has. Sorting takes some 40 bytes for each edge, of which 20
stay while a kernel runs; it is a stable sort of whole numbers, so that edges of a type keep the order of their targets.
"""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from .._structure import Structure
from .._triton.faults import faults_of
from .._triton.tiles import expect_segments
from .._triton.walking import kernel, load_ids, rows_of, search_steps

_EDGES = 256


class EdgesByType(NamedTuple):
    """Edges sorted by type: where each type begins, and source, target and id of each edge that fits."""

    indptr: Tensor
    source: Tensor
    target: Tensor
    edge: Tensor


def types_at(
    name: str, rows: Structure, edge_type: Tensor, num_types: int, num_sources: int, target: Tensor | None = None
) -> Tensor:
    """The type of the edge at each position, `num_types` for one that does not fit; its target as well, if that is given."""
    expect_segments(name, rows.num_targets, rows.num_edges)
    kind = edge_type.new_empty(rows.num_edges, dtype=torch.int16 if num_types < 1 << 15 else torch.int32)
    if rows.num_edges:
        _list[(triton.cdiv(rows.num_edges, _EDGES),)](
            rows.indptr, rows.source, rows.edge, edge_type, kind, target, faults_of(name, kind.device), rows.num_targets,
            num_sources, rows.num_edges, num_types, STEPS=search_steps(rows.num_targets), EDGES=_EDGES,
        )  # fmt: skip
    return kind


def edges_by_type(name: str, rows: Structure, edge_type: Tensor, *, num_types: int, num_sources: int) -> EdgesByType:
    """The edges of a structure sorted by type, those that do not fit behind all others."""
    narrow = torch.int32 if rows.num_targets < 1 << 31 else torch.int64
    target = rows.indptr.new_empty(rows.num_edges, dtype=narrow)
    kind, order = types_at(name, rows, edge_type, num_types, num_sources, target).sort(stable=True)
    kinds = torch.arange(num_types + 1, dtype=kind.dtype, device=kind.device)
    source, target = (t.index_select(0, order) for t in (rows.source, target))
    edge = order if rows.edge is None else rows.edge.index_select(0, order)
    return EdgesByType(torch.searchsorted(kind, kinds), source, target, edge)


@kernel
def _list(
    indptr, source, edge, edge_type, kind, target, faults, num_targets, num_sources, num_edges, num_types,
    STEPS: tl.constexpr, EDGES: tl.constexpr,
):  # fmt: skip
    p = tl.program_id(0).to(tl.int64) * EDGES + tl.arange(0, EDGES)
    inside = p < num_edges
    _, there = load_ids(source, p, inside, num_sources, faults)
    e = p
    if edge is not None:
        e, there = load_ids(edge, p, there, num_edges, faults)
    found, there = load_ids(edge_type, e, there, num_types, faults)
    if target is not None:
        row, there = rows_of(indptr, num_targets, num_edges, p, there, faults, STEPS)
        tl.store(target + p, row, mask=inside)
    tl.store(kind + p, tl.where(there, found, num_types), mask=inside)
