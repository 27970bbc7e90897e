"""Nodes or edges in three parts, as masks: at random, by time, or so many of each class."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, message
from .._adjacency import Ids
from .._by_type import set_of
from .._feature_set import EdgeSet, NodeSet
from .._graph import Graph
from .._naming import EdgeType, quoted
from ._ranks import ranks
from ._with_features import rows_chosen, with_features

PARTS = ("train", "val", "test")
Sizes = Sequence[float | int]
"""Three sizes, for train, val and test: floats are shares, ints are counts."""


def split_random(
    graph: Graph,
    sizes: Sizes = (0.8, 0.1, 0.1),
    *,
    stratify: str | None = None,
    groups: str | None = None,
    among: str | Ids | None = None,
    of: str | EdgeType | None = None,
    seed: int,
) -> Graph:
    """Split nodes or edges at random.

    Masks are `train_mask`, `val_mask` and `test_mask`. The parts never overlap. Shares are rounded so that the sizes of
    the first one, two and three parts are right; what the sizes do not ask for is in no part. The structure stays:
    `split_links` takes edges out.

    *Shapes* masks: `(count,)`, bool.

    Args:
        sizes: for train, val and test: shares as floats, or counts as ints.
        stratify: a feature of integers, (count,), each of whose values is split by the same shares; negative for rows
            that belong to no part, as nodes without a label.
        groups: a feature of integers, (count,): rows of one value are in one part. Shares count groups, then.
        among: the rows to split: ids, a mask, or the name of a feature that is a mask; all if None.
        of: the node type or edge type to split; the nodes, if there is one node type.
        seed: draws a permutation of the rows, or of the groups.

    Raises:
        FeatureError: if there is no such feature or type.
        OptionError: if sizes ask for more than there is, or options exclude each other.
        ShapeError: if labels or groups are no integer for each row.

    *Cost* a permutation, and a sort for each of `stratify` and `groups`.

    >>> graph = split_random(Graph([0], [9]), (0.6, 0.2, 0.2), seed=0)
    >>> [int(graph.nodes[f"{part}_mask"].sum()) for part in ("train", "val", "test")]
    [6, 2, 2]
    """
    where = "split_random"
    found = set_of(where, "of", graph, of)
    rows = _rows(where, found, among)
    if stratify is not None and groups is not None:
        raise OptionError(message(where, "`stratify` or `groups`", "both"))
    generator = torch.Generator().manual_seed(seed)
    if groups is not None:
        _, number = _integers(where, found, groups)[rows].unique(return_inverse=True)
        count = int(number.max()) + 1 if number.numel() else 0
        rank = torch.randperm(count, generator=generator).to(graph.device)
        return _with_masks(graph, found, rows, stages(rank, _ends(where, sizes, count))[number])
    rows = rows[torch.randperm(rows.shape[0], generator=generator).to(graph.device)]
    if stratify is None:
        return _with_masks(graph, found, rows, _parts_in_order(where, rows, sizes))
    if not all(isinstance(size, float) for size in sizes):
        hint = "write each as a float, such as (0.8, 0.1, 0.1); split_classes takes so many rows of each class"
        raise OptionError(
            message(where, "`sizes` that are shares, to split each value of `stratify`", repr(sizes), hint)
        )
    label = _integers(where, found, stratify)[rows]
    rows, label = rows[label >= 0], label[label >= 0]
    _ends(where, sizes, 0)
    rank, size = ranks(label)
    ends = (size[:, None] * torch.tensor(sizes, dtype=torch.float64, device=graph.device).cumsum(0)).round()
    return _with_masks(graph, found, rows, (rank[:, None] >= ends).sum(1))


def split_classes(
    graph: Graph,
    label: str = "y",
    *,
    per_class: int = 20,
    val: int = 500,
    test: int = 1000,
    of: str | EdgeType | None = None,
    seed: int,
) -> Graph:
    """Split nodes as Planetoid's public splits are: so many of each class to train.

    Of the rest, val and test get so many. Masks are `train_mask`, `val_mask` and `test_mask`. A class with fewer nodes
    gives all it has.

    *Shapes* masks: `(count,)`, bool.

    Args:
        label: a feature of integers, (count,); nodes with a negative label are in no part.
        of: the node type or edge type to split; the nodes, if there is one node type.
        seed: draws a permutation of the rows.

    Raises:
        FeatureError: if there is no such feature or type.
        OptionError: if val and test ask for more than is left.
        ShapeError: if labels are no integer for each row.

    *Source* Yang, Cohen and Salakhutdinov, 2016, Revisiting Semi-Supervised Learning with Graph Embeddings,
    arXiv:1603.08861.

    >>> graph = Graph([0], [9])
    >>> graph.nodes["y"] = [0, 1] * 5
    >>> graph = split_classes(graph, per_class=1, val=3, test=4, seed=0)
    >>> [int(graph.nodes[f"{part}_mask"].sum()) for part in ("train", "val", "test")]
    [2, 3, 4]
    """
    where = "split_classes"
    found = set_of(where, "of", graph, of)
    order = torch.randperm(found.count, generator=torch.Generator().manual_seed(seed)).to(graph.device)
    labels = _integers(where, found, label)[order]
    rows, labels = order[labels >= 0], labels[labels >= 0]
    if min(per_class, val, test) < 0:
        raise OptionError(message(where, "counts of at least 0", f"{per_class}, {val} and {test}"))
    is_left = ranks(labels)[0] >= per_class
    part = torch.zeros_like(rows)
    part[is_left] = _parts_in_order(where, rows[is_left], (0, val, test))
    return _with_masks(graph, found, rows, part)


def split_by_time(
    graph: Graph,
    time: str = "time",
    *,
    cuts: tuple[float, float] | None = None,
    sizes: Sizes = (0.8, 0.1, 0.1),
    among: str | Ids | None = None,
    of: str | EdgeType | None = None,
) -> Graph:
    """Split nodes or edges by time.

    Masks are `train_mask`, `val_mask` and `test_mask`. What is before the first cut trains, what is before the second
    validates, and the rest tests. Rows of one time are never in two parts.

    *Shapes* masks: `(count,)`, bool.

    Args:
        time: a feature of numbers, (count,).
        cuts: the times at which val and test begin.
        sizes: without cuts, those of the parts: the cuts are the times at which the rows, in order of time, reach them,
            and a part may be smaller, where many rows have one time. The last size only has to fit.
        among: the rows to split: ids, a mask, or the name of a feature that is a mask; all if None.
        of: the node type or edge type to split; the nodes, if there is one node type.

    Raises:
        FeatureError: if there is no such feature or type.
        OptionError: if cuts fall, sizes ask for more than there is, or a time is NaN.
        ShapeError: if there is not one time for each row.

    *Cost* a sort of the times, without cuts.

    >>> graph = Graph([0], [4])
    >>> graph.nodes["time"] = [3, 1, 2, 5, 4]
    >>> split_by_time(graph, cuts=(3, 5)).nodes["val_mask"]
    tensor([ True, False, False, False,  True])
    """
    where = "split_by_time"
    found = set_of(where, "of", graph, of)
    rows = _rows(where, found, among)
    times = times_of(where, found, time, rows)
    if cuts is None:
        limits = cuts_at(times, _ends(where, sizes, times.shape[0])[:2])
    else:
        limits = checked_cuts(where, cuts)
    return _with_masks(graph, found, rows, stages(times, limits))


def cumulated(where: str, sizes: Sizes, count: int) -> list[int]:
    """Where parts of these sizes end, of so many rows.

    Raises:
        OptionError: if a size is negative, or they ask for more than there is.
    """
    share, fixed, ends = 0.0, 0, []
    for size in sizes:
        share, fixed = (share + size, fixed) if isinstance(size, float) else (share, fixed + size)
        ends.append(fixed + round(share * count))
    got = " and ".join(map(str, sizes))
    if min(sizes) < 0 or share > 1 + 1e-9:
        hint = "divide shares by their sum" if share > 1 else ""
        raise OptionError(message(where, "sizes of at least 0, of which the shares add up to at most 1", got, hint))
    if ends[-1] > count:
        raise OptionError(message(where, f"sizes that ask for no more than the {count} that there are", got))
    return ends


def checked_cuts(where: str, cuts: Sequence[float]) -> list[float]:
    """Cuts in order.

    Raises:
        OptionError: if one falls below the one before it, or is no number.
    """
    if not all(first <= last for first, last in pairwise(cuts)):
        raise OptionError(message(where, "`cuts` that rise", repr(cuts)))
    return list(cuts)


def cuts_at(times: Tensor, ends: Sequence[int]) -> list[float]:
    """The times that rows in order of time have behind so many of them, which rise; behind the last there is none."""
    ordered = times.sort().values
    return [ordered[end].item() for end in ends if end < times.shape[0]]


def stages(times: Tensor, cuts: Sequence[float]) -> Tensor:
    """How many of the cuts, which rise, each time has reached: from 0 on.

    Times, of int64 or float64, are compared with the cuts as the numbers that both are: 2^53 does not reach 2^53 + 1,
    nor 1600000000 a cut half a second later.
    """
    if times.is_floating_point():
        rounded = [float(cut) for cut in cuts]
        limits = [
            near if near >= cut else math.nextafter(near, math.inf) for near, cut in zip(rounded, cuts, strict=True)
        ]
    else:
        limits = [math.ceil(max(cut, -(2**63))) for cut in cuts if cut < 2**63]
    return torch.bucketize(times, torch.tensor(limits, dtype=times.dtype, device=times.device), right=True)


def times_of(where: str, found: NodeSet | EdgeSet, name: str, rows: Tensor | None = None) -> Tensor:
    """A feature that holds times, or some of its rows: in int64 or float64, which change no number.

    Raises:
        FeatureError: if there is none of that name.
        ShapeError: if there is not one time for each row.
        OptionError: if a time is NaN.
    """
    times = found[name]
    if times.dim() != 1:
        expected = f"one time for each row in {quoted(name)}, ({found.count},)"
        raise ShapeError(message(where, expected, str(tuple(times.shape))))
    times = times if rows is None else times[rows]
    if not times.is_floating_point():
        return times.long()
    if bool(times.isnan().any()):
        raise OptionError(message(where, f"times in {quoted(name)} that can be put in order", "NaN"))
    return times.double()


def _ends(where: str, sizes: Sizes, count: int) -> list[int]:
    """Where the three parts end, of so many rows; what is behind the last is in no part."""
    if len(sizes) != len(PARTS):
        raise OptionError(message(where, "three sizes, for train, val and test", repr(sizes)))
    return cumulated(where, sizes, count)


def _parts_in_order(where: str, rows: Tensor, sizes: Sizes) -> Tensor:
    """The part of each row, the first ones training: 0, 1 or 2, and 3 for none."""
    return stages(torch.arange(rows.shape[0], device=rows.device), _ends(where, sizes, rows.shape[0]))


def _rows(where: str, found: NodeSet | EdgeSet, among: str | Ids | None) -> Tensor:
    if among is None:
        return torch.arange(found.count, device=found.device)
    return rows_chosen(where, "among", found, among)


def _integers(where: str, found: NodeSet | EdgeSet, name: str) -> Tensor:
    values = found[name]
    if values.dim() != 1 or values.dtype.is_floating_point or values.dtype.is_complex:
        expected = f"an integer for each row in {quoted(name)}, ({found.count},)"
        raise ShapeError(message(where, expected, f"{tuple(values.shape)} of {values.dtype}"))
    return values.long()


def _with_masks(graph: Graph, found: NodeSet | EdgeSet, rows: Tensor, part: Tensor) -> Graph:
    masks = {}
    for at, name in enumerate(PARTS):
        mask = torch.zeros(found.count, dtype=torch.bool, device=found.device)
        masks[f"{name}_mask"] = mask.index_fill(0, rows[part == at], True)
    return with_features(graph, {found.type: masks})
