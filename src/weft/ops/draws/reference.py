"""What is drawn, in plain Python: slow, and the definition that the native engine is held against."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import torch

from ...errors import StructureError
from .._checks import check_span, checked_ids
from .._segments import pointers_of
from .candidates import Candidates
from .request import Drawing, Drawn, DrawnEdges, Request
from .words import below, words_of


class _Numbers:
    """Nodes of one type, numbered as they are met; a node of another tree is another node."""

    def __init__(self) -> None:
        self.of: dict[tuple[int, int], int] = {}

    def number(self, tree: int, node: int) -> int:
        return self.of.setdefault((tree, node), len(self.of))

    def met(self, first: int = 0) -> list[tuple[int, int]]:
        return list(self.of)[first:]


class _Row:
    """The candidates of one node: positions, their weights, and what they draw from."""

    def __init__(self, of: Candidates, positions: range, excluded: set[int]) -> None:
        sums = of.sums
        self.is_weighted = sums is not None
        weights = [1] * len(positions) if sums is None else sums[positions.start : positions.stop + 1].diff().tolist()
        self.weights = {p: weight for p, weight in zip(positions, weights, strict=True) if p not in excluded}
        self.count = len(self.weights)  # those of weight 0 among them
        self.weights = {p: weight for p, weight in self.weights.items() if weight > 0}

    def alike(self, fanout: int, replace: bool, words: Iterator[int]) -> list[int]:
        """By Floyd's method: of the first j + 1 a number that was not drawn, else j itself."""
        ranks: list[int] = []
        for i in range(fanout):
            last = self.count - 1 if replace else self.count - fanout + i
            rank = below(last + 1, last >= 2**32 - 1, words)
            ranks.append(last if rank in ranks and not replace else rank)
        positions = list(self.weights)
        return [positions[rank] for rank in ranks]

    def by_weight(self, fanout: int, replace: bool, words: Iterator[int]) -> list[int]:
        """One after the other, among those that are left."""
        left, drawn = dict(self.weights), list[int]()
        while left and len(drawn) < fanout:
            ends = list(accumulate(left.values()))
            p = list(left)[bisect_right(ends, below(ends[-1], True, words))]
            drawn.append(p)
            if not replace:
                del left[p]
        return drawn

    def by_source(self, fanout: int, draw_of: Any) -> list[int]:
        sure: set[int] = set()
        while len(sure) < fanout:
            rest = sum(weight for p, weight in self.weights.items() if p not in sure)
            more = {
                p for p, weight in self.weights.items() if p not in sure and (fanout - len(sure)) * weight >= rest > 0
            }
            if not more:
                break
            sure |= more
        share, rest = fanout - len(sure), sum(weight for p, weight in self.weights.items() if p not in sure)
        return [p for p, weight in self.weights.items() if p in sure or draw_of(p) * rest < share * weight << 32]


