"""Points grouped by the cells of a grid, in clouds of a batch."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, message
from .._checks import check_rising, checked_rows, expect
from .._operator import operator
from .._torch import is_tracing
from ..knn._neighbors import check_points, cloud_pointers


def voxel_groups(
    x: Tensor,
    size: float | Tensor,
    indptr: Tensor | None = None,
    *,
    start: Tensor | None = None,
    end: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Number the occupied cells of a grid, and say in which cell each point lies.

    `cell[i, d] = floor((x[i, d] - start[d]) / size[d])`; points of one cloud with equal cells form a group

    *Shapes* `x: (num_points, dims)`; `size`: a number or `(dims,)`; `indptr: (num_clouds + 1,)`, int64: cloud c is rows
    `indptr[c]` to `indptr[c + 1]`; `start, end: (dims,)` -> the group of each point, `(num_points,)`, int64, and the pointers
    of the groups by cloud, `(num_clouds + 1,)`, int64. `coo_to_csc(group, group, int(pointers[-1]))` gives what
    `segment_reduce` reads.

    Args:
        start: where cell 0 begins; by default at the lowest finite coordinates of each cloud.
        end: points outside `start` to `end` count to the cells at the border.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        StructureError: if pointers do not run from 0 to the number of rows in rising steps.
        OptionError: if a size is not positive.

    Groups are numbered in the order in which their first points occur, so that those of a cloud are consecutive. Cells are
    computed in float64; coordinates that are NaN, or equally infinite, share a cell.

    *Cost* one pass with a hash table of the points of a cloud; nothing depends on how far the grid extends.

    >>> import torch
    >>> voxel_groups(torch.tensor([[0.1, 0.0], [0.9, 0.2], [2.5, 0.0], [0.3, 0.3]]), 1.0)
    (tensor([0, 0, 1, 0]), tensor([0, 2]))
    """
    indptr = cloud_pointers(x, indptr)
    check_points("voxel_groups", x, indptr)
    check_rising("voxel_groups", "indptr", indptr, x.shape[0])
    if not isinstance(size, Tensor):
        size = x.new_full((x.shape[1],), size, dtype=torch.float64)
    if not is_tracing() and not size.is_meta and not bool((size > 0).all()):
        raise OptionError(message("voxel_groups", "`size` above 0", str(size.tolist())))
    return group_cells(x, size, indptr, start, end)


@operator
def group_cells(
    x: Tensor, size: Tensor, indptr: Tensor, start: Tensor | None, end: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Number the occupied cells of a grid; see `voxel_groups`.

    *Shapes* `x: (num_points, dims)`; `size, start, end: (dims,)`, of a floating dtype; `indptr: (num_clouds + 1,)`, int64 ->
    `(num_points,)` and `(num_clouds + 1,)`, int64.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        StructureError: if pointers contradict themselves.
    """
    points, cloud = x.double(), checked_rows("group_cells", "indptr", indptr, x.shape[0])
    begin = _lowest(points, cloud, indptr.shape[0] - 1)[cloud] if start is None else start
    if end is not None:
        points = points.where(points.isnan(), points.clamp(min=begin, max=end))
    cell = ((points - begin) / size).floor() + 0.0
    # As bits, since NaN has to equal itself; there is one zero and one NaN.
    cell = torch.cat((cell.where(~cell.isnan(), math.nan).view(torch.int64), cloud.unsqueeze(1)), 1)
    order = point = torch.arange(x.shape[0], device=x.device)
    for coordinate in cell.unbind(1):
        order = order[torch.argsort(coordinate[order], stable=True)]
    leads = torch.ones_like(order, dtype=torch.bool)
    leads[1:] = (cell[order[1:]] != cell[order[:-1]]).any(1)
    leader = torch.empty_like(order).index_copy(0, order, order[leads][leads.cumsum(0) - 1])
    groups = torch.nn.functional.pad((leader == point).cumsum(0), (1, 0))
    return groups[leader], groups[indptr]


def _lowest(points: Tensor, cloud: Tensor, num_clouds: int) -> Tensor:
    """The lowest finite coordinates of each cloud, 0 where there are none."""
    lowest = points.new_full((num_clouds, points.shape[1]), math.inf)
    finite = points.where(points.isfinite(), math.inf)
    lowest = lowest.scatter_reduce(0, cloud.unsqueeze(1).expand_as(points), finite, "amin")
    return lowest.where(lowest.isfinite(), 0.0)


@group_cells.prepares
def _(x: Tensor, size: Tensor, indptr: Tensor, *limits: Tensor | None) -> tuple[Any, ...]:
    return x, size.double(), indptr, *(None if t is None else t.double() for t in limits)


@group_cells.outputs
def _(x: Tensor, size: Tensor, indptr: Tensor, start: Tensor | None, end: Tensor | None) -> tuple[Any, tuple[int, ...]]:
    name, dims = "group_cells", x.shape[1] if x.dim() == 2 else 0
    check_points(name, x, indptr)
    for argument, given in (("size", size), ("start", start), ("end", end)):
        if given is not None:
            _check_limit(name, argument, given, dims)
    clouds = indptr.shape[0] - 1
    return (indptr.new_empty(x.shape[0]), indptr.new_empty(clouds + 1)), (x.shape[0], clouds, dims)


def _check_limit(name: str, argument: str, given: Tensor, dims: int) -> None:
    if given.dtype is not torch.float64:
        raise DtypeError(message(name, f"float64 `{argument}`", str(given.dtype)))
    expect(
        given.dim() == 1 and given.shape[0] == dims,
        lambda: message(name, f"`{argument}` of shape ({dims},)", str(tuple(given.shape))),
    )


group_cells.native(
    "group_cells",
    passes="x size indptr start end group groups",
    dims="num_points num_clouds dims",
    value="x",
    ids="indptr",
)
group_cells.tolerance(0, 0, 0, 0)
group_cells.autocast = "none"
group_cells.vendor()


@group_cells.samples
def _() -> Iterator[tuple[Any, ...]]:
    for dims, sizes, start, end in (
        (3, (9, 0, 1, 14), None, None),
        (2, (300,), 0.25, None),
        (1, (40, 3), None, 0.5),
        (5, (60,), -0.5, 0.25),
        (3, (0,), None, None),
    ):
        generator = torch.Generator().manual_seed(dims)
        x = torch.randint(-64, 65, (sum(sizes), dims), generator=generator).double() / 64
        limits = [None if t is None else torch.full((dims,), t, dtype=torch.float64) for t in (start, end)]
        yield x, torch.full((dims,), 0.5, dtype=torch.float64), torch.tensor([0, *sizes]).cumsum(0), *limits
