"""A linear map for each type of edge."""

from __future__ import annotations

from .operator import LAYER, Draw, Inputs, Operator

NUM_RELATIONS = 8


def _rgcn(draw: Draw) -> Inputs:
    width = draw.width
    return {
        "x": draw.features(),
        "matrices": draw.matrix(NUM_RELATIONS, width, width),
        "bias": draw.normal(width),
        "relation": draw.generator.integers(0, NUM_RELATIONS, draw.edges.num_edges),
    }


OPERATORS = {"rgcn": Operator(_rgcn, LAYER)}
