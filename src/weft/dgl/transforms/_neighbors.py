"""Graphs of points: the nearest neighbours, and all within a distance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, check_choice, message
from ...graph import Adjacency
from ...ops import knn, pointers_of, radius
from .._graph import DGLGraph
from ..base import dgl_warning
from ._made import made_of_one_type

ALGORITHMS = ("bruteforce-blas", "bruteforce", "bruteforce-sharemem", "kd-tree", "nn-descent")


def knn_graph(
    x: Tensor, k: int, algorithm: str = "bruteforce-blas", dist: str = "euclidean", exclude_self: bool = False
) -> DGLGraph:
    """Make a graph with an edge to each point from each of the k nearest to it.

    Edges are grouped by target and come from the nearest first, of equal distances from the lowest id; a point is its own
    neighbour unless it is excluded.

    *Shapes* `x: (num_points, dims)`; `(num_sets, num_points, dims)` makes a batch of graphs.

    Args:
        algorithm: accepted, of no effect: all of DGL's words name the same exact search.
        dist: "euclidean" or "cosine".
        exclude_self: no point is its own neighbour.

    Raises:
        OptionError: if k is not positive, there is no point, or an option has no such value.
        ShapeError: if `x` has other dimensions.

    >>> knn_graph(torch.tensor([[0.0], [1.0], [3.0]]), 1, exclude_self=True).edges()
    (tensor([1, 0, 1]), tensor([0, 1, 2]))
    """
    if x.dim() not in (2, 3):
        raise ShapeError(message("knn_graph", "points of 2 or 3 dimensions", str(tuple(x.shape))))
    sets = [x.shape[-2]] * (x.shape[0] if x.dim() == 3 else 1)
    return _nearest("knn_graph", x.reshape(-1, x.shape[-1]), k, sets, (algorithm, dist), exclude_self, x.dim() == 3)


def segmented_knn_graph(
    x: Tensor,
    k: int,
    segs: Sequence[int] | Tensor,
    algorithm: str = "bruteforce-blas",
    dist: str = "euclidean",
    exclude_self: bool = False,
) -> DGLGraph:
    """Make a batch of graphs with an edge to each point from each of the k nearest of its set: see `knn_graph`.

    *Shapes* `x: (num_points, dims)`.

    Args:
        segs: how many points each set has, one set after the other.

    Raises:
        OptionError, ShapeError: as `knn_graph`; also if the sets do not add up to the points.

    >>> segmented_knn_graph(torch.tensor([[0.0], [1.0], [3.0], [3.5]]), 1, [2, 2], exclude_self=True).edges()
    (tensor([1, 0, 3, 2]), tensor([0, 1, 2, 3]))
    """
    sets = segs.tolist() if isinstance(segs, Tensor) else [int(size) for size in segs]
    if x.dim() != 2 or sum(sets) != x.shape[0] or not sets:
        got = f"{tuple(x.shape)} and {sum(sets)}"
        raise ShapeError(message("segmented_knn_graph", "points of 2 dimensions, as many as `segs` add up to", got))
    return _nearest("segmented_knn_graph", x, k, sets, (algorithm, dist), exclude_self, True)


def _nearest(
    where: str, x: Tensor, k: int, sets: Sequence[int], options: tuple[str, str], exclude_self: bool, batched: bool
) -> DGLGraph:
    check_choice(where, "algorithm", options[0], ALGORITHMS)
    check_choice(where, "dist", options[1], ("euclidean", "cosine"))
    if k <= 0:
        raise OptionError(f"{where}: expected `k` of at least 1, got {k}")
    if not sets or min(sets) == 0:
        raise OptionError(f"{where}: expected at least one point in every set, got none in one")
    most = min(sets) - int(exclude_self)
    if k > most:
        dgl_warning(f"{where}: k = {k} is more than there are points, {most} are taken", stacklevel=3)
    x = x.detach()
    if options[1] == "cosine":
        x = torch.nn.functional.normalize(x)
    sizes = torch.tensor(sets, device=x.device)
    indptr = pointers_of(sizes)
    found = knn(x, min(k, most), indptr=indptr, loop=not exclude_self)
    made = _graph(found.source, found.target, x.shape[0])
    if batched:
        made.set_batch_num_nodes(sizes)
        made.set_batch_num_edges(sizes * min(k, most))
    return made


def radius_graph(
    x: Tensor,
    r: float,
    p: float = 2,
    self_loop: bool = False,
    compute_mode: str = "donot_use_mm_for_euclid_dist",
    get_distances: bool = False,
) -> Any:
    """Make a graph with an edge between each two points within a distance, both ways.

    `sum over d of |x[u, d] - x[v, d]|^p <= r^p`, edges sorted by source, then by target

    *Shapes* `x: (num_points, dims)`; distances are `(num_edges, 1)` and differentiable.

    Args:
        p: of the norm, from 0 to infinity.
        self_loop: whether each point has an edge to itself.
        compute_mode: accepted, of no effect: one of the words that `torch.cdist` takes.
        get_distances: also give the distances.

    Raises:
        OptionError: if r is not positive, there is no point, or an option has no such value.

    >>> radius_graph(torch.tensor([[0.0], [1.0], [3.0]]), 1.5).edges()
    (tensor([0, 1]), tensor([1, 0]))
    """
    words = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    check_choice("radius_graph", "compute_mode", compute_mode, words)
    if x.shape[0] == 0:
        raise OptionError("radius_graph: expected at least one point, got none")
    if not r > 0:
        raise OptionError(f"radius_graph: expected `r` above 0, got {r}")
    if not p > 0:
        raise OptionError(message("radius_graph", "`p` above 0", str(p)))
    # A ball of the p-norm lies in one of the Euclidean norm, which the search knows.
    reach = r * max(1.0, x.shape[1] ** (0.5 - 1 / p)) * (1 if p == 2 else 1 + 1e-6)
    near = radius(x.detach(), reach, loop=self_loop)
    order = torch.argsort(near.source * x.shape[0] + near.target)
    source, target = near.source[order], near.target[order]
    if p != 2:
        inside = (torch.linalg.vector_norm(x.detach()[source] - x.detach()[target], p, dim=1) <= r).nonzero().squeeze(1)
        source, target = source[inside], target[inside]
    made = _graph(source, target, x.shape[0])
    if not get_distances:
        return made
    return made, torch.linalg.vector_norm(x[source] - x[target], p if p != math.inf else torch.inf, 1, keepdim=True)


def _graph(source: Tensor, target: Tensor, count: int) -> DGLGraph:
    return made_of_one_type(Adjacency(source, target, num_sources=count, num_targets=count))
