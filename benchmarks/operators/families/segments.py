"""Consecutive rows that belong together, such as the nodes of each graph of a batch."""

from __future__ import annotations

import numpy as np

from .operator import NO_GRADIENT, Draw, Inputs, Operator

TOP = 8  # values that segment_topk keeps of each segment


def segment_lengths(num_rows: int) -> np.ndarray:
    """Cut the rows into segments of 1 to 63 rows, like the graphs of a batch."""
    draw = np.random.default_rng(11)
    ends = np.cumsum(draw.integers(1, 64, num_rows))
    ends = np.append(ends[ends < num_rows], num_rows)
    return np.diff(ends, prepend=0)


def _segments(draw: Draw) -> Inputs:
    sizes = draw.edges.sizes
    return {"x": draw.features(), "lengths": segment_lengths(draw.edges.num_nodes) if sizes is None else sizes}


OPERATORS = {
    "segment_sum": Operator(_segments),
    "segment_max": Operator(_segments, chosen=("x",)),
    "segment_softmax": Operator(_segments),
    "segment_topk": Operator(_segments, chosen=("x",)),
    "segment_sort": Operator(_segments, chosen=("x",)),
    "segment_argmax": Operator(_segments, NO_GRADIENT, chosen=("out",)),
    "segment_cumsum": Operator(_segments),
}
