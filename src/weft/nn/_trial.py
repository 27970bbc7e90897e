"""A trial of a formula on three edges, before it runs on all: shapes, memory for an edge, and what it must not do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ..errors import FormulaError
from ..ops import Structure
from ._chunks import Chunk, listed
from ._expression import refuse_captured
from ._given import Given, Reading

Compute = Callable[[Reading], tuple[Tensor, ...]]


class Trial(NamedTuple):
    """What is known of a formula after a trial."""

    shapes: tuple[torch.Size, ...]  # of what it returns, behind the edges
    dtypes: tuple[torch.dtype, ...]
    bytes_per_edge: int
    draws: bool  # it draws random numbers

    @property
    def bytes_of_message(self) -> int:
        """Of what the formula returns for an edge."""
        return sum(shape.numel() * dtype.itemsize for shape, dtype in zip(self.shapes, self.dtypes, strict=True))


def try_on_edges(compute: Compute, given: Given, rows: Structure, needs: Sequence[bool], shares_rows: bool) -> Trial:
    """Run a formula on three edges and on one of them.

    Raises:
        FormulaError: if it captures a tensor, or if what it returns for an edge depends on which other edges there are.
    """
    tensors = [x.detach() for x in given.tensors]
    chunks = [_three_edges(rows, count) for count in (3, 1)]
    if not rows.num_edges:
        tensors = [x if given.is_shared(i) else x.new_zeros((1, *x.shape[1:])) for i, x in enumerate(tensors)]
    before = random_state(rows.indptr.device)
    made, sizes = [], []
    for chunk in chunks:
        reading = Reading(given, tensors, chunk, needs, shares_rows)
        watch = reading.watch = _Watch(reading)
        with torch.set_grad_enabled(any(needs)), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the same warnings come when it runs
            with torch.autograd.graph.saved_tensors_hooks(watch.save, lambda x: x):
                made.append(compute(reading))
        sizes.append(watch.num_bytes + sum(_bytes(x) for i, x in reading.leaves.items() if not given.is_shared(i)))
    after = random_state(rows.indptr.device)
    draws = not all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    if draws:
        set_random_state(before, rows.indptr.device)
    if rows.num_edges and not draws:
        _refuse_mixing(made)
    each = max(0, sizes[0] - sizes[1]) // 2
    shapes = tuple(x.shape[1:] for x in made[0])
    return Trial(shapes, tuple(x.dtype for x in made[0]), each, draws)


def random_state(device: torch.device) -> tuple[Tensor, ...]:
    """The states of the generators that a formula may draw from."""
    if device.type == "cpu":
        return (torch.get_rng_state(),)
    return torch.get_rng_state(), getattr(torch, device.type).get_rng_state(device)


def set_random_state(states: tuple[Tensor, ...], device: torch.device) -> None:
    """Bring the generators back to a state."""
    torch.set_rng_state(states[0])
    if len(states) > 1:
        getattr(torch, device.type).set_rng_state(states[1], device)


def _three_edges(rows: Structure, count: int) -> Chunk:
    """The first, the middle and the last edge, or the last alone; without edges, as many of node 0."""
    num_edges = rows.num_edges
    positions = torch.tensor([0, num_edges // 2, num_edges - 1][3 - count :], device=rows.indptr.device)
    if num_edges:
        return listed(rows, positions)
    zeros = torch.zeros_like(positions)
    return Chunk(Structure(torch.arange(count + 1, device=zeros.device), zeros), zeros, zeros, zeros, 0, 0, False)


def _refuse_mixing(made: Sequence[tuple[Tensor, ...]]) -> None:
    """Refuse a formula that gives an edge something else when it is alone: chunks would change the result."""
    for together, alone in zip(*made, strict=True):
        if not (together.is_floating_point() or together.is_complex()):
            continue
        a, b = together[-1:].detach().double(), alone.detach().double()
        scale = torch.maximum(a.abs().amax(), b.abs().amax()) if a.numel() else 0
        if a.shape != b.shape or bool(((a - b).abs() > 0.1 * scale).any()):
            raise FormulaError(
                "formula: expected a message that depends on one edge, got another one for the same edge among three and "
                "alone; hint: sums, means, norms and softmax over the first dimension mix edges: let `reduce` do them"
            )


class _Watch(TorchFunctionMode):
    """Counts the bytes that a formula makes, and refuses tensors that nobody gave it."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self.num_bytes, self._reading = 0, reading
        self._held: list[Tensor] = []  # an address is taken once only as long as its tensor lives
        self._known: set[int] = set()
        self._stored: set[int] = set()
        given = reading.given
        for x in (*reading.tensors, *(b for module in given.modules.values() for b in module.buffers())):
            self._note(x)
            self._stored.add(_address(x))

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Look at the tensors that go in and come out."""
        kwargs = kwargs or {}
        if self._reading.is_fetching:
            return func(*args, **kwargs)
        for x in _tensors_in((args, kwargs)):
            # What a module holds beside parameters and buffers is its own affair, unless it wants a gradient.
            if not self._knows(x) and (x.requires_grad or not self._reading.num_calls):
                refuse_captured(x)
        result = func(*args, **kwargs)
        for x in _tensors_in(result):
            self._note(x)
            self._count(x)
        return result

    def admit(self, args: tuple[Any, ...]) -> None:
        """Tensors that the function is called with."""
        for x in _tensors_in(args):
            self._note(x)

    def _knows(self, x: Tensor) -> bool:
        return id(x) in self._known or any(x is leaf for leaf in self._reading.leaves.values())

    def _note(self, x: Tensor) -> None:
        self._known.add(id(x))
        self._held.append(x)

    def save(self, x: Tensor) -> Tensor:
        """Count what autograd keeps."""
        self._count(x)
        return x

    def _count(self, x: Tensor) -> None:
        if _address(x) not in self._stored:
            self._stored.add(_address(x))
            self._held.append(x)
            self.num_bytes += _bytes(x)


def _address(x: Tensor) -> int:
    return x.untyped_storage().data_ptr()


def _bytes(x: Tensor) -> int:
    return x.numel() * x.element_size()


def _tensors_in(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors_in(part)
    elif isinstance(value, dict):
        yield from _tensors_in(tuple(value.values()))
