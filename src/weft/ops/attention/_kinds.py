"""The kinds of attention: how a score is computed from the two ends of an edge, and what its gradient sends back to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple, final

import torch
from torch import Tensor
from torch.nn import functional

from ...errors import ShapeError, message
from .._checks import check_rows, check_same_dtype, expect
from .._structure import Structure

Inputs = tuple[Tensor, Tensor, Tensor]


class Ends(NamedTuple):
    """Ids of each position, as int64."""

    source: Tensor
    target: Tensor
    edge: Tensor


class Kind(ABC):
    """A score of two ends. Methods but `check` take inputs in the dtype that sums have."""

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, str, str]]
    option: ClassVar[str]  # the name of the number that belongs to the score
    form: ClassVar[str]  # the shapes of the inputs
    value_at: ClassVar[int]  # which input is summed
    reads_output: ClassVar[bool]  # whether the gradient reads what forward gave; if not, layers may change it in place

    @abstractmethod
    def check(self, name: str, rows: Structure, inputs: Inputs) -> int:
        """Refuse inputs that do not fit, and give the width of what scores read."""

    @abstractmethod
    def score(self, ends: Ends, inputs: Inputs, option: float) -> Tensor:
        """The scores, `(num_edges, *H)` by position."""

    @abstractmethod
    def send(self, ends: Ends, inputs: Inputs, option: float, of_score: Tensor, of_value: Tensor) -> Inputs:
        """The gradients of the inputs from those of scores and values."""

    @abstractmethod
    def draw(self, rows: Structure, num_sources: int, heads: tuple[int, ...], width: int) -> tuple[Inputs, float]:
        """Inputs and an option for samples."""

    def _check_ends(
        self, name: str, rows: Structure, at_source: dict[str, Tensor], at_target: dict[str, Tensor]
    ) -> None:
        """Refuse ends that are not `(nodes, *H, width)` with equal heads, or not as many as `rows` says."""
        check_rows(name, rows)
        tensors = {**at_source, **at_target}
        check_same_dtype(name, **tensors)
        first = next(iter(at_source.values()))
        got = " and ".join(str(tuple(x.shape)) for x in tensors.values())
        if any(x.dim() < 2 or x.dim() != first.dim() for x in tensors.values()):
            raise ShapeError(message(name, self.form, got))
        for argument, x in tensors.items():
            if x.shape[-1] == 0:
                raise ShapeError(message(name, f"`{argument}` with a width of at least 1", got))
            count = first.shape[0] if argument in at_source else rows.num_targets
            for fits in (x.shape[1:-1] == first.shape[1:-1], x.shape[0] == count):
                expect(fits, lambda: message(name, self.form, got))


def _sum(like: Tensor, ids: Tensor, x: Tensor) -> Tensor:
    """The rows of x added up by id, in the shape of `like`."""
    return torch.zeros_like(like).index_add(0, ids, x)


@final
class Gat(Kind):
    """leaky_relu(left[j] + right[i])"""

    name, inputs, option = "gat", ("z", "left", "right"), "negative_slope"
    form = "`z` (num_sources, *H, width), `left` (num_sources, *H) and `right` (num_targets, *H)"
    value_at, reads_output = 0, False

    def check(self, name: str, rows: Structure, inputs: Inputs) -> int:
        z, left, right = inputs
        self._check_ends(name, rows, {"z": z, "left": left.unsqueeze(-1)}, {"right": right.unsqueeze(-1)})
        return z.shape[-1]

    def score(self, ends: Ends, inputs: Inputs, option: float) -> Tensor:
        _, left, right = inputs
        return functional.leaky_relu(left[ends.source] + right[ends.target], option)

    def send(self, ends: Ends, inputs: Inputs, option: float, of_score: Tensor, of_value: Tensor) -> Inputs:
        _, left, right = inputs
        through = of_score * _slope(left[ends.source] + right[ends.target], option)
        return of_value, _sum(left, ends.source, through), _sum(right, ends.target, through)

    def draw(self, rows: Structure, num_sources: int, heads: tuple[int, ...], width: int) -> tuple[Inputs, float]:
        z, left = _randn(num_sources, *heads, width), 2 * _randn(num_sources, *heads)
        return (z, left, 2 * _randn(rows.num_targets, *heads)), _sample_slope(width)


@final
class Gatv2(Kind):
    """factor . leaky_relu(left[j] + right[i])"""

    name, inputs, option = "gatv2", ("left", "right", "factor"), "negative_slope"
    form = "`left` (num_sources, *H, width), `right` (num_targets, *H, width) and `factor` (*H, width)"
    value_at, reads_output = 0, True

    def check(self, name: str, rows: Structure, inputs: Inputs) -> int:
        left, right, factor = inputs
        self._check_ends(name, rows, {"left": left}, {"right": right})
        check_same_dtype(name, left=left, factor=factor)
        got = f"{tuple(left.shape)}, {tuple(right.shape)} and {tuple(factor.shape)}"
        fits = right.shape[-1] == left.shape[-1] and factor.shape == left.shape[1:]
        expect(fits, lambda: message(name, self.form, got))
        return left.shape[-1]

    def score(self, ends: Ends, inputs: Inputs, option: float) -> Tensor:
        left, right, factor = inputs
        return (functional.leaky_relu(left[ends.source] + right[ends.target], option) * factor).sum(-1)

    def send(self, ends: Ends, inputs: Inputs, option: float, of_score: Tensor, of_value: Tensor) -> Inputs:
        left, right, factor = inputs
        both = left[ends.source] + right[ends.target]
        sloped = of_score.unsqueeze(-1) * _slope(both, option)
        through = sloped * factor
        of_left = of_value.index_add(0, ends.source, through)
        return of_left, _sum(right, ends.target, through), (sloped * both).sum(0)

    def draw(self, rows: Structure, num_sources: int, heads: tuple[int, ...], width: int) -> tuple[Inputs, float]:
        left, right = _randn(num_sources, *heads, width), _randn(rows.num_targets, *heads, width)
        return (left, right, _randn(*heads, width) / width**0.5), _sample_slope(width)


@final
class Dot(Kind):
    """scale * query[i] . key[j]"""

    name, inputs, option = "dot", ("query", "key", "value"), "scale"
    form = "`query` (num_targets, *H, key_width), `key` (num_sources, *H, key_width), `value` (num_sources, *H, width)"
    value_at, reads_output = 2, True

    def check(self, name: str, rows: Structure, inputs: Inputs) -> int:
        query, key, value = inputs
        self._check_ends(name, rows, {"value": value, "key": key}, {"query": query})
        got = f"{tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
        expect(query.shape[-1] == key.shape[-1], lambda: message(name, self.form, got))
        return key.shape[-1]

    def score(self, ends: Ends, inputs: Inputs, option: float) -> Tensor:
        query, key, _ = inputs
        return (query[ends.target] * key[ends.source]).sum(-1) * option

    def send(self, ends: Ends, inputs: Inputs, option: float, of_score: Tensor, of_value: Tensor) -> Inputs:
        query, key, _ = inputs
        through = of_score.unsqueeze(-1) * option
        of_query = _sum(query, ends.target, through * key[ends.source])
        return of_query, _sum(key, ends.source, through * query[ends.target]), of_value

    def draw(self, rows: Structure, num_sources: int, heads: tuple[int, ...], width: int) -> tuple[Inputs, float]:
        key_width = width + 3 * (width == 5)
        query, key = _randn(rows.num_targets, *heads, key_width), _randn(num_sources, *heads, key_width)
        return (query, key, _randn(num_sources, *heads, width)), key_width**-0.5


GAT, GATV2, DOT = Gat(), Gatv2(), Dot()
# In the order of `enum Kind` in attention.h.
KINDS: dict[str, Kind] = {kind.name: kind for kind in (GAT, GATV2, DOT)}


def _slope(x: Tensor, negative_slope: float) -> Tensor:
    return torch.full_like(x, negative_slope).masked_fill(x > 0, 1.0)


def _sample_slope(width: int) -> float:
    return 0.2 if width > 2 else -0.3


def _randn(*shape: Any) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)
