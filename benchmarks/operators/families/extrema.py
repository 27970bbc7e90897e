"""Highest and lowest values of what the sources hold."""

from __future__ import annotations

from .operator import Draw, Inputs, Operator


def _features(draw: Draw) -> Inputs:
    return {"x": draw.features()}


OPERATORS = {name: Operator(_features, chosen=("x",)) for name in ("max", "min")}
