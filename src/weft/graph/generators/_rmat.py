"""Graphs with hubs and communities of all sizes, by recursion."""

import torch
from torch import Tensor

from ...errors import OptionError, check_probability, message
from .._graph import Graph
from ._drawing import check_at_least, generator_of, graph_of

_EDGES = 2**15  # drawn at once: they stay in the cache, and torch starts no threads for so few
_BITS = 21  # of a draw for each level: three levels share one


def rmat(
    scale: int,
    num_edges: int,
    *,
    quadrants: tuple[float, float, float, float] = (0.57, 0.19, 0.19, 0.05),
    directed: bool = False,
    shuffle: bool = False,
    seed: int,
) -> Graph:
    """Draw a graph of 2^scale nodes whose edges fall into quadrants of quadrants of the adjacency matrix.

    Parallel edges and self loops stay. An undirected graph has each edge in both directions.

    Args:
        num_edges: how many edges are drawn.
        quadrants: probabilities of the upper left, upper right, lower left and lower right quadrant, rounded to 2^-21.
            The default is that of the Graph500 benchmark.
        shuffle: whether nodes are numbered at random; without it the lowest ids are the hubs.

    Raises:
        OptionError: if a number is out of range, or the probabilities do not add up to 1.

    *Source* Chakrabarti, Zhan and Faloutsos, 2004, R-MAT: a recursive model for graph mining.

    *Cost* O(num_edges scale), with a random draw for three levels of an edge.

    >>> rmat(10, 8000, directed=True, seed=0)
    Graph(1,024 nodes, 8,000 edges, on cpu)
    """
    check_at_least("rmat", 0, scale=scale, num_edges=num_edges)
    for share in quadrants:
        check_probability("rmat", "quadrants", share)
    if len(quadrants) != 4 or abs(sum(quadrants) - 1) > 2**-_BITS:
        got = f"{len(quadrants)} that add up to {sum(quadrants):.6g}"
        hint = "divide each by their sum; the last is that of the lower right quadrant"
        raise OptionError(message("rmat", "four `quadrants` that add up to 1", got, hint))
    if scale > 62:
        raise OptionError(message("rmat", "`scale` of at most 62", str(scale)))
    generator = generator_of(seed)
    limits = [round(sum(quadrants[:count]) * 2**_BITS) for count in (1, 2, 3)]
    source, target = torch.empty(num_edges, dtype=torch.int64), torch.empty(num_edges, dtype=torch.int64)
    for begin in range(0, num_edges, _EDGES):
        _descend(source[begin : begin + _EDGES], target[begin : begin + _EDGES], scale, limits, generator)
    if shuffle:
        new_ids = torch.randperm(2**scale, generator=generator)
        source, target = new_ids[source], new_ids[target]
    return graph_of(source, target, 2**scale, directed=directed)


def _descend(source: Tensor, target: Tensor, scale: int, limits: list[int], generator: torch.Generator) -> None:
    """Draw the ids of both ends, a bit at each level: the row of the quadrant and its column."""
    source.zero_()
    target.zero_()
    left, lower, right = limits
    draw = torch.empty_like(source)
    for level in range(scale):
        draw = draw.random_(generator=generator) if level % 3 == 0 else draw.bitwise_right_shift_(_BITS)
        place = draw & (2**_BITS - 1)
        is_lower = place >= lower
        # Odd where the place lies beyond an odd number of limits: in the second and the fourth quadrant.
        is_right = (place >= left) ^ is_lower ^ (place >= right)
        source.bitwise_left_shift_(1).add_(is_lower)
        target.bitwise_left_shift_(1).add_(is_right)
