"""Sums and means of what the sources hold."""

from __future__ import annotations

from .operator import LAYER, Draw, Inputs, Operator


def _features(draw: Draw) -> Inputs:
    return {"x": draw.features()}


def _sage(draw: Draw) -> Inputs:
    made, width = _features(draw), draw.width
    return {**made, "matrix": draw.matrix(width, width), "bias": draw.normal(width), "root": draw.matrix(width, width)}


OPERATORS = {"copy_sum": Operator(_features), "mean": Operator(_features), "sage": Operator(_sage, LAYER)}
