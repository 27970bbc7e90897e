"""Personalised PageRank of all nodes by pushing, in time that does not depend on the number of edges."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ... import settings
from ...ops import Compressed, coalesce, sparse_product
from .._adjacency import Adjacency


def pushed_entries(
    adjacency: Adjacency, w: Tensor, alpha: float, tolerance: float
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Target, source and value of the entries of PPR's matrix, some rows at a time.

    The matrix is `alpha * (I - (1 - alpha) * T)^-1`. A row begins with all of its probability at its own node. While
    some node holds more than tolerance x its in-degree, each such node keeps the share alpha and sends the rest on
    along its row of T. What a node got that is less waits until nothing is left to send; only then it is added up, so
    that each push costs no more than its own edges.
    """
    rows = adjacency.by_target
    count, ids = adjacency.num_targets, rows.source.dtype
    matrix = Compressed(rows.indptr, rows.source, w if rows.edge is None else w[rows.edge.long()], count)
    limit = tolerance * adjacency.in_degrees().clamp(min=1).double()
    step = max(1, int(4 * settings.chunk_bytes / (16 * min(count + 1, 1 / (alpha * tolerance)))))
    for low in range(0, count, step):
        own = torch.arange(low, min(low + step, count), dtype=ids, device=w.device)
        begin = torch.arange(own.shape[0] + 1, device=w.device)
        kept, held = [], Compressed(begin, own, torch.ones_like(own, dtype=torch.float64), count)
        while True:
            pushes, waits = _parted(held, limit)
            if not pushes.num_entries:
                break
            waiting = [waits]
            while pushes.num_entries:
                kept.append(_scaled(pushes, alpha))
                pushes, waits = _parted(sparse_product(_scaled(pushes, 1 - alpha), matrix), limit)
                waiting.append(waits)
            held = _added(waiting)
        found = _added(kept)
        yield found.rows().long() + low, found.column.long(), found.filled()


def _parted(matrix: Compressed, limit: Tensor) -> tuple[Compressed, Compressed]:
    """The entries above the limits of their columns, and the others."""
    value = matrix.filled()
    is_above = value.abs() > limit[matrix.column]
    parts = []
    for mask in (is_above, ~is_above):
        before = torch.cat((matrix.indptr.new_zeros(1), mask.cumsum(0)))
        parts.append(Compressed(before[matrix.indptr], matrix.column[mask], value[mask], matrix.num_columns))
    return parts[0], parts[1]


def _added(parts: list[Compressed]) -> Compressed:
    """The sum of matrices."""
    row, column, value = (
        torch.cat(found) for found in zip(*((p.rows(), p.column, p.filled()) for p in parts), strict=True)
    )
    return coalesce(row, column, value, num_rows=parts[0].num_rows, num_columns=parts[0].num_columns).matrix


def _scaled(matrix: Compressed, factor: float) -> Compressed:
    return matrix._replace(value=matrix.filled() * factor)
