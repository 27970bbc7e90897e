"""What people do with a graph before they learn on it; results whose order is free are compared by their sizes."""

from __future__ import annotations

import numpy as np

from .operator import NO_GRADIENT, Draw, Inputs, Operator

NUM_SEEDS = 1000
HOPS = 2
NUM_BATCHED = 256
ROUNDS = 20  # of PageRank
DAMPING = 0.85


def _edges(draw: Draw) -> Inputs:
    return {"source": draw.edges.source, "target": draw.edges.target}


def _mirrored(draw: Draw) -> Inputs:
    """Half of the edges in both directions, by source and then target, as libraries store undirected graphs."""
    source, target = (ids[: len(ids) // 2] for ids in (draw.edges.source, draw.edges.target))
    both = np.concatenate([source, target]), np.concatenate([target, source])
    order = np.lexsort(both[::-1])
    return {"source": both[0][order], "target": both[1][order]}


def _nodes(draw: Draw) -> Inputs:
    """Half of the nodes, in random order, and some seeds."""
    nodes = draw.generator.permutation(draw.edges.num_nodes)
    return {"nodes": nodes[: (len(nodes) + 1) // 2], "seeds": nodes[:NUM_SEEDS]}


def _many(draw: Draw) -> Inputs:
    """The first graphs of a batch, each with its own numbers, and features of nodes and edges."""
    sizes = np.array([draw.edges.num_nodes]) if draw.edges.sizes is None else draw.edges.sizes[:NUM_BATCHED]
    ends = np.append(0, np.cumsum(sizes))
    inside = draw.edges.target < ends[-1]
    source, target = draw.edges.source[inside], draw.edges.target[inside]
    graph = np.searchsorted(ends, target, side="right") - 1
    lengths = np.bincount(graph, minlength=len(sizes))
    features = {"x": draw.normal(ends[-1], 16), "w": draw.normal(len(source), 4)}
    return {
        "sizes": sizes,
        "lengths": lengths,
        "source": source - ends[graph],
        "target": target - ends[graph],
        **features,
    }


OPERATORS = {
    name: Operator(inputs, NO_GRADIENT, None, ("float32",), graphs=graphs)
    for inputs, graphs, names in (
        (_edges, (), ("build", "to_bidirected", "simplify", "components", "pagerank")),
        (_mirrored, (), ("build_symmetric",)),
        (_nodes, (), ("node_subgraph", "khop_subgraph")),
        (_many, ("molecules",), ("batch", "unbatch")),
    )
    for name in names
}
