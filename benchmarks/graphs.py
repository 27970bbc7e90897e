"""The graphs that benchmarks run on, drawn with numpy so that every environment gets the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EdgeList:
    """Edge i goes from `source[i]` to `target[i]`."""

    source: np.ndarray
    target: np.ndarray
    num_nodes: int

    @property
    def num_edges(self) -> int:
        """Count the edges."""
        return len(self.source)


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
