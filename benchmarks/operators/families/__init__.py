"""The operators that are timed, by family: one file each."""

from __future__ import annotations

from . import attention, extrema, formulas, graphs, on_edges, points, segments, sparse, sums, typed, weighted
from .operator import Operator

FAMILIES: dict[str, dict[str, Operator]] = {
    "sums": sums.OPERATORS,
    "weighted": weighted.OPERATORS,
    "extrema": extrema.OPERATORS,
    "on_edges": on_edges.OPERATORS,
    "attention": attention.OPERATORS,
    "typed": typed.OPERATORS,
    "segments": segments.OPERATORS,
    "sparse": sparse.OPERATORS,
    "points": points.OPERATORS,
    "formulas": formulas.OPERATORS,
    "graphs": graphs.OPERATORS,
}
OPERATORS = {name: operator for family in FAMILIES.values() for name, operator in family.items()}
FAMILY_OF = {name: family for family, operators in FAMILIES.items() for name in operators}
