"""Draws on a GPU: torch's own calls for sizes, times and numbers, and a kernel for what chance decides.

What comes out is what the native engine draws, bit for bit: the same words of Philox decide, by the same whole numbers. Sizes
are read back once for each relation of a hop, since tensors have to be allocated.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

import torch
from torch import Tensor

from ...errors import DeviceError, StructureError
from .._checks import checked_ids
from .._segments import pointers_of
from .._triton.launching import launching, why_not
from .candidates import Candidates
from .request import Drawn, DrawnEdges, Request

_TREE, _NODE = 40, (1 << 40) - 1  # a node of a tree is one number: the tree above, the node below
_HALVINGS = 40  # more than an int64 pointer of any graph that fits into memory needs


class _Numbers:
    """Nodes of one type, numbered as they are met."""

    def __init__(self, device: torch.device) -> None:
        self.keys = torch.empty(0, dtype=torch.int64, device=device)

    def number(self, keys: Tensor) -> Tensor:
        """The number of each key; those that are new are numbered in the order in which they first come."""
        every = torch.cat((self.keys, keys))
        ordered, order = torch.sort(every, stable=True)
        begins = torch.ones_like(ordered, dtype=torch.bool)
        begins[1:] = ordered[1:] != ordered[:-1]
        first = order[begins]  # where each key comes first: the sort is stable
        rank = torch.empty_like(first)
        rank[torch.argsort(first)] = torch.arange(first.shape[0], device=first.device)
        numbers = torch.empty_like(order)
        numbers[order] = rank[begins.cumsum(0) - 1]
        met = self.keys.shape[0]
        self.keys = every[first.sort().values]
        return numbers[met:]

    def find(self, keys: Tensor) -> Tensor:
        """The number of each key, -1 where it was not met."""
        if not self.keys.numel():
            return torch.full_like(keys, -1)
        ordered, order = torch.sort(self.keys)
        at = torch.searchsorted(ordered, keys).clamp(max=ordered.shape[0] - 1)
        return torch.where(ordered[at] == keys, order[at], -1)


class _Rows(NamedTuple):
    """What nodes draw from: positions `lo` to `hi` less `num_skipped` of the excluded ones, from number `skipped` on."""

    lo: Tensor
    hi: Tensor
    skipped: Tensor
    num_skipped: Tensor
    is_broken: Tensor  # one value: whether a pointer falls, or leaves the edges

    @property
    def num_candidates(self) -> Tensor:
        """How many candidates each has."""
        return self.hi - self.lo - self.num_skipped


class _Relation(NamedTuple):
    """The edges of one type, with what has to be known of them for every draw of a batch."""

    of: Candidates
    excluded: Tensor  # positions, ascending
    sums: Tensor | None  # of the weights of what is not excluded
    some: Tensor | None  # how many edges of weight stand before each position


def draw(request: Request, device: torch.device) -> Drawn:
    """Do what `draw_neighbors` says, with all tensors on a device."""
    candidates, seeds, fanouts, num_nodes, draws, how, tree_ids, times, excluded = request
    check_device("draw_neighbors", device)
    numbers, seed_numbers, tree = [_Numbers(device) for _ in num_nodes], [], 0
    for kind, of_type in enumerate(seeds):
        ids = checked_ids("draw_neighbors", "seeds", of_type, num_nodes[kind], "nodes")
        own = torch.zeros_like(ids)
        if tree_ids is not None:
            own = checked_ids("draw_neighbors", "trees", tree_ids[kind], request.num_trees(), "trees")
        elif how.trees:
            own = torch.arange(tree, tree + ids.shape[0], device=device)
        seed_numbers.append(numbers[kind].number(own << _TREE | ids).int())
        tree += ids.shape[0]
    clock = None if times is None else torch.cat(list(times))
    relations = [_relation(of, positions) for of, positions in zip(candidates, excluded, strict=True)]
    counts, edges = [[of_type.keys.shape[0]] for of_type in numbers], []
    for hop, of_hop in enumerate(fanouts):
        first = [0 if how.repeats or hop == 0 else counts[of.target_type][-2] for of in candidates]
        drawing = [numbers[of.target_type].keys[start:] for of, start in zip(candidates, first, strict=True)]
        found = []
        for r, relation in enumerate(relations):
            stream = draws.stream + (0 if how.shares_layers else hop) * len(candidates) + r
            counter = draws.epoch << 44 | draws.batch << 16 | stream
            indptr, positions = _draw_relation(relation, drawing[r], of_hop[r], (draws.seed, counter), request, clock)
            ends = numbers[relation.of.source_type].number(_ends_of(relation, drawing[r], indptr, positions, request))
            found.append(_edges_of(relation, indptr, positions, ends, first[r], request))
        edges.append(found)
        for of_count, of_numbers in zip(counts, numbers, strict=True):
            of_count.append(of_numbers.keys.shape[0])
    if how.induced:
        edges = [[_induced(relation, numbers, request, clock) for relation in relations]]
    node_ids = [of_type.keys & _NODE for of_type in numbers]
    return Drawn(node_ids, [n.keys >> _TREE for n in numbers] if how.trees else None, seed_numbers, counts, edges)


def _ends_of(relation: _Relation, keys: Tensor, indptr: Tensor, positions: Tensor, request: Request) -> Tensor:
    """The keys of the nodes at the other end of what was drawn, each in the tree of the node that drew it."""
    trees = (keys >> _TREE).repeat_interleave(indptr.diff(), output_size=positions.shape[0])
    return trees << _TREE | _sources_of(relation, positions, request)


def _sources_of(relation: _Relation, positions: Tensor, request: Request) -> Tensor:
    source, kind = relation.of.rows.source[positions], relation.of.source_type
    return checked_ids("draw_neighbors", "source", source, request.num_nodes[kind], "nodes")


def _edges_of(
    relation: _Relation, indptr: Tensor, positions: Tensor, ends: Tensor, first: int, request: Request
) -> DrawnEdges:
    """The edges at some positions, drawn by the nodes from number `first` on."""
    rows, lengths = relation.of.rows, indptr.diff()
    target = torch.arange(first, first + lengths.shape[0], dtype=torch.int32, device=indptr.device)
    target = target.repeat_interleave(lengths, output_size=positions.shape[0])
    ids = positions if rows.edge is None else rows.edge[positions].long()
    return DrawnEdges(indptr, ends.int(), target, ids if request.how.keeps_edges else None)


def _induced(relation: _Relation, numbers: Sequence[_Numbers], request: Request, clock: Tensor | None) -> DrawnEdges:
    """All edges of a type between nodes that were met."""
    keys = numbers[relation.of.target_type].keys
    indptr, positions = _draw_relation(relation, keys, -1, (0, 0), request, clock)
    ends = numbers[relation.of.source_type].find(_ends_of(relation, keys, indptr, positions, request))
    indptr, positions = _chosen(indptr, positions, ends >= 0)
    return _edges_of(relation, indptr, positions, ends[ends >= 0], 0, request)


def _chosen(indptr: Tensor, positions: Tensor, keeps: Tensor) -> tuple[Tensor, Tensor]:
    """Pointers and positions of what is kept."""
    return pointers_of(keeps.long())[indptr], positions[keeps]


def draws_there(device: torch.device) -> bool:
    """Whether neighbours can be drawn on a device.

    >>> draws_there(torch.device("cpu")), draws_there(torch.device("meta"))
    (True, False)
    """
    return device.type == "cpu" or why_not(device) is None


def check_device(name: str, device: torch.device) -> None:
    """Refuse devices that have no kernels."""
    reason = why_not(device)
    if reason is not None:
        raise DeviceError(f"{name}: nothing can be drawn on {device}, because {reason}; hint: draw on the CPU")


def _relation(of: Candidates, excluded: Tensor | None) -> _Relation:
    none = torch.empty(0, dtype=torch.int64, device=of.rows.indptr.device)
    excluded = none if excluded is None else excluded
    if of.sums is None:
        return _Relation(of, excluded, None, None)
    sums = of.sums
    if excluded.numel():
        sums = pointers_of(sums.diff().index_fill(0, excluded, 0))
    return _Relation(of, excluded, sums, pointers_of(sums.diff() > 0))


def _rows_of(relation: _Relation, keys: Tensor, request: Request, clock: Tensor | None) -> _Rows:
    """Where the candidates of nodes stand, as far as times allow them."""
    rows, node = relation.of.rows, keys & _NODE
    lo, hi = rows.indptr[node], rows.indptr[node + 1]
    is_broken = ((lo < 0) | (hi < lo) | (hi > rows.num_edges)).any()
    lo, hi = lo.clamp(0, rows.num_edges), hi.clamp(0, rows.num_edges)
    times, how = relation.of.times, request.how
    if times is not None:
        assert clock is not None, "times of edges come with times of seeds"
        now = clock[keys >> _TREE]
        hi = searched(times, lo, hi, now, right=not how.strict)
        if how.window is not None:
            lo = searched(times, lo, hi, now - how.window, right=False)
    skipped = torch.searchsorted(relation.excluded, lo)
    return _Rows(lo, hi, skipped, torch.searchsorted(relation.excluded, hi) - skipped, is_broken)


def searched(times: Tensor, lo: Tensor, hi: Tensor, now: Tensor, *, right: bool) -> Tensor:
    """The first position of each row whose time is later than `now`, or not earlier unless `right`."""
    lo, hi = lo.clone(), hi.clone()
    for _ in range(_HALVINGS if times.numel() else 0):
        middle = (lo + hi) // 2
        at = times[middle.clamp(max=times.shape[0] - 1)]
        before = (lo < hi) & (at <= now if right else at < now)
        lo, hi = torch.where(before, middle + 1, lo), torch.where((lo < hi) & ~before, middle, hi)
    return lo


def _draw_relation(
    relation: _Relation, keys: Tensor, fanout: int, key: tuple[int, int], request: Request, clock: Tensor | None
) -> tuple[Tensor, Tensor]:
    """What nodes draw of one type: pointers, and positions."""
    rows, how, some = _rows_of(relation, keys, request, clock), request.how, relation.some
    there = rows.num_candidates if some is None else some[rows.hi] - some[rows.lo]  # those that can be drawn
    is_recent = how.choice == "recent" and relation.of.times is not None
    takes_all = torch.full_like(there, fanout < 0, dtype=torch.bool)
    if not how.replace and not is_recent:
        takes_all |= rows.num_candidates <= fanout
    by_source = how.choice == "source" and fanout > 0
    wanted = there.clamp(max=fanout) if not how.replace else torch.where(there > 0, fanout, 0)
    lengths = there if by_source else torch.where(takes_all, there, wanted)
    indptr, by_chance = pointers_of(lengths), ~takes_all & (lengths > 0)
    # The one time that the device is waited for.
    is_broken, total, is_drawn = torch.stack([rows.is_broken.long(), indptr[-1], by_chance.any().long()]).tolist()
    if is_broken:
        raise StructureError("draw_neighbors: `indptr` falls, or leaves the edges")

    def spread(of_rows: Tensor) -> Tensor:
        return of_rows.repeat_interleave(lengths, output_size=total)

    place = torch.arange(total, device=keys.device) - spread(indptr[:-1])
    rank = spread(there) - 1 - place if is_recent else place
    positions = _positions_of(relation, rows, rank, spread)
    if is_recent or fanout <= 0 or not is_drawn:
        return indptr, positions
    kernels = import_module(f"{__package__}.draws_triton")
    with launching(keys.device):
        if by_source:
            second = spread(keys >> _TREE) << 8 | _sources_of(relation, positions, request) << 24
            words = kernels.first_words(second, key)
            keeps = spread(takes_all) | _kept_by_source(relation, rows, positions, words, fanout, spread)
            return _chosen(indptr, positions, keeps)
        if relation.sums is None:
            kernels.draw_alike(rank, indptr, rows.num_candidates, keys, by_chance, fanout, how.replace, key)
        else:
            kernels.draw_by_weight(
                positions, indptr, rows.lo, rows.hi, relation.sums, keys, by_chance, fanout, how.replace, key
            )
    return indptr, _positions_of(relation, rows, rank, spread) if relation.sums is None else positions


def _kept_by_source(
    relation: _Relation, rows: _Rows, positions: Tensor, words: Tensor, fanout: int, spread: Callable[[Tensor], Tensor]
) -> Tensor:
    """Which candidates, all that can be drawn, the words of their sources keep: those below the share of their weight."""
    if relation.sums is None:
        return _high(words, spread(rows.num_candidates)) < fanout
    weight = relation.sums[positions + 1] - relation.sums[positions]
    row = spread(torch.arange(rows.lo.shape[0], device=positions.device))
    rest, share = relation.sums[rows.hi] - relation.sums[rows.lo], torch.full_like(rows.lo, fanout)
    is_sure = torch.zeros_like(weight, dtype=torch.bool)
    while True:  # the heaviest are kept for sure, and leave less to share among fewer, until none is as heavy
        more = ~is_sure & (share[row] * weight >= rest[row]) & (share[row] > 0)
        if not bool(more.any()):
            return is_sure | (_high(words, rest[row]) < share[row] * weight)
        is_sure |= more
        share = share.index_add(0, row, -more.long())
        rest = rest.index_add(0, row, -weight * more)


def _high(words: Tensor, numbers: Tensor) -> Tensor:
    """The high part, from bit 32 on, of the product of words of 32 bits with numbers of 63, in pieces that int64 holds."""
    low = numbers & 0xFFFFFFFF
    return words * (numbers >> 32) + ((words * (low >> 16) + (words * (low & 0xFFFF) >> 16)) >> 16)


def _positions_of(relation: _Relation, rows: _Rows, rank: Tensor, spread: Callable[[Tensor], Tensor]) -> Tensor:
    """Where the candidates of these ranks stand, without those that are excluded, or have no weight."""
    if relation.some is not None:
        before = spread(relation.some[rows.lo])
        return torch.searchsorted(relation.some, before + rank, right=True) - 1
    lo, excluded = spread(rows.lo), relation.excluded
    if not excluded.numel():
        return lo + rank
    # So many others come before each excluded position; the numbers do not fall, and a rank is led past those not above it.
    others = excluded - torch.arange(excluded.shape[0], device=excluded.device)
    skipped = torch.searchsorted(others, lo - spread(rows.skipped) + rank, right=True) - spread(rows.skipped)
    return lo + rank + skipped
