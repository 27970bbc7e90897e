"""What edges weigh that LABOR kept, where they had weights."""

from __future__ import annotations

import torch
from torch import Tensor

from ...graph import EdgeType, in_edges, out_edges
from ...ops import segment_reduce
from .._graph import DGLGraph


def importances(
    g: DGLGraph, name: EdgeType, weight: Tensor, kept: tuple[Tensor, Tensor], fanout: int, direction: str
) -> Tensor:
    """The inverse of the chance of each edge that was kept, with a mean of 1 for each node.

    `chance of (s, t) = min(1, c_t w_st)`, where the chances of the edges of t add up to the fan-out, or all are 1

    Args:
        kept: ids of the edges, and for each the node that drew it, those of one node side by side.
    """
    ids, row = (part.to(g.device) for part in kept)
    nodes, place, counts = row.unique_consecutive(return_inverse=True, return_counts=True)
    find = in_edges if direction == "in" else out_edges
    indptr, _, _, every = find(g._adjacencies[g._types.edge(name)], nodes)
    level = _levels(indptr, weight.to(g.device).double()[every], fanout)
    chance = (level[place] * weight.to(g.device).double()[ids]).clamp(max=1.0)
    share = chance.reciprocal()
    total = torch.zeros(nodes.shape[0], dtype=share.dtype, device=share.device).index_add_(0, place, share)
    found: Tensor = (share * (counts / total)[place]).float()
    return found


def _levels(indptr: Tensor, weight: Tensor, fanout: int) -> Tensor:
    """For each row the c with `sum of min(1, c w) = fanout`, infinite where there are no more weights above 0."""
    lengths = indptr.diff()
    row = torch.arange(lengths.shape[0], device=weight.device).repeat_interleave(lengths)
    is_full = weight <= 0
    most = torch.zeros_like(lengths).index_add_(0, row, (weight > 0).long())
    level = torch.full((lengths.shape[0],), torch.inf, dtype=weight.dtype, device=weight.device)
    taken = torch.zeros_like(level)
    for _ in range(max(fanout, 0) + 1):
        rest = segment_reduce(indptr, weight.masked_fill(is_full, 0.0), None, "sum")
        level = ((fanout - taken) / rest).where((most > fanout) & (fanout >= 0), torch.inf)
        full = ~is_full & (level[row] * weight >= 1)
        if not full.any():
            break
        is_full = is_full | full
        taken = taken.index_add_(0, row, full.to(taken.dtype))
    return level
