"""Sums weighted by a softmax over the edges of a target, 8 heads."""

from __future__ import annotations

import numpy as np

from .operator import LAYER, Draw, Inputs, Operator

NUM_HEADS = 8


def head_sizes(width: int) -> tuple[int, int]:
    """Split a width over the heads; what does not fit a whole number is dropped (100 becomes 8 of 12)."""
    return NUM_HEADS, width // NUM_HEADS


def _scoring(draw: Draw) -> np.ndarray:
    """Draw vectors that give scores near 1: of large ones a softmax magnifies what bfloat16 rounds away."""
    heads, each = head_sizes(draw.width)
    return draw.normal(1, heads, each, scale=each**-0.5)


def _edge_softmax(draw: Draw) -> Inputs:
    return {"score": draw.normal(draw.edges.num_edges, NUM_HEADS)}


def _gat(draw: Draw) -> Inputs:
    heads, each = head_sizes(draw.width)
    made = {"x": draw.features(), "matrix": draw.matrix(heads * each, draw.width), "bias": draw.normal(heads * each)}
    return {**made, **{name: _scoring(draw) for name in ("from_source", "from_target")}}


def _gatv2(draw: Draw) -> Inputs:
    heads, each = head_sizes(draw.width)
    maps = {name: draw.matrix(heads * each, draw.width) for name in ("matrix", "other")}
    return {"x": draw.features(), **maps, "score": _scoring(draw)}


def _dot_attention(draw: Draw) -> Inputs:
    heads, each = head_sizes(draw.width)
    maps = {name: draw.matrix(heads * each, draw.width) for name in ("query", "key", "value")}
    return {"x": draw.features(), **maps}


OPERATORS = {
    "edge_softmax": Operator(_edge_softmax, least_width=None),
    "gat": Operator(_gat, LAYER, NUM_HEADS),
    "gatv2": Operator(_gatv2, LAYER, NUM_HEADS),
    "dot_attention": Operator(_dot_attention, LAYER, NUM_HEADS),
}
