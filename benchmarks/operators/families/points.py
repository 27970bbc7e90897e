"""Searches among points of three dimensions, as many as the graph has nodes; a cloud for each graph of a batch."""

from __future__ import annotations

import numpy as np

from .operator import NO_GRADIENT, Draw, Inputs, Operator

NUM_NEIGHBORS = 16
NUM_FARTHEST = 1024
FARTHEST_OF_EACH = 8  # where there are many clouds
SIDE = 1024  # squared distances of whole numbers up to this are exact in float32


def _points(draw: Draw) -> Inputs:
    nodes, sizes = draw.edges.num_nodes, draw.edges.sizes
    sizes = np.array([nodes]) if sizes is None else sizes
    # About NUM_NEIGHBORS points of the largest cloud lie in a ball of this radius; no two points are exactly so far apart.
    volume = SIDE**3 * NUM_NEIGHBORS / max(sizes.max(), 1)
    radius = np.sqrt(np.floor((volume * 3 / (4 * np.pi)) ** (2 / 3)) + 0.5)
    chosen = min(NUM_FARTHEST, nodes) if len(sizes) == 1 else min(FARTHEST_OF_EACH, sizes.min())
    points = draw.generator.integers(0, SIDE, (nodes, 3)).astype(np.float32)
    made = {"points": points, "lengths": sizes, "count": np.array(min(NUM_NEIGHBORS, sizes.min() - 1))}
    return {**made, "radius": np.array(radius), "chosen": np.array(chosen)}


OPERATORS = {name: Operator(_points, NO_GRADIENT, None, ("float32",)) for name in ("knn", "radius", "farthest_points")}
