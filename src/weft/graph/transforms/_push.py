"""Personalised PageRank of all nodes by pushing, in time that does not depend on the number of edges."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ... import settings
from ...ops import Compressed, sparse_product, sparse_sum
from .._adjacency import Adjacency


def pushed_entries(
    adjacency: Adjacency, w: Tensor, alpha: float, tolerance: float
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Rows of `alpha * (I - (1 - alpha) * T)^-1`, some at a time: target, source and value of each entry.

    A row begins with all of its probability at its own node. While some node holds more than tolerance x its in-degree, each
    such node keeps the share alpha and sends the rest on along its row of T.
    """
    rows = adjacency.by_target
    count, ids = adjacency.num_targets, rows.source.dtype
    matrix = Compressed(rows.indptr, rows.source, w if rows.edge is None else w[rows.edge.long()], count)
    limit = tolerance * adjacency.in_degrees().clamp(min=1).double()
    step = max(1, int(4 * settings.chunk_bytes / (16 * min(count + 1, 1 / (alpha * tolerance)))))
    for low in range(0, count, step):
        own = torch.arange(low, min(low + step, count), dtype=ids, device=w.device)
        begin = torch.arange(own.shape[0] + 1, device=w.device)
        held = Compressed(begin, own, torch.ones_like(own, dtype=torch.float64), count)
        kept = Compressed(torch.zeros_like(begin), own[:0], held.filled()[:0], count)
        while True:
            value = held.filled()
            enough = value.abs() > limit[held.column]
            if not bool(enough.any()):
                break
            pushes = _where(held, enough)
            kept = sparse_sum(kept, _scaled(pushes, alpha))
            held = sparse_sum(_where(held, ~enough), sparse_product(_scaled(pushes, 1 - alpha), matrix))
        yield kept.rows().long() + low, kept.column.long(), kept.filled()


def _where(matrix: Compressed, mask: Tensor) -> Compressed:
    """The entries of a matrix where the mask is True."""
    before = torch.cat((matrix.indptr.new_zeros(1), mask.cumsum(0)))
    return Compressed(before[matrix.indptr], matrix.column[mask], matrix.filled()[mask], matrix.num_columns)


def _scaled(matrix: Compressed, factor: float) -> Compressed:
    return matrix._replace(value=matrix.filled() * factor)
