"""Sums with a weight for each edge."""

from __future__ import annotations

from .operator import LAYER, Draw, Inputs, Operator


def _weighted_sum(draw: Draw) -> Inputs:
    return {"x": draw.features(), "weight": draw.normal(draw.edges.num_edges)}


def _gcn(draw: Draw) -> Inputs:
    return {"x": draw.features(), "matrix": draw.matrix(draw.width, draw.width), "bias": draw.normal(draw.width)}


OPERATORS = {"weighted_sum": Operator(_weighted_sum), "gcn": Operator(_gcn, LAYER)}
