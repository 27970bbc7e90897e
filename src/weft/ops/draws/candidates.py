"""What neighbours are drawn from: edges by target, with whole weights and in the order of time."""

from typing import NamedTuple

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from .._checks import IDS, check_rows, checked_ids
from .._segments import pointers_of
from .._structure import Structure
from ..segment_reduce.segment_reduce import segment_reduce
from ..segment_sort.segment_sort import segment_sort

HEAVIEST = 2**31 - 1  # the whole weight of the heaviest edge of a row
MOST_EDGES = 2**32


class Candidates(NamedTuple):
    """The edges of one type, among which each target draws.

    *Shapes* `sums: (num_edges + 1,)`, int64, see `weight_sums`; `times: (num_edges,)`, int64, rising within each row, see
    `in_time_order`; `ascending: (num_edges,)`, the sources of each row in the order of their ids, see `in_source_order`: only
    walks and negatives that ask whether two nodes are neighbours need it.

    >>> import torch
    >>> Candidates(Structure(torch.tensor([0, 2]), torch.tensor([1, 0])), 0, 0).sums is None
    True
    """

    rows: Structure
    source_type: int
    target_type: int
    sums: Tensor | None = None
    times: Tensor | None = None
    ascending: Tensor | None = None


def in_source_order(rows: Structure) -> Tensor:
    """Sort the sources of each row by their ids.

    *Shapes* -> `(num_edges,)` of the dtype of `rows.source`

    *Cost* that of `segment_sort`.

    >>> import torch
    >>> in_source_order(Structure(torch.tensor([0, 3, 4]), torch.tensor([2, 0, 1, 0])))
    tensor([0, 1, 2, 0])
    """
    check_rows("in_source_order", rows)
    values: Tensor = segment_sort(rows.indptr, rows.source)[0]
    return values


def weight_sums(rows: Structure, weight: Tensor) -> Tensor:
    """Make whole numbers of weights, and add up those before each position.

    `whole[p] = max(1, floor(weight[edge[p]] / highest of the row * (2^31 - 1)))`, 0 where the weight is 0

    *Shapes* `weight: (num_edges,)`, by edge id, floating-point, integer or bool -> `(num_edges + 1,)`, int64. Only shares within
    a row count; those below 2^-31 of the highest are rounded up to it.

    Raises:
        ShapeError, DtypeError: if weights do not fit the edges.
        OptionError: if a weight is negative, infinite or NaN; the text names the edge.
        IdError: if an edge id has no weight.

    *Cost* a few passes over the edges; 8 bytes an edge stay.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0]))
    >>> (weight_sums(rows, torch.tensor([0.5, 1.0, 7.0])).diff() / HEAVIEST).round(decimals=6).tolist()
    [0.5, 1.0, 1.0]
    """
    check_rows("weight_sums", rows)
    if weight.is_complex():
        raise DtypeError(message("weight_sums", "real `weight`", str(weight.dtype)))
    if rows.num_edges >= MOST_EDGES:
        raise OptionError(
            message("weight_sums", f"fewer than {MOST_EDGES} edges, whose weights fit in int64", str(rows.num_edges))
        )
    if weight.shape != (rows.num_edges,):
        raise ShapeError(message("weight_sums", f"`weight` of shape ({rows.num_edges},)", str(tuple(weight.shape))))
    wrong = ~((weight >= 0) & (weight < torch.inf)) if weight.is_floating_point() else weight < 0
    if wrong.any():
        at = int(wrong.to(torch.uint8).argmax())
        raise OptionError(
            message("weight_sums", "weights from 0 up that are finite", f"{weight[at].item()} at edge {at}")
        )
    exact = _by_position("weight_sums", rows, weight.detach()).double()
    highest = segment_reduce(rows.indptr, exact, None, "max")[rows.targets()]
    return pointers_of((exact / highest * HEAVIEST).floor().clamp(min=1).where(exact > 0, 0).long())


def list_sums(weight: Tensor) -> Tensor:
    """The same for weights of one list.

    *Shapes* `weight: (count,)` -> `(count + 1,)`, int64

    >>> import torch
    >>> list_sums(torch.tensor([0.5, 1.0])).diff().tolist() == [HEAVIEST // 2, HEAVIEST]
    True
    """
    count, place = weight.shape[0], weight.device
    rows = Structure(torch.tensor([0, count], device=place), torch.arange(count, device=place))
    return weight_sums(rows, weight)


def in_time_order(
    rows: Structure, edge_time: Tensor | None = None, source_time: Tensor | None = None
) -> tuple[Structure, Tensor]:
    """Sort the edges of each row by the time from which they are there; of equal times the lower edge comes first.

    *Shapes* `edge_time: (num_edges,)`, by edge id; `source_time: (num_sources,)`; int32 or int64 -> the rows with their edges
    in the order of time, without a transpose, and the time at each position, `(num_edges,)`, int64. With both an edge is
    there from the later one on.

    Raises:
        ShapeError, DtypeError, OptionError: if times are of another kind, or there are none.
        IdError: if an edge or a source has no time.

    *Cost* that of `segment_sort`.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0]))
    >>> rows, times = in_time_order(rows, torch.tensor([9, 5, 7]))
    >>> rows.source.tolist(), rows.edge.tolist(), times.tolist()
    ([1, 0, 0], [1, 0, 2], [5, 9, 7])
    """
    check_rows("in_time_order", rows)
    times = []
    if edge_time is not None:
        _check_times("edge_time", edge_time)
        if edge_time.shape != (rows.num_edges,):
            got = str(tuple(edge_time.shape))
            raise ShapeError(message("in_time_order", f"`edge_time` of shape ({rows.num_edges},)", got))
        times.append(_by_position("in_time_order", rows, edge_time).long())
    if source_time is not None:
        _check_times("source_time", source_time)
        at = checked_ids("in_time_order", "source", rows.source, source_time.shape[0], "times")
        times.append(source_time[at].long())
    if not times:
        raise OptionError(message("in_time_order", "`edge_time`, `source_time` or both", "neither"))
    time, order = segment_sort(rows.indptr, torch.stack(times).amax(0))
    edge = order if rows.edge is None else rows.edge[order]
    return Structure(rows.indptr, rows.source[order], edge.to(rows.source.dtype)), time


def _check_times(name: str, time: Tensor) -> None:
    if time.dtype not in IDS:
        hint = "count in whole units, such as seconds"
        raise DtypeError(message("in_time_order", f"`{name}` of int32 or int64", str(time.dtype), hint))
    if time.dim() != 1:
        raise ShapeError(message("in_time_order", f"one-dimensional `{name}`", str(tuple(time.shape))))


def _by_position(name: str, rows: Structure, values: Tensor) -> Tensor:
    return values if rows.edge is None else values[checked_ids(name, "edge", rows.edge, values.shape[0], "edges")]
