"""The graphs that benchmarks run on, drawn with numpy so that every environment gets the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EdgeList:
    """Edge i goes from `source[i]` to `target[i]`; `sizes` are the nodes of each graph where these are many."""

    source: np.ndarray
    target: np.ndarray
    num_nodes: int
    sizes: np.ndarray | None = None

    @property
    def num_edges(self) -> int:
        """Count the edges."""
        return len(self.source)

    def in_target_order(self) -> EdgeList:
        """Give the edges target by target, as compressed rows hold them."""
        order = np.argsort(self.target, kind="stable")
        return EdgeList(self.source[order], self.target[order], self.num_nodes, self.sizes)


def rmat(
    scale: int, num_edges: int, *, corners: tuple[float, float, float] = (0.57, 0.19, 0.19), seed: int = 0
) -> EdgeList:
    """Draw an R-MAT graph of 2**scale nodes whose ids are permuted; few nodes have most of the edges.

    Source: Chakrabarti, Zhan and Faloutsos, 2004, R-MAT: A Recursive Model for Graph Mining.
    """
    draw = np.random.default_rng(seed)
    upper_left, upper_right, lower_left = corners
    source, target = np.zeros(num_edges, dtype=np.int64), np.zeros(num_edges, dtype=np.int64)
    for _ in range(scale):
        where = draw.random(num_edges)
        low = where >= upper_left + upper_right
        right = ((where >= upper_left) & ~low) | (where >= upper_left + upper_right + lower_left)
        source, target = 2 * source + low, 2 * target + right
    name = draw.permutation(2**scale)
    return EdgeList(name[source], name[target], 2**scale)


def flat(num_nodes: int, degree: int, *, seed: int = 0) -> EdgeList:
    """Draw `degree` uniform random sources for every node, edges in random order."""
    draw = np.random.default_rng(seed)
    target = draw.permutation(np.repeat(np.arange(num_nodes), degree))
    return EdgeList(draw.integers(0, num_nodes, num_nodes * degree), target, num_nodes)


def uniform(num_nodes: int, num_edges: int, *, seed: int = 0) -> EdgeList:
    """Draw both ends of every edge uniformly."""
    draw = np.random.default_rng(seed)
    return EdgeList(draw.integers(0, num_nodes, num_edges), draw.integers(0, num_nodes, num_edges), num_nodes)


def molecules(num_graphs: int, *, seed: int = 0) -> EdgeList:
    """Draw a batch of graphs like molecules: 15 to 35 atoms in a tree of short branches, with a ring or two.

    Graph g has the nodes behind those of graph g - 1. Every bond is two edges: about 25 nodes and 50 edges a graph.
    """
    draw = np.random.default_rng(seed)
    sizes = draw.integers(15, 36, num_graphs)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    node = np.arange(sizes.sum())
    place = node - first
    before = first + np.maximum(place - draw.integers(1, 4, len(node)), 0)
    bonds = np.stack([before, node])[:, place > 0]
    begin = np.repeat(np.cumsum(sizes) - sizes, draw.integers(1, 3, num_graphs))
    closing = begin + draw.integers(0, 9, len(begin))
    bonds = np.concatenate([bonds, np.stack([closing, closing + 6])], axis=1)
    both = np.concatenate([bonds, bonds[::-1]], axis=1)
    source, target = both[:, np.argsort(both[1], kind="stable")]
    return EdgeList(source, target, len(node), sizes)
