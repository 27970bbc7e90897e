"""One row of the table: a data set, a protocol, and the figures that were published for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .protocol import Protocol

Kind = Literal["nodes", "graphs", "entities", "metapaths"]


@dataclass(frozen=True)
class Figure:
    """A published mean in percent, its deviation where one was given, and where it stands."""

    mean: float
    deviation: float | None
    where: str


@dataclass(frozen=True)
class Experiment:
    """A row, which is named `dataset/model`.

    Args:
        seeds: trainings by default; seed s trains on split s modulo the number of splits.
        remark: what differs from the source, or why the figure is not reached.
    """

    dataset: str
    model: str
    protocol: Protocol
    published: tuple[Figure, ...]
    seeds: int = 10
    kind: Kind = "nodes"
    remark: str = ""

    @property
    def name(self) -> str:
        """Name the row as the command line does."""
        return f"{self.dataset}/{self.model}"

    def spread(self, deviation: float) -> tuple[float, float]:
        """Give the range that the published figures span with their deviations; where one has none, ours stands in."""
        deviations = [deviation if figure.deviation is None else figure.deviation for figure in self.published]
        ranges = [(figure.mean - d, figure.mean + d) for figure, d in zip(self.published, deviations, strict=True)]
        return min(low for low, _ in ranges), max(high for _, high in ranges)
