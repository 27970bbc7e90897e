"""Measures a case: the libraries take turns, one runs, the others wait."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .agreement import accurate, compare, narrow
from .cases import Case
from .remote import Remote, Settings, WorkerError, reason

SETTLE = 0.003  # seconds; the OpenMP threads of the library that ran before spin a while, then sleep
SPEED_UP_ROUNDS = 3


class Timed(Protocol):
    """What takes turns: a remote library, or one thing that it does."""

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Do it, and say how that went, see `Remote.ask`."""


@dataclass
class Measured:
    """A case: for every pass and library the seconds of each round, and what is worth saying about each library.

    `memory` holds the bytes of one step and how they were found; `speed_up` how much faster weft's passes are on all threads
    than on one.
    """

    case: Case
    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    route: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    memory: dict[str, dict[str, Any]] = field(default_factory=dict)
    speed_up: dict[str, float] = field(default_factory=dict)

    def median(self, what: str, library: str) -> float | None:
        """Give the median seconds of a pass, None where the library has none."""
        found = self.seconds.get(what, {}).get(library)
        return statistics.median(found) if found else None


def measure(case: Case, remotes: Mapping[str, Remote], settings: Settings) -> Measured:
    """Prepare a case everywhere, compare the results, time every pass in turns, and measure the memory of a step.

    Raises:
        WorkerError: if weft cannot run the case or the libraries disagree.
    """
    measured, results, forward_only = Measured(case), {}, set()
    exact = remotes["weft"].ask("exact", case=case.to_json()) if narrow(case) and "weft" in remotes else {"ok": False}
    for name, remote in remotes.items():
        found = remote.ask("prepare", case=case.to_json())
        if not found["ok"]:
            if name == "weft" or found["kind"] == "error":
                raise WorkerError(f"{case.name}: {name} fails: {found['why']}\n{found.get('trace', '')}")
            measured.missing[name] = reason(found)
            continue
        results[name], measured.route[name] = found["results"], found["kernels"]
        if not found["backward"]:
            forward_only.add(name)
    if exact["ok"]:
        kept = accurate(case, exact["results"], results, measured.missing)
    else:
        compare(case, results)
        kept = list(results)
    for what in case.passes:
        able = [name for name in kept if name not in measured.missing]
        turn = {n: remotes[n] for n in able if what.startswith("forward") or n not in forward_only}
        measured.seconds[what] = take_turns(what, turn, settings, measured.missing)
    last = measured.seconds[case.passes[-1]]  # a library that cannot do this one has no step to compare with
    for name in last:
        found = remotes[name].ask("memory")
        if found.pop("ok") and found["bytes"] is not None:
            measured.memory[name] = found
    if settings.speed_up and settings.threads > 1 and "weft" in last:
        measured.speed_up = {what: speed_up(remotes["weft"], what, settings) for what in case.passes}
    for remote in remotes.values():
        remote.ask("drop")
    return measured


def speed_up(remote: Remote, what: str, settings: Settings) -> float:
    """Divide the time of a pass on one thread by that on all, in turns.

    Raises:
        WorkerError: if the worker fails.
    """
    seconds: dict[int, list[float]] = {1: [], settings.threads: []}

    def ask(do: str, **arguments: Any) -> dict[str, Any]:
        found = remote.ask(do, **arguments)
        if not found["ok"]:
            raise WorkerError(f"{remote.name}, {what} on other threads: {reason(found)}")
        return found

    number = ask("calibrate", what=what)["number"]
    for _ in range(min(settings.repeat, SPEED_UP_ROUNDS)):
        for threads, rounds in seconds.items():
            ask("threads", count=threads)
            rounds.append(ask("time", what=what, number=number)["seconds"])
    return statistics.median(seconds[1]) / statistics.median(seconds[settings.threads])


def take_turns(
    what: str, remotes: Mapping[str, Timed], settings: Settings, missing: dict[str, str]
) -> dict[str, list[float]]:
    """Time a pass: every round asks each library once, in an order that rotates."""
    seconds: dict[str, list[float]] = {name: [] for name in remotes}
    number: dict[str, int] = {}

    def attempt(name: str, do: str, **arguments: Any) -> dict[str, Any] | None:
        found = remotes[name].ask(do, what=what, **arguments)
        if not found["ok"]:
            missing[name] = f"{what}: {reason(found)}"
            seconds.pop(name)
        time.sleep(SETTLE)
        return found if found["ok"] else None

    for name in list(seconds):
        found = attempt(name, "calibrate")
        if found is not None:
            number[name] = found["number"]
    begun = time.perf_counter()
    for turn in range(settings.repeat):
        if turn >= 3 and time.perf_counter() - begun > settings.budget:
            break
        names = list(seconds)
        for name in names[turn % len(names) :] + names[: turn % len(names)] if names else []:
            found = attempt(name, "time", number=number[name])
            if found is not None:
                seconds[name].append(found["seconds"])
    return seconds
