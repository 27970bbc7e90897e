"""Each family in one line: the geometric means of the peers' times divided by weft's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmarks import table

from .driver import Measured
from .families import FAMILIES
from .report import compared_passes

FASTEST = "fastest"
ALL = "all"


@dataclass
class Family:
    """The ratios of a family's passes, of each peer and of the fastest one."""

    ratios: dict[str, list[float]] = field(default_factory=dict)

    def add(self, ours: float, theirs: dict[str, float]) -> None:
        """Add a pass."""
        for name, seconds in {**theirs, FASTEST: min(theirs.values())}.items():
            self.ratios.setdefault(name, []).append(seconds / ours)

    def mean(self, name: str) -> float | None:
        """Give the geometric mean of the ratios of a peer, None where it has none of the passes."""
        found = self.ratios.get(name)
        return math.exp(sum(map(math.log, found)) / len(found)) if found else None

    def num_not_slower(self) -> int:
        """Count the passes in which weft is no slower than the fastest peer."""
        return sum(ratio >= 1 for ratio in self.ratios[FASTEST])


def families(cases: Iterable[Measured]) -> dict[str, Family]:
    """Sort the passes by family, and all of them together; families without any are left out."""
    found: dict[str, Family] = {name: Family() for name in (*FAMILIES, ALL)}
    for measured, _, ours, theirs in compared_passes(cases):
        for name in (measured.case.family, ALL):
            found[name].add(ours, theirs)
    return {name: family for name, family in found.items() if family.ratios}


def family_table(found: dict[str, Family], libraries: list[str]) -> str:
    """Lay out the means, with the number of passes behind each peer's."""
    names = [*(name for name in libraries if name != "weft"), FASTEST]
    rows = []
    for title, family in found.items():
        cells = []
        for name in names:
            mean = family.mean(name)
            count = "" if name == FASTEST else f" ({len(family.ratios.get(name, ()))})"
            cells.append("-" if mean is None else f"{mean:.2f}x{count}")
        rows.append([title, *cells, f"{family.num_not_slower()} of {len(family.ratios[FASTEST])}"])
    return table.render(["family", *names, "no slower than it"], rows)


def to_json(found: dict[str, Family]) -> dict[str, Any]:
    """Give the families as the result file stores them."""
    return {
        title: {
            "geometric_mean": {name: round(family.mean(name) or 0, 4) for name in family.ratios},
            "passes": len(family.ratios[FASTEST]),
            "no_slower": family.num_not_slower(),
        }
        for title, family in found.items()
    }
