"""How much memory one call takes above what is held already, as the operating system sees it."""

from __future__ import annotations

import ctypes
import gc
import threading
import time
from collections.abc import Callable
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")
RESET_PEAK = "5"
HIGH_WATER = "peak of the resident set, reset before the call"
SAMPLED = "resident set, read every millisecond"
UNKNOWN = "not known on this system"


def trim() -> None:
    """Free what nobody holds and give it back to the system, so that taking it again counts."""
    gc.collect()
    release = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if release is not None:
        release(0)


def extra_bytes(call: Callable[[], object]) -> tuple[int | None, str]:
    """Run a call, and give the most bytes that it held above what the process held before, and how that was found."""
    trim()
    if not STATUS.exists():
        call()
        return None, UNKNOWN
    return _by_peak(call) if _reset_peak() else _by_samples(call)


def _by_peak(call: Callable[[], object]) -> tuple[int, str]:
    before = _status("VmRSS")
    call()
    return max(_status("VmHWM") - before, 0), HIGH_WATER


def _by_samples(call: Callable[[], object]) -> tuple[int, str]:
    before, highest, ended = _status("VmRSS"), [0], threading.Event()

    def watch() -> None:
        while not ended.is_set():
            highest[0] = max(highest[0], _status("VmRSS"))
            time.sleep(1e-3)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        call()
    finally:
        ended.set()
        watcher.join()
    return max(highest[0] - before, 0), SAMPLED


def _reset_peak() -> bool:
    """Let the peak of the resident set begin anew; say whether the system did so."""
    try:
        CLEAR.write_text(RESET_PEAK)
    except OSError:
        return False
    return True


def _status(name: str) -> int:
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    raise ValueError(f"expected {name} in {STATUS}, which has none")