def draw(request: Request) -> Drawn:
    """Do what `draw_neighbors` says."""
    candidates, seeds, fanouts, num_nodes, draws, how, tree_ids, times, excluded = request
    for of in candidates:
        check_span("draw_neighbors", "indptr", of.rows.indptr, of.rows.num_edges)
        if (of.rows.indptr.diff() < 0).any():
            raise StructureError("draw_neighbors: `indptr` falls")
    nodes = [_Numbers() for _ in num_nodes]
    clock = [] if times is None else torch.cat(list(times)).tolist()
    seed_numbers, tree = [], 0
    for kind, of_type in enumerate(seeds):
        ids = checked_ids("draw_neighbors", "seeds", of_type, num_nodes[kind], "nodes").tolist()
        own = list(range(tree, tree + len(ids))) if how.trees else [0] * len(ids)
        if tree_ids is not None:
            own = checked_ids("draw_neighbors", "trees", tree_ids[kind], request.num_trees(), "trees").tolist()
        numbers = [nodes[kind].number(*one) for one in zip(own, ids, strict=True)]
        seed_numbers.append(torch.tensor(numbers, dtype=torch.int32, device="cpu"))
        tree += len(ids)
    counts = [[len(numbers_of.of)] for numbers_of in nodes]
    lists = [set() if positions is None else set(positions.tolist()) for positions in excluded]
    source = [
        checked_ids("draw_neighbors", "source", of.rows.source, num_nodes[of.source_type], "nodes").tolist()
        for of in candidates
    ]

    def draw_from(r: int, one: tuple[int, int], fanout: int, counter: int) -> list[int]:
        return _draw_row(candidates[r], source[r], one, fanout, (draws.seed, counter), how, clock, lists[r])

    edges = []
    for hop, of_hop in enumerate(fanouts):
        first = [0 if how.repeats or hop == 0 else counts[of.target_type][-2] for of in candidates]
        drawing = [nodes[of.target_type].met(start) for of, start in zip(candidates, first, strict=True)]
        found = []
        for r, of in enumerate(candidates):
            stream = draws.stream + (0 if how.shares_layers else hop) * len(candidates) + r
            counter = draws.epoch << 44 | draws.batch << 16 | stream
            drawn = [draw_from(r, one, of_hop[r], counter) for one in drawing[r]]
            ends = [
                nodes[of.source_type].number(tree, source[r][p])
                for (tree, _), positions in zip(drawing[r], drawn, strict=True)
                for p in positions
            ]
            found.append(_as_tensors(of, drawn, ends, first[r], how))
        edges.append(found)
        for count, numbers_of in zip(counts, nodes, strict=True):
            count.append(len(numbers_of.of))
    if how.induced:
        edges = [[]]
        for r, of in enumerate(candidates):
            known, rows = nodes[of.source_type].of, nodes[of.target_type].met()
            drawn = [[p for p in draw_from(r, one, -1, 0) if (one[0], source[r][p]) in known] for one in rows]
            ends = [known[tree, source[r][p]] for (tree, _), row in zip(rows, drawn, strict=True) for p in row]
            edges[0].append(_as_tensors(of, drawn, ends, 0, how))
    met = [torch.tensor(numbers_of.met(), dtype=torch.int64, device="cpu").reshape(-1, 2) for numbers_of in nodes]
    trees = [pairs[:, 0].clone() for pairs in met] if how.trees else None
    return Drawn([pairs[:, 1].clone() for pairs in met], trees, seed_numbers, counts, edges)


def _as_tensors(of: Candidates, drawn: list[list[int]], ends: list[int], first: int, how: Drawing) -> DrawnEdges:
    lengths = torch.tensor([len(positions) for positions in drawn], dtype=torch.int64, device="cpu")
    at = torch.tensor([p for positions in drawn for p in positions], dtype=torch.int64, device="cpu")
    edge_ids = at if of.rows.edge is None else of.rows.edge[at].long()
    source = torch.tensor(ends, dtype=torch.int32, device="cpu")
    target = torch.arange(first, first + len(drawn), dtype=torch.int32, device="cpu").repeat_interleave(lengths)
    return DrawnEdges(pointers_of(lengths), source, target, edge_ids if how.keeps_edges else None)


def _draw_row(
    of: Candidates, source: list[int], one: tuple[int, int], fanout: int, key: tuple[int, int], how: Drawing,
    clock: list[int], excluded: set[int],
) -> list[int]:  # fmt: skip
    tree, node = one
    lo, hi = of.rows.indptr[node : node + 2].tolist()
    if fanout == 0:
        return []
    if of.times is not None:
        now, at = clock[tree], of.times[lo:hi].tolist()
        hi = lo + (bisect_left if how.strict else bisect_right)(at, now)
        if how.window is not None:
            lo = min(hi, lo + bisect_left(at, now - how.window))
    row = _Row(of, range(lo, hi), excluded)
    if how.choice == "recent" and of.times is not None:
        return sorted(row.weights, reverse=True)[: fanout if fanout >= 0 else None]
    if fanout < 0 or (row.count <= fanout and not how.replace):
        return list(row.weights)
    if how.choice == "source":
        return row.by_source(fanout, lambda p: next(words_of(*key, source[p] << 24 | tree << 8)))
    if row.count == 0:
        return []
    by_chance = row.by_weight if row.is_weighted else row.alike
    return by_chance(fanout, how.replace, words_of(*key, node << 24 | tree << 8))
