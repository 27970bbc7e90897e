"""Messages that are a formula of their own: one that is a program, and one with a network in it, which runs in chunks."""

from __future__ import annotations

from .operator import LAYER, Draw, Inputs, Operator


def _gine(draw: Draw) -> Inputs:
    return {"x": draw.features(), "edge": draw.normal(draw.edges.num_edges, draw.width)}


def _edge_conv(draw: Draw) -> Inputs:
    width = draw.width
    return {
        "x": draw.features(),
        "first": draw.matrix(width, 2 * width),
        "first_bias": draw.normal(width),
        "second": draw.matrix(width, width),
        "second_bias": draw.normal(width),
    }


OPERATORS = {"gine": Operator(_gine, LAYER), "edge_conv": Operator(_edge_conv, LAYER, chosen=("x",))}
