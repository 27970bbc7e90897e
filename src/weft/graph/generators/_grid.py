"""Grids of any number of dimensions."""

import math
from collections.abc import Sequence

import torch

from ...errors import ShapeError, message
from .._graph import Graph
from ._drawing import check_at_least, graph_of


def grid(shape: Sequence[int], *, periodic: bool | Sequence[bool] = False) -> Graph:
    """Make a grid, whose nodes are joined to the next ones along each dimension.

    Nodes are numbered as the entries of a tensor of that shape, the last dimension fastest. Edges come dimension after
    dimension, and stand in both directions.

    Args:
        periodic: whether the last node along a dimension is joined to the first, for all or for each of them. A
            dimension of fewer than three nodes has no such edges.

    Raises:
        OptionError: if a size is negative.
        ShapeError: if `periodic` has not a value for each dimension.

    >>> grid([3, 4])
    Graph(12 nodes, 34 edges, on cpu)
    >>> grid([3, 4], periodic=True)
    Graph(12 nodes, 48 edges, on cpu)
    """
    for size in shape:
        check_at_least("grid", 0, shape=size)
    wraps = [periodic] * len(shape) if isinstance(periodic, bool) else list(periodic)
    if len(wraps) != len(shape):
        raise ShapeError(message("grid", f"`periodic` for each of {len(shape)} dimensions", f"{len(wraps)} values"))
    ids = torch.arange(math.prod(shape)).reshape(list(shape))
    parts = [(ids.new_empty(0), ids.new_empty(0))]
    for dim, size in enumerate(shape):
        steps = max(size - 1, 0)
        parts.append((ids.narrow(dim, 0, steps).flatten(), ids.narrow(dim, size - steps, steps).flatten()))
        if wraps[dim] and size > 2:
            parts.append((ids.select(dim, size - 1).flatten(), ids.select(dim, 0).flatten()))
    source, target = (torch.cat(part) for part in zip(*parts, strict=True))
    return graph_of(source, target, ids.numel(), directed=False)
