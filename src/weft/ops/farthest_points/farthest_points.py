"""Farthest point sampling in clouds of a batch."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, IdError, OptionError, ShapeError, check_probability, message
from .._checks import IDS, check_rising, expect
from .._operator import operator
from .._segments import pointers_of
from .._torch import is_tracing
from ..knn._neighbors import check_pointers, check_points, cloud_pointers


def farthest_points(
    x: Tensor,
    count: int | Tensor | None = None,
    *,
    ratio: float | None = None,
    indptr: Tensor | None = None,
    start: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Choose points, each the farthest from all chosen before it.

    `point[s] = argmax over i of min over t < s of sum over d of (x[i, d] - x[point[t], d])^2`

    *Shapes* `x: (num_points, dims)`; `indptr: (num_clouds + 1,)`, int64: cloud c is rows `indptr[c]` to `indptr[c + 1]`;
    `count`: a number for all clouds, or `(num_clouds,)`, int64; `start: (num_clouds,)`, int64 -> the pointers of the chosen by
    cloud, `(num_clouds + 1,)`, int64, and their rows in `x` in the order of choice, int64.

    Args:
        count: how many of each cloud, at most all.
        ratio: instead of `count`, a share of each cloud, rounded up.
        start: where each cloud begins, counted within it; the first point by default. For a random one draw
            `(torch.rand(num_clouds) * sizes).long()`.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        StructureError: if pointers do not run from 0 to the number of rows in rising steps.
        IdError: if `start` lies outside its cloud.

    The greedy choice is exact: distances are those of `knn`, and of equally far points the lowest row is taken. No point
    is chosen twice, not even where others equal it. A point with a coordinate that is not finite is chosen after all others.

    *Source* Eldar, Lindenbaum, Porat, Zeevi, 1997, The farthest point strategy for progressive image sampling.

    *Cost* up to 8 dimensions a k-d tree: a chosen point visits only boxes in which it may be nearer than those before, for n
    chosen of N points about O(N log n) instead of O(N n); above, O(N n).

    >>> import torch
    >>> farthest_points(torch.tensor([[0.0], [1.0], [5.0], [3.0]]), 3)
    (tensor([0, 3]), tensor([0, 2, 3]))
    """
    indptr = cloud_pointers(x, indptr)
    check_points("farthest_points", x, indptr)
    check_rising("farthest_points", "indptr", indptr, x.shape[0])
    sizes = indptr.diff()
    if (count is None) == (ratio is None):
        raise OptionError(message("farthest_points", "one of `count` and `ratio`", f"{count} and {ratio}"))
    if ratio is not None:
        check_probability("farthest_points", "ratio", ratio)
        counts = (sizes * ratio).ceil().long()
    elif isinstance(count, Tensor):
        if count.shape != sizes.shape or count.dtype not in IDS:
            got = f"{tuple(count.shape)} of {count.dtype}"
            raise ShapeError(message("farthest_points", f"`count` {tuple(sizes.shape)} of int64", got))
        counts = count.long()
    else:
        assert count is not None, "one of the two was given"
        counts = torch.full_like(sizes, count)
    if not is_tracing() and bool((counts < 0).any()):
        raise OptionError(message("farthest_points", "`count` of at least 0", str(int(counts.min()))))
    counts = counts.minimum(sizes)
    chosen = pointers_of(counts)
    return chosen, choose_farthest(x, indptr, chosen, start, int(chosen[-1]))


@operator
def choose_farthest(x: Tensor, indptr: Tensor, chosen_indptr: Tensor, start: Tensor | None, total: int) -> Tensor:
    """Choose as many points of every cloud as its row has places, each the farthest from those before it.

    *Shapes* `x: (num_points, dims)`; `indptr, chosen_indptr: (num_clouds + 1,)`, int64, the second up to `total`; `start:
    (num_clouds,)`, int64, within the cloud -> rows of `x`, `(total,)`, int64.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        StructureError: if pointers contradict themselves, or a row has more places than its cloud has points.
        IdError: if `start` lies outside its cloud.
    """
    exact = x.to(torch.promote_types(x.dtype, torch.float32))
    begins, places = indptr.tolist(), chosen_indptr.diff().tolist()
    starts = [0] * len(places) if start is None else start.tolist()
    rows = [_choose(exact[begins[c] : begins[c + 1]], places[c], starts[c], c) + begins[c] for c in range(len(places))]
    return torch.cat([indptr.new_empty(0), *rows])


def _choose(points: Tensor, places: int, start: int, cloud: int) -> Tensor:
    """The choice in one cloud, by the definition."""
    if places and not 0 <= start < points.shape[0]:
        raise IdError(
            f"choose_farthest: `start` holds {start} at position {cloud}, but there are {points.shape[0]} points in the cloud"
        )
    # Points that are not finite wait below all others, chosen ones are out.
    distance = torch.where(points.isfinite().all(1), math.inf, -1.0).to(points.dtype)
    rows = []
    for place in range(places):
        row = start if place == 0 else int(distance.argmax())
        rows.append(row)
        difference = points - points[row]
        to_row = (difference * difference).sum(1)
        distance = distance.where((distance < 0) | ~(to_row < distance), to_row)
        distance[row] = -math.inf
    return torch.tensor(rows, dtype=torch.int64, device=points.device)


@choose_farthest.outputs
def _(
    x: Tensor, indptr: Tensor, chosen_indptr: Tensor, start: Tensor | None, total: int
) -> tuple[Tensor, tuple[int, ...]]:
    name = "choose_farthest"
    check_points(name, x, indptr)
    check_pointers(name, "chosen_indptr", chosen_indptr)
    clouds = indptr.shape[0] - 1
    expect(
        chosen_indptr.shape[0] == clouds + 1,
        lambda: message(name, f"`chosen_indptr` of shape ({clouds + 1},)", str(tuple(chosen_indptr.shape))),
    )
    if start is not None:
        if start.dtype is not torch.int64:
            raise DtypeError(message(name, "int64 `start`", str(start.dtype)))
        expect(
            start.dim() == 1 and start.shape[0] == clouds,
            lambda: message(name, f"`start` of shape ({clouds},)", str(tuple(start.shape))),
        )
    if isinstance(total, int) and total < 0:
        raise OptionError(message(name, "`total` of at least 0", str(total)))
    return indptr.new_empty(total), (x.shape[0], clouds, x.shape[1], total)


choose_farthest.native(
    "choose_farthest",
    passes="x indptr chosen_indptr start out",
    dims="num_points num_clouds dims total",
    value="x",
    ids="indptr",
)
choose_farthest.tolerance(0, 0, 0, 0)
choose_farthest.autocast = "none"
choose_farthest.triton()


@choose_farthest.samples
def _() -> Iterator[tuple[Any, ...]]:
    for dims, sizes, counts, starts, levels in (
        (3, (9, 0, 1, 14), (9, 0, 1, 5), None, 127),
        (2, (300,), (40,), None, 4),
        (3, (40, 3), (17, 2), (39, 1), 4),
        (5, (25, 4), (25, 0), (3, 0), 127),
        (12, (50, 2), (20, 2), None, 4),
        (3, (0,), (0,), None, 127),
    ):
        generator = torch.Generator().manual_seed(dims)
        x = torch.randint(-levels, levels + 1, (sum(sizes), dims), generator=generator).double() / 64
        indptr, chosen = torch.tensor([0, *sizes]).cumsum(0), torch.tensor([0, *counts]).cumsum(0)
        yield x, indptr, chosen, None if starts is None else torch.tensor(starts), sum(counts)
