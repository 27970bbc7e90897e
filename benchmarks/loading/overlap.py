"""When each batch of an epoch is asked for, made and used: a table, and where matplotlib is installed a plot."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor

from benchmarks import table
from weft.graph import Batch, Graph
from weft.sampling import Sampler

EVENTS = ("begun", "sampled", "made", "asked", "got", "used")
SHOWN = 12  # rows of a table


class Timeline:
    """Seconds since the epoch began, by batch and event: its work begun, its piece sampled, its features there (made); asked
    for by the model, got by it, and used.
    """

    def __init__(self) -> None:
        self._begin = time.perf_counter()
        self._found: dict[int, dict[str, float]] = {}

    def mark(self, number: int, event: str) -> None:
        """Note that something happened to a batch, now; if it happens again, the last time counts."""
        self._found.setdefault(number, {})[event] = time.perf_counter() - self._begin

    def follow(self, batches: Iterable[Any], train: Callable[[Any], Any]) -> list[dict[str, float]]:
        """Use every batch of an epoch, and tell what happened when."""
        self._begin, number = time.perf_counter(), 0
        iterator, end = iter(batches), object()
        while True:
            asked = time.perf_counter() - self._begin
            batch = next(iterator, end)
            if batch is end:
                break
            self.mark(number, "got")
            train(batch)
            self.mark(number, "used")
            self._found[number]["asked"] = asked
            number += 1
        return [{event: round(self._found[at][event], 6) for event in EVENTS} for at in range(number)]


@dataclass(frozen=True, eq=False)
class WatchedBatch(Batch):
    """A batch that tells when it is made; a loader that adds features makes it again."""

    on_made: Callable[[], None] = field(kw_only=True)

    def __post_init__(self) -> None:
        """Tell."""
        self.on_made()


class Watched(Sampler):
    """A sampler that marks when it begins a batch, when it ends, and when the loader has made of it what it gives."""

    def __init__(self, sampler: Sampler, timeline: Timeline) -> None:
        self._sampler, self._timeline = sampler, timeline

    @property
    def graph(self) -> Graph:
        """The graph of the sampler."""
        return self._sampler.graph

    @property
    def disjoint(self) -> bool:
        """What the sampler says."""
        return self._sampler.disjoint

    @property
    def timed(self) -> bool:
        """What the sampler says."""
        return self._sampler.timed

    def seeds_by_type(self, seeds: Any) -> dict[Any, Tensor]:
        """Check seeds as the sampler does."""
        return self._sampler.seeds_by_type(seeds)

    def sample(
        self, seeds: Any, *, epoch: int = 0, batch: int = 0, times: Any = None, exclude: Any = None, trees: Any = None
    ) -> Batch:
        """Draw what the sampler draws."""
        self._timeline.mark(batch, "begun")
        drawn = self._sampler.sample(seeds, epoch=epoch, batch=batch, times=times, exclude=exclude, trees=trees)
        self._timeline.mark(batch, "sampled")
        parts = {part.name: getattr(drawn, part.name) for part in fields(Batch)}
        return WatchedBatch(**parts, on_made=lambda: self._timeline.mark(batch, "made"))


def waited(rows: Sequence[Mapping[str, float]]) -> float:
    """Add up the seconds in which the model had nothing to do, without those for the first batch."""
    return sum(row["got"] - row["asked"] for row in rows[1:])


def show(rows: Sequence[Mapping[str, float]]) -> str:
    """Lay out the first batches in milliseconds, and sum up."""
    cells = [
        [str(at), *(f"{1e3 * row[event]:.1f}" for event in EVENTS), f"{1e3 * (row['got'] - row['asked']):.1f}"]
        for at, row in enumerate(rows[:SHOWN])
    ]
    making = sum(row["made"] - row["begun"] for row in rows)
    using = sum(row["used"] - row["got"] for row in rows)
    return "\n".join(
        [
            table.render(["batch", *EVENTS, "waited"], cells),
            f"of {rows[-1]['used']:.3f} s, {making:.3f} s went into making batches and {using:.3f} s into training; "
            f"the model waited {1e3 * rows[0]['got']:.1f} ms for the first batch and {1e3 * waited(rows):.1f} ms for all others",
        ]
    )


def plot(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draw a bar for the making and one for the using of each batch over time.

    Raises:
        ModuleNotFoundError: if matplotlib is not installed.
    """
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(10, 0.15 * len(rows) + 1))
    for begin, end, colour in (("begun", "sampled", "C0"), ("sampled", "made", "C1"), ("got", "used", "C2")):
        widths = [row[end] - row[begin] for row in rows]
        axes.barh(range(len(rows)), widths, left=[row[begin] for row in rows], color=colour, label=f"{begin} - {end}")
    axes.invert_yaxis()
    axes.set_xlabel("seconds")
    axes.set_ylabel("batch")
    axes.legend()
    figure.savefig(path, bbox_inches="tight")


def _pyplot() -> ModuleType:
    try:
        importlib.import_module("matplotlib").use("agg")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("matplotlib is not installed; hint: python -m pip install matplotlib") from error
    return importlib.import_module("matplotlib.pyplot")
