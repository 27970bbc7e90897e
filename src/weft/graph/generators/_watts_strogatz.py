"""Rings with shortcuts."""

import torch
from torch import Tensor

from ...errors import OptionError, check_probability, message
from .._graph import Graph
from ._drawing import check_at_least, generator_of, graph_of, uniform

_ROUNDS = 16


def watts_strogatz(num_nodes: int, num_neighbors: int, p: float, *, seed: int) -> Graph:
    """Draw a small world: a ring whose nodes know their nearest, with some edges led elsewhere.

    Node i is joined to i + 1, ..., i + num_neighbors / 2, and to as many on the other side. With probability p an edge
    to a node ahead is led to another instead, which is no neighbour on the ring and not joined yet. Each edge stands in
    both directions, and no two are parallel.

    Args:
        num_neighbors: neighbours of a node on the ring: even, and below `num_nodes`.
        p: the probability that an edge is moved.

    Raises:
        OptionError: if a number is out of range.

    *Source* Watts and Strogatz, 1998, Collective dynamics of small-world networks.

    *Differs from the source* an edge is not moved to where another was moved away from, and it stays if what it draws
    was taken 16 times.

    *Cost* O(edges), and a sort of the moved ones.

    >>> watts_strogatz(1000, 4, 0.1, seed=0)
    Graph(1,000 nodes, 4,000 edges, on cpu)
    """
    where = "watts_strogatz"
    check_at_least(where, 0, num_nodes=num_nodes, num_neighbors=num_neighbors)
    check_probability(where, "p", p)
    if num_neighbors % 2 or num_neighbors >= max(num_nodes, 1):
        expected = f"an even `num_neighbors` below `num_nodes`, {num_nodes}"
        raise OptionError(message(where, expected, str(num_neighbors)))
    ahead, free = num_neighbors // 2, num_nodes - 1 - num_neighbors
    source = torch.arange(num_nodes).repeat(ahead)
    target = (source + torch.arange(1, ahead + 1).repeat_interleave(num_nodes)).remainder_(max(num_nodes, 1))
    generator = generator_of(seed)
    moved = (torch.rand(source.shape, generator=generator, dtype=torch.float64) < p).nonzero().squeeze(1)
    if not free or not moved.numel():
        return graph_of(source, target, num_nodes, directed=False)
    begin = source[moved]
    end = torch.empty_like(begin)
    wrong = torch.arange(moved.shape[0])
    for _ in range(_ROUNDS):
        offset = uniform(wrong.shape[0], free, generator) + ahead + 1
        end[wrong] = (begin[wrong] + offset).remainder_(num_nodes)
        wrong = _taken(begin, end, num_nodes)
        if not wrong.numel():
            break
    end[wrong] = target[moved[wrong]]
    target[moved] = end
    return graph_of(source, target, num_nodes, directed=False)


def _taken(begin: Tensor, end: Tensor, num_nodes: int) -> Tensor:
    """Which edges join a pair that an edge before them joins, in either direction."""
    pair, order = torch.sort(torch.minimum(begin, end) * num_nodes + torch.maximum(begin, end), stable=True)
    return order[1:][pair[1:] == pair[:-1]]
