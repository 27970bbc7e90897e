"""Breadth-first search."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from .._checks import IDS, check_rows, check_transposed, checked_ids
from .._operator import operator
from .._samples import sample_structures, structure
from .._structure import Structure


@operator
def breadth_first(rows: Structure, seeds: Tensor, is_both: bool, most: int) -> tuple[Tensor, Tensor, Tensor]:
    """Search from seeds along the edges, level by level.

    `level[i] = min over seeds s of the number of edges on the shortest path from s to i`

    *Shapes* `rows`: as many sources as targets; `seeds: (num_seeds,)`, int32 or int64 -> `level`, -1 where no path leads; the
    node that each was reached from; the edge on which, the lowest of those from the level before; both -1 for seeds and where
    no path leads; `(num_nodes,)`, int64, each.

    Args:
        rows: edges by target, with their `transposed`.
        is_both: whether edges are walked both ways.
        most: the last level to search.

    Raises:
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if an id is not below the number of nodes, or `rows` contradicts itself.
        GradientError: if there is no `transposed`.

    *Source* Beamer, Asanović, Patterson (2012), Direction-Optimizing Breadth-First Search.

    *Cost* reads the edges that leave a level once, on several threads twice; where a level is large, instead the edges that enter
    nodes not reached yet, until one comes from it.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 0, 1, 2]), torch.tensor([0, 1]))
    >>> rows = rows.with_transposed(Structure(torch.tensor([0, 1, 2, 2]), torch.tensor([1, 2])))
    >>> breadth_first(rows, torch.tensor([0]), False, 9)
    (tensor([0, 1, 2]), tensor([-1,  0,  1]), tensor([-1,  0,  1]))
    """
    num = rows.num_targets
    source, target = checked_ids("breadth_first", "source", rows.source, num, "nodes"), rows.targets()
    edge = torch.arange(rows.num_edges, device=source.device) if rows.edge is None else rows.edge.long()
    if is_both:
        source, target, edge = torch.cat((source, target)), torch.cat((target, source)), edge.repeat(2)
    level = torch.full((num,), -1, device=source.device)
    parent, tree = level.clone(), level.clone()
    level[checked_ids("breadth_first", "seeds", seeds, num, "nodes")] = 0
    for now in range(min(most, num)):
        found = (level[source] == now) & (level[target] < 0)
        if not found.any():
            break
        level[target[found]] = now + 1
        tree = tree.scatter_reduce(0, target[found], edge[found], "amin", include_self=False)
        chosen = found & (tree[target] == edge)
        parent[target[chosen]] = source[chosen]
    return level, parent, tree


@breadth_first.prepares
def _(rows: Structure, seeds: Tensor, is_both: bool, most: int) -> tuple[Any, ...]:
    return rows, seeds.long() if seeds.dtype in IDS else seeds, is_both, most


@breadth_first.outputs
def _(rows: Structure, seeds: Tensor, is_both: bool, most: int) -> tuple[Any, tuple[int, ...]]:
    name = "breadth_first"
    check_rows(name, rows)
    check_transposed(name, rows, rows.num_targets)
    if seeds.dtype is not torch.int64:
        raise DtypeError(message(name, "`seeds` of int32 or int64", str(seeds.dtype)))
    if seeds.dim() != 1:
        raise ShapeError(message(name, "one-dimensional `seeds`", str(tuple(seeds.shape))))
    if isinstance(most, int) and most < 0:
        raise OptionError(message(name, "`most` of at least 0", str(most)))
    num = rows.num_targets
    made = tuple(rows.indptr.new_empty(num) for _ in range(3))
    return made, (num, rows.num_edges, seeds.shape[0], int(is_both), most)


breadth_first.native(
    "breadth_first",
    passes="rows transposed seeds level parent tree",
    dims="num_nodes num_edges num_seeds is_both most",
    value="seeds",
    ids="rows",
    dtypes=IDS,
)
breadth_first.autocast = "none"
breadth_first.vendor()


@breadth_first.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, num_sources in sample_structures():
        if num_sources == rows.num_targets:
            seeds = torch.arange(0, num_sources, 9)
            yield rows, seeds, False, num_sources
            yield rows, seeds[:1], True, 2
    generator = torch.Generator().manual_seed(0)
    # Long and narrow, then short and wide, then many seeds that meet while they are few among the nodes.
    for num, edges, step in ((3000, 2900, 3000), (500, 60000, 500), (9000, 36000, 60)):
        source, target = (torch.randint(num, (edges,), generator=generator) for _ in range(2))
        for is_both in (False, True):
            yield structure(source, target, num, num, torch.int32), torch.arange(1, num, step).flip(0), is_both, num
