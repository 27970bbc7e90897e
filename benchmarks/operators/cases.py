"""What is timed: which operators, on which graphs, at which widths and in which dtypes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.graphs import EdgeList, flat, molecules, rmat, uniform

from .families import FAMILY_OF, OPERATORS
from .families.operator import Draw

WIDTHS = (16, 64, 100, 256)
ALL_WIDTHS = (1, 8, 16, 47, 64, 100, 128, 256)
DTYPES = ("float32", "bfloat16")
SMALL_PASSES = ("forward", "forward_with_grad")
# Each as it is timed, and as `--quick` has it. The small one is so small that only overhead counts.
GRAPHS: dict[str, tuple[Callable[[], EdgeList], Callable[[], EdgeList]]] = {
    "rmat": (lambda: rmat(17, 2**21), lambda: rmat(12, 2**15)),
    "rmat_in_order": (lambda: rmat(17, 2**21).in_target_order(), lambda: rmat(12, 2**15).in_target_order()),
    "rmat_large": (lambda: rmat(20, 2**24), lambda: rmat(13, 2**16)),
    "flat": (lambda: flat(200_000, 10), lambda: flat(5_000, 10)),
    "molecules": (lambda: molecules(4096), lambda: molecules(128)),
    "small": (lambda: uniform(24, 50), lambda: uniform(24, 50)),
}
DEFAULT_GRAPHS = ("rmat", "flat", "molecules", "small")


@dataclass(frozen=True)
class Case:
    """One operator on one graph at one width, 0 where there is none, in one dtype."""

    operator: str
    graph: str
    width: int
    dtype: str = "float32"

    def to_json(self) -> dict[str, Any]:
        """Give the case as the workers read it."""
        return asdict(self)

    @property
    def name(self) -> str:
        """Name the case in tables and messages."""
        width = f" {self.width}" if self.width else ""
        return f"{self.graph} {self.operator}{width}" + ("" if self.dtype == "float32" else f" {self.dtype}")

    @property
    def family(self) -> str:
        """Name the family of the operator."""
        return FAMILY_OF[self.operator]

    @property
    def passes(self) -> tuple[str, ...]:
        """List what is timed."""
        return SMALL_PASSES if self.graph == "small" else OPERATORS[self.operator].passes


def cases(graphs: Iterable[str], widths: Iterable[int], operators: Iterable[str], dtypes: Iterable[str]) -> list[Case]:
    """List the cases, graph by graph."""
    widths, operators, dtypes, found = tuple(widths), tuple(operators), tuple(dtypes), []
    for graph in graphs:
        if graph == "small":
            found += [Case("copy_sum", graph, 16)] if "copy_sum" in operators else []
            continue
        for name in operators:
            operator = OPERATORS[name]
            if operator.graphs and graph not in operator.graphs:
                continue
            least = operator.least_width
            sizes = (0,) if least is None else tuple(width for width in widths if width >= least)
            found += [Case(name, graph, size, dtype) for dtype in dtypes if dtype in operator.dtypes for size in sizes]
    return found


def inputs(case: Case, edges: EdgeList) -> dict[str, np.ndarray]:
    """Draw the inputs of a case, numbers in float32; every worker draws the same ones."""
    return OPERATORS[case.operator].inputs(Draw(edges, case.width))
