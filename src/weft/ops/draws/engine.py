"""The native engine: packs what it reads, and copies what it drew."""

import sys

import torch
from torch import Tensor

from ...native import Kernel
from .packing import Table
from .request import Drawing, Drawn, DrawnEdges, Request

_SIZES = "num_types num_relations num_hops"
_DRAW = Kernel(
    "draw_neighbors",
    f"workspace relations seeds times fanouts sizes {_SIZES} num_trees seed epoch batch stream window flags".split(),
)
_ENDS = "num_types num_relations first_hop last_hop"
_TAKE = Kernel("take_neighbors", f"workspace seeds ids trees seed_numbers indptr source target edge {_ENDS}".split())
_DROP = Kernel("drop_neighbors", ["workspace"])


class Workspace:
    """Memory of the engine, for one call at a time; the next one uses it again."""

    address = 0  # 0 until a call makes it

    def __del__(self) -> None:
        if self.address and not sys.is_finalizing():
            _DROP(0, 0, [self.address])


_spare: list[Workspace] = []  # nobody's at the moment; append and pop are atomic


def _empty(count: int, dtype: torch.dtype) -> Tensor:
    """Memory for the engine, also where tensors are made elsewhere by default."""
    return torch.empty(count, dtype=dtype, device="cpu")


def draw(request: Request) -> Drawn:
    """Do what `draw_neighbors` says."""
    candidates, seeds, fanouts, num_nodes, draws, how, tree_ids, times, excluded = request
    try:
        workspace = _spare.pop()
    except IndexError:
        workspace = Workspace()
    types, relations, hops = len(num_nodes), len(candidates), len(fanouts)
    from_tables, seed_table, fanout_table = Table(), Table(), Table()
    for of, positions in zip(candidates, excluded, strict=True):
        from_tables.add_candidates(of, positions)
    for kind, of_type in enumerate(seeds):
        seed_table.add(num_nodes[kind], of_type.shape[0], of_type, None if tree_ids is None else tree_ids[kind])
    clock = None if times is None else torch.cat(list(times))
    for of_hop in fanouts:
        fanout_table.add(*of_hop)
    sizes = _empty(types * (hops + 1) + (hops + how.induced) * relations, torch.int64)
    window = -1 if how.window is None else how.window
    seed_address = seed_table.address()
    addresses = (
        from_tables.address(), seed_address, 0 if clock is None else clock.data_ptr(), fanout_table.address(), sizes.data_ptr()
    )  # fmt: skip
    key = request.num_trees() if how.trees else 0, *draws.key()
    place = torch.tensor([workspace.address], device="cpu")
    try:
        _DRAW(0, 0, [place.data_ptr(), *addresses, types, relations, hops, *key, window, _flags(how)])
    finally:
        workspace.address = int(place)
    taken = _take(workspace, request, seed_address, sizes.tolist())
    _spare.append(workspace)
    return taken


def _flags(how: Drawing) -> int:
    parts = how.replace, how.trees, how.repeats, how.choice == "recent", how.strict, how.choice == "source"
    return sum(bool(part) << bit for bit, part in enumerate((*parts, how.shares_layers, how.keeps_edges, how.induced)))


def _take(workspace: Workspace, request: Request, seed_table: int, sizes: list[int]) -> Drawn:
    """Copy out of the workspace: one memory for all nodes, pointers, sources, targets or ids, of which each list is a part."""
    candidates, seeds, how = request.candidates, request.seeds, request.how
    types, relations, hops = len(request.num_nodes), len(candidates), len(request.fanouts)
    by_type = [sizes[kind * (hops + 1) : (kind + 1) * (hops + 1)] for kind in range(types)]
    num_nodes, num_seeds = [count[-1] for count in by_type], [of_type.shape[0] for of_type in seeds]
    wanted = range(hops, hops + 1) if how.induced else range(hops)
    num_edges = sizes[types * (hops + 1) + wanted.start * relations :]
    num_rows = [
        count[hop] - (count[hop - 1] if hop and not how.repeats and not how.induced else 0) + 1
        for hop in wanted
        for count in (by_type[of.target_type] for of in candidates)
    ]
    ids, indptr, numbers = (
        _empty(sum(each), dtype)
        for each, dtype in ((num_nodes, torch.int64), (num_rows, torch.int64), (num_seeds, torch.int32))
    )
    trees = torch.empty_like(ids) if how.trees else None
    source, target = (_empty(sum(num_edges), torch.int32) for _ in range(2))
    edge_ids = _empty(sum(num_edges), torch.int64) if how.keeps_edges else None
    made = [0 if each is None else each.data_ptr() for each in (ids, trees, numbers, indptr, source, target, edge_ids)]
    _TAKE(0, 0, [workspace.address, seed_table, *made, types, relations, wanted.start, wanted.stop])
    lists = indptr.split_with_sizes(num_rows), source.split_with_sizes(num_edges), target.split_with_sizes(num_edges)
    each_ids = [None] * len(num_edges) if edge_ids is None else edge_ids.split_with_sizes(num_edges)
    found = [DrawnEdges(*parts) for parts in zip(*lists, each_ids, strict=True)]
    edges = [found[at * relations : (at + 1) * relations] for at in range(len(wanted))]
    nodes_of = list(ids.split_with_sizes(num_nodes)), None if trees is None else list(trees.split_with_sizes(num_nodes))
    return Drawn(*nodes_of, list(numbers.split_with_sizes(num_seeds)), by_type, edges)
