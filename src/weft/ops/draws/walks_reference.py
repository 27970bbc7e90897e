"""Where walks go, in plain Python: slow, and the definition that the native engine is held against."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

import torch
from torch import Tensor

from ...errors import StructureError
from .._checks import check_span, checked_ids
from .candidates import Candidates
from .request import Draws, Walking
from .words import below, words_of

LAST_STREAM = 2**16 - 1


class _Rows:
    """The edges of one type, as lists."""

    def __init__(self, of: Candidates, num_sources: int) -> None:
        check_span("draw_walks", "indptr", of.rows.indptr, of.rows.num_edges)
        if (of.rows.indptr.diff() < 0).any():
            raise StructureError("draw_walks: `indptr` falls")
        self.indptr = of.rows.indptr.tolist()
        self.source = checked_ids("draw_walks", "source", of.rows.source, num_sources, "nodes").tolist()
        self.edge = list(range(of.rows.num_edges)) if of.rows.edge is None else of.rows.edge.tolist()
        self.times = None if of.times is None else of.times.tolist()
        self.is_weighted = of.sums is not None
        self.weights = [1] * of.rows.num_edges if of.sums is None else of.sums.diff().tolist()

    def allowed(self, node: int, now: int, how: Walking) -> range:
        """Positions from which a walk that stands at a node draws."""
        lo, hi = self.indptr[node : node + 2]
        if self.times is None:
            return range(lo, hi)
        at, window = self.times[lo:hi], how.window
        if how.towards == "future":
            first = (bisect_right if how.strict else bisect_left)(at, now)
            last = len(at) if window is None else max(first, bisect_right(at, now + window))
        else:
            last = (bisect_left if how.strict else bisect_right)(at, now)
            first = 0 if window is None else min(last, bisect_left(at, now - window))
        return range(lo + first, lo + last)

    def draw(self, positions: range, words: Iterator[int]) -> int:
        """A position by its weight."""
        if not self.is_weighted:
            return positions[below(len(positions), len(positions) >= 2**32, words)]
        ends = list(accumulate(self.weights[p] for p in positions))
        return positions[bisect_right(ends, below(ends[-1], True, words))]


def walk(
    candidates: Sequence[Candidates], starts: Tensor, path: Sequence[int], num_nodes: Sequence[int], draws: Draws,
    how: Walking, times: Tensor | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Do what `draw_walks` says."""
    rows = [_Rows(of, num_nodes[of.source_type]) for of in candidates]
    begin = checked_ids("draw_walks", "starts", starts, num_nodes[candidates[path[0]].target_type], "nodes").tolist()
    nodes, edges = [], []
    for number, start in enumerate(begin):
        clock = 0 if times is None else int(times[number])
        visited, taken = _walk_one([rows[relation] for relation in path], start, clock, number, draws, how)
        nodes.append(visited + [-1] * (len(path) + 1 - len(visited)))
        edges.append(taken + [-1] * (len(path) - len(taken)))
    return _as_tensor(nodes, len(path) + 1), _as_tensor(edges, len(path))


def _as_tensor(lists: list[list[int]], width: int) -> Tensor:
    return torch.tensor(lists, dtype=torch.int64, device="cpu").reshape(-1, width)


def _walk_one(
    path: list[_Rows], start: int, clock: int, number: int, draws: Draws, how: Walking
) -> tuple[list[int], list[int]]:
    limits, stops = how.limits(), how.stops(len(path))
    first = draws.epoch << 44 | draws.batch << 16 | LAST_STREAM - draws.stream
    nodes, edges, now, before = [start], list[int](), clock, None
    for step, rows in enumerate(path):
        words = words_of(draws.seed, first, number << 32 | step << 16)
        if stops[step] and next(words) < stops[step]:
            if not how.returns:
                break
            nodes.append(start)
            edges.append(-1)
            now, before = clock, None
            continue
        positions = rows.allowed(nodes[-1], now, how)
        if sum(rows.weights[p] for p in positions) == 0:
            break
        p = rows.draw(positions, words)
        while before is not None and next(words) >= limits[_kind(rows, before, rows.source[p])]:
            p = rows.draw(positions, words)
        before = nodes[-1] if how.is_second_order() else None
        now = now if rows.times is None else rows.times[p]
        nodes.append(rows.source[p])
        edges.append(rows.edge[p])
    return nodes, edges


def _kind(rows: _Rows, before: int, node: int) -> int:
    """0 for the node before itself, 1 for one to which an edge from there leads, too, else 2."""
    lo, hi = rows.indptr[before : before + 2]
    return 0 if node == before else 1 if node in rows.source[lo:hi] else 2
