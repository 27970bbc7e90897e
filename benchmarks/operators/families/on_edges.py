"""Results for each edge, from the features of its two ends."""

from __future__ import annotations

from .operator import Draw, Inputs, Operator


def _both_ends(draw: Draw) -> Inputs:
    return {"x": draw.features(), "y": draw.features()}


OPERATORS = {"dot": Operator(_both_ends), "add": Operator(_both_ends)}
