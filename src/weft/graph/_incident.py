"""The edges of chosen nodes, node after node."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..ops import Structure, gather_segments, pointers_of


class IncidentEdges(NamedTuple):
    """The edges into, or out of, each of several nodes: those of node i are positions `indptr[i]` to `indptr[i + 1]`.

    *Shapes* `indptr: (num_nodes + 1,)`; `source, target, edge_ids: (indptr[-1],)`, all int64. Edges of one node ascend.

    >>> from weft.graph import Graph, in_edges
    >>> found = in_edges(Graph([0, 1, 2], [1, 2, 1]), [1, 0])
    >>> found.indptr.tolist(), found.source.tolist(), found.target.tolist(), found.edge_ids.tolist()
    ([0, 2, 2], [0, 2], [1, 1], [0, 2])
    """

    indptr: Tensor
    source: Tensor
    target: Tensor
    edge_ids: Tensor


def rows_of(rows: Structure, nodes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Pointers, other ends and edge ids of chosen rows; a row may come twice.

    *Cost* in proportion to what the rows hold.
    """
    begins = rows.indptr[nodes]
    counts = rows.indptr[nodes + 1] - begins
    indptr = pointers_of(counts)
    total = int(indptr[-1])
    source = gather_segments(rows.indptr, rows.source, nodes, indptr, total)
    if rows.edge is not None:
        return indptr, source, gather_segments(rows.indptr, rows.edge, nodes, indptr, total)
    return indptr, source, ranges(begins, indptr)


def ranges(begins: Tensor, indptr: Tensor) -> Tensor:
    """Numbers from `begins[i]` on, as many as segment i holds, one segment after another."""
    shift = torch.repeat_interleave(begins - indptr[:-1], indptr.diff())
    return torch.arange(shift.shape[0], device=indptr.device) + shift
