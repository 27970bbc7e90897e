"""The tables: times and ratios, memory, and what further threads bring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmarks import table

from .driver import Measured

SLOW = 10e-3  # seconds of a pass for which further threads matter
COUNTS = 1e6  # bytes of a step for which a ratio says something: the system counts pages, and not all at once


def duration(seconds: float | None) -> str:
    """Write seconds with a unit that suits them."""
    if seconds is None:
        return "-"
    return f"{1e6 * seconds:.1f} us" if seconds < 1e-3 else f"{1e3 * seconds:.2f} ms"


def megabytes(count: float | None) -> str:
    """Write a number of bytes in MB."""
    return "-" if count is None else f"{count / 1e6:.1f}"


def peers(measured: Measured, what: str) -> dict[str, float]:
    """Give the median seconds of every library but weft."""
    found = {name: measured.median(what, name) for name in measured.seconds.get(what, {}) if name != "weft"}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


OURS = "weft.dgl"  # DGL's interface over weft: shown beside the peers, and none of them


def compared_passes(cases: Iterable[Measured]) -> Iterator[tuple[Measured, str, float, dict[str, float]]]:
    """Give every pass that weft and a peer have, with weft's seconds and the peers'; the smallest graph stays out."""
    for measured in cases:
        for what in measured.case.passes:
            ours, theirs = measured.median(what, "weft"), peers(measured, what)
            theirs.pop(OURS, None)
            if ours is not None and theirs and measured.case.graph != "small":
                yield measured, what, ours, theirs


def ratio_table(cases: Iterable[Measured], libraries: list[str]) -> str:
    """Lay out weft's time and every peer's time divided by it; `*` marks the fastest peer."""
    others = [name for name in libraries if name != "weft"]
    rows = []
    for measured in cases:
        for what in measured.case.passes:
            ours, theirs = measured.median(what, "weft"), peers(measured, what)
            best = min(theirs.keys() - {OURS}, key=lambda name: theirs[name], default="")
            cells = []
            for name in others:
                seconds = theirs.get(name)
                text = "-" if seconds is None else duration(seconds) if ours is None else f"{seconds / ours:.2f}x"
                cells.append(text + ("*" if name == best else " "))
            rows.append([measured.case.name, what.replace("_", " "), duration(ours), *cells])
    return table.render(["case", "pass", "weft", *(f"{name} " for name in others)], rows, left=2)


def memory_table(cases: Iterable[Measured], libraries: list[str]) -> str:
    """Lay out the MB of one step in every library, and weft's divided by those of the leanest peer."""
    rows = []
    for measured in cases:
        held = {name: measured.memory.get(name, {}).get("bytes") for name in libraries}
        ours = held.get("weft")
        least = min((count for name, count in held.items() if name != "weft" and count is not None), default=0)
        ratio = f"{ours / least:.2f}x" if ours and least and max(ours, least) >= COUNTS else "-"
        if measured.memory:
            rows.append([measured.case.name, *(megabytes(held[name]) for name in libraries), ratio])
    return table.render(["MB of one step", *libraries, "weft / leanest peer"], rows)


def speed_up_table(cases: Iterable[Measured]) -> str:
    """Lay out how much faster weft is on all threads than on one, for passes that take more than 10 ms."""
    rows = []
    for measured in cases:
        for what, ratio in measured.speed_up.items():
            ours = measured.median(what, "weft")
            if ours is not None and ours > SLOW:
                rows.append([measured.case.name, what.replace("_", " "), duration(ours), f"{ratio:.2f}x"])
    return table.render(["case", "pass", "weft", "all threads against one"], rows, left=2)


def missing_lines(cases: Iterable[Measured]) -> list[str]:
    """List the reasons why libraries were not measured, each with its cases."""
    found: dict[tuple[str, str], list[str]] = {}
    for measured in cases:
        for library, why in measured.missing.items():
            found.setdefault((library, why), []).append(measured.case.name)
    return [
        f"{library}: {why} ({', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''})"
        for (library, why), names in sorted(found.items())
    ]
