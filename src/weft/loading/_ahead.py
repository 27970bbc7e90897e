"""Work done ahead of whoever takes its results, in threads, in order."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

from ..errors import OptionError, message
from ..native import using_threads

_T = TypeVar("_T")
_R = TypeVar("_R")


def batches_ahead(where: str, prefetch: int | None, num_threads: int, *, waits: bool) -> int:
    """How many batches are made ahead: what was asked for, else 2 where somebody waits for other than these cores, else none.

    Raises:
        OptionError: if a number is too low.
    """
    for option, value, least in (("prefetch", prefetch, 0), ("num_threads", num_threads, 1)):
        if value is not None and value < least:
            raise OptionError(message(where, f"`{option}` of at least {least}", str(value)))
    return prefetch if prefetch is not None else 2 if waits else 0


def is_elsewhere(device: torch.device | str | int | None) -> bool:
    """Whether a device is not the CPU."""
    return device is not None and torch.empty(0, device=device).device.type != "cpu"


def ahead(work: Callable[[_T], _R], things: Sequence[_T], *, prefetch: int, num_threads: int) -> Iterator[_R]:
    """Give `work(thing)` for each thing in order, up to `prefetch` of them worked out before they are asked for.

    Each piece of work runs on one of `num_threads` threads, alone on it. Whoever stops early (break, exception, Ctrl-C)
    waits for what has begun; what has not is forgotten. An error of the work is raised where its result would have come.

    >>> list(ahead(len, ["a", "bc"], prefetch=1, num_threads=1))
    [1, 2]
    """
    if prefetch == 0:
        yield from map(work, things)
        return
    pool = ThreadPoolExecutor(num_threads, thread_name_prefix="weft-loading")
    under_way: deque[Future[_R]] = deque()
    try:
        for thing in things:
            under_way.append(pool.submit(_alone, work, thing))
            if len(under_way) > prefetch:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _alone(work: Callable[[_T], _R], thing: _T) -> _R:
    with using_threads(1):
        return work(thing)
