"""What edges weigh that LABOR kept, where they had weights."""

from __future__ import annotations

import torch
from torch import Tensor

from ...graph import EdgeType, in_edges, out_edges
from ...sampling import labor_scales
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
    level = labor_scales(indptr, weight.to(g.device).double()[every], fanout)
    chance = (level[place] * weight.to(g.device).double()[ids]).clamp(max=1.0)
    share = chance.reciprocal()
    total = torch.zeros(nodes.shape[0], dtype=share.dtype, device=share.device).index_add_(0, place, share)
    found: Tensor = (share * (counts / total)[place]).float()
    return found
