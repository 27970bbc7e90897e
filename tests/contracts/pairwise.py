"""Few samples of an operator in which as many pairs of argument values as can be meet."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from torch import Tensor

from weft.ops import Structure


def pairwise(samples: list[tuple[Any, ...]], most: int | None = None) -> set[int]:
    """Choose numbers of samples, the one that adds most pairs first, until no pair of `_value`s is missing.

    Args:
        most: how many to choose at most; None for as many as it takes.

    >>> sorted(pairwise([("sum", True), ("sum", False), ("max", True), ("sum", True)]))
    [0, 1, 2]
    >>> sorted(pairwise([("sum", True), ("sum", False), ("max", True), ("sum", True)], most=1))
    [0]
    """
    pairs = [set(combinations(enumerate(map(_value, sample)), 2)) or {_value(sample[0])} for sample in samples]
    missing, chosen = set().union(*pairs), set()
    while missing and len(chosen) != most:
        best = max(range(len(pairs)), key=lambda at: len(pairs[at] & missing))
        missing -= pairs[best]
        chosen.add(best)
    return chosen


def _value(argument: Any) -> Any:
    """What of an argument leads to another route: options whole, of tensors and structures their kind."""
    if isinstance(argument, Tensor):
        return str(argument.dtype), argument.dim(), argument.numel() == 0
    if isinstance(argument, Structure):
        return type(argument).__name__, str(argument.indptr.dtype), argument.num_edges == 0
    return argument if isinstance(argument, (str, bool, type(None))) else type(argument).__name__
