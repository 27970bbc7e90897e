"""Formulas that are no program: they run on chunks of edges, and again in backward unless all edges fit into one budget."""

from __future__ import annotations

import contextlib
import functools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, final

import torch
from torch import Tensor
from torch.autograd import forward_ad

from .. import settings
from ..errors import FormulaError, GradientError, OptionError, WeftWarning, message
from ..ops import Structure, is_transforming, segment_reduce
from ._chunks import Chunk, whole
from ._given import Given, Reading
from ._reduction import Gradients, Reduction
from ._trial import Trial, random_state, set_random_state, try_on_edges


class Made(NamedTuple):
    """What a formula gave for a chunk, and the rows that it read, by their place in the list of tensors."""

    chunk: Chunk
    values: tuple[Tensor, ...]
    leaves: dict[int, Tensor]


@final
class InChunks:
    """One formula on one graph, ready to run in chunks.

    Args:
        function: of the sides, as the user wrote it.
        num_sides: how many of source, target, edge and shared it takes.
        shares_rows: whether shared tensors get a first dimension of 1, as those of a traced formula have.
        chunk_bytes: the budget; None takes that of the settings.
    """

    def __init__(
        self, function: Callable[..., Any], num_sides: int, shares_rows: bool, rows: Structure, given: Given,
        reduction: Reduction, chunk_bytes: int | None,
    ) -> None:  # fmt: skip
        self.function, self.num_sides, self.shares_rows = function, num_sides, shares_rows
        self.rows, self.given, self.reduction = rows, given, reduction
        self.budget = settings.chunk_bytes if chunk_bytes is None else chunk_bytes
        if self.budget < 1:
            raise OptionError(message("aggregate", "`chunk_bytes` of at least 1", str(self.budget)))
        self.modes = given.modes()
        device = rows.indptr.device.type
        self.lowers_to = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
        self.needs = tuple(x.requires_grad and torch.is_grad_enabled() for x in given.tensors)

    def run(self) -> list[Tensor]:
        """The results of the reduction."""
        if not self._can_cut():
            return self._at_once(self.given.tensors, [whole(self.rows)])
        _ = self.trial
        if any(self.needs):
            return list(_Function.apply(self, *self.given.tensors))  # type: ignore[no-untyped-call]
        return self.reduction.results(self.forward(self.given.tensors), self.trial)

    @functools.cached_property
    def trial(self) -> Trial:
        """What is known of the formula."""
        return try_on_edges(self.values, self.given, self.rows, self.needs, self.shares_rows)

    @functools.cached_property
    def capacity(self) -> int:
        """How many edges fit the budget."""
        return max(1, self.budget // max(1, self.bytes_per_edge))

    @property
    def bytes_per_edge(self) -> int:
        """Memory that an edge takes while its chunk is computed: what it reads and makes, in backward half as much again.

        There, a gradient takes the place of a value that is no longer needed, so that few are there beside the values.
        """
        trial = self.trial
        return trial.bytes_per_edge * (3 if any(self.needs) else 2) // 2 + 2 * trial.bytes_of_message + 32

    def chunks(self) -> Iterator[Chunk]:
        """All chunks, in order."""
        return self.reduction.cuts(self.rows, self.capacity)

    def values(self, reading: Reading) -> tuple[Tensor, ...]:
        """What the formula gives for a chunk, ready for the reduction."""
        with self._autocast(self.lowers_to is not None):
            made = reading.call(self.function, *reading.sides[: self.num_sides])
            made = made if isinstance(made, tuple) else (made,)
            for x in made:
                if not isinstance(x, Tensor) or x.dim() == 0 or x.shape[0] != reading.chunk.num_edges:
                    got = f"{tuple(x.shape)} for {reading.chunk.num_edges}" if isinstance(x, Tensor) else repr(x)
                    raise FormulaError(message("formula", "a message with a row for each edge", got))
            return tuple(self._lowered(x) for x in self.reduction.finish(made, reading))

    @property
    def fits(self) -> bool:
        """Whether all edges together stay within the budget."""
        return self.rows.num_edges <= self.capacity

    def forward(self, tensors: Sequence[Tensor], kept: list[Made] | None = None) -> list[Tensor]:
        """The results and what gradients read, filled chunk by chunk.

        Args:
            kept: gets what every chunk read and made, connected, so that backward need not make it again.
        """
        filled = self.reduction.begin(self.rows, self.trial, self.rows.indptr.device)
        tensors = [x.detach() for x in tensors]
        for chunk in self.chunks():
            made = self._take(filled, chunk, tensors, None if kept is None else self.needs)
            if kept is not None:
                kept.append(made)
            del made  # what it made is free before the next chunk begins
        return filled

    def _take(
        self, filled: list[Tensor], chunk: Chunk, tensors: Sequence[Tensor], needs: Sequence[bool] | None
    ) -> Made:
        made = self._made(tensors, chunk, needs)
        with torch.no_grad(), self._autocast(False):
            self.reduction.take(filled, chunk, tuple(x.detach() for x in made.values))
        return made

    def _made(self, tensors: Sequence[Tensor], chunk: Chunk, needs: Sequence[bool] | None) -> Made:
        reading = self._reading(tensors, chunk, needs)
        with torch.set_grad_enabled(needs is not None):
            return Made(chunk, self.values(reading), reading.leaves)

    def backward(
        self, tensors: Sequence[Tensor], filled: Sequence[Tensor], grads: Sequence[Tensor | None],
        needs: Sequence[bool], kept: list[Made],
    ) -> list[Tensor | None]:  # fmt: skip
        """The gradients of the tensors, added up chunk by chunk in a fixed order; what was kept is used up.

        What was not kept is made again, of the edges that matter, unless other chunks would draw other random numbers.
        """
        rows = self.rows
        if not kept and not self.trial.draws:
            rows, filled = self.reduction.reached(rows, filled, grads)
        gradients, sums = self.reduction.gradients(rows, filled, grads), _Sums(self.given, tensors)
        for chunk in [made.chunk for made in kept] or self.reduction.cuts(rows, self.capacity):
            made = kept.pop(0) if kept else self._made(tensors, chunk, needs)
            self._add_gradients(sums, made, gradients, needs)
            del made
        return sums.totals

    def _add_gradients(self, sums: _Sums, made: Made, gradients: Gradients, needs: Sequence[bool]) -> None:
        chunk, values = made.chunk, made.values
        with self._autocast(False):
            grads = gradients(chunk, values)
        pairs = [(x, grad) for x, grad in zip(values, grads, strict=True) if x.requires_grad]
        wanted = [at for at, leaf in made.leaves.items() if leaf.requires_grad and needs[at]]
        if not pairs or not wanted:
            return
        leaves = [made.leaves[at] for at in wanted]
        outputs, asked = zip(*pairs, strict=True)
        found = torch.autograd.grad(outputs, leaves, asked, allow_unused=True)
        with self._autocast(False):
            for at, grad in zip(wanted, found, strict=True):
                if grad is not None:
                    sums.add(at, chunk, grad)

    def differentiable(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The same results with the same draws, connected with the tensors; all edges are in memory at once."""
        chunks = list(self.chunks())
        if self.rows.num_edges > self.capacity:
            warnings.warn(
                "the gradient of a gradient keeps all edges of a formula that runs in chunks in memory at once",
                WeftWarning,
                stacklevel=2,
            )
        return self._at_once(tensors, chunks)

    def _at_once(self, tensors: Sequence[Tensor], chunks: Sequence[Chunk]) -> list[Tensor]:
        values = [self.values(self._reading(tensors, chunk)) for chunk in chunks]
        return self.reduction.together(self.rows, chunks, values)

    def _reading(self, tensors: Sequence[Tensor], chunk: Chunk, needs: Sequence[bool] | None = None) -> Reading:
        return Reading(self.given, tensors, chunk, needs, self.shares_rows)

    def _autocast(self, enabled: bool) -> Any:
        if self.lowers_to is None:
            return contextlib.nullcontext()
        return torch.autocast(self.rows.indptr.device.type, self.lowers_to, enabled)

    def _lowered(self, x: Any) -> Any:
        if self.lowers_to is None or not isinstance(x, Tensor) or x.dtype not in _LOWERED:
            return x
        return x.to(self.lowers_to)

    def _can_cut(self) -> bool:
        """Whether sizes may decide what runs: not while compiling or exporting, nor under transforms of torch.func."""
        # A transform may be under way that no tensor of the formula takes part in; it forbids new leaves all the same.
        if torch.compiler.is_compiling() or is_transforming():
            return False
        return all(has_values(x) for x in (*self.given.tensors, self.rows.indptr))


_LOWERED = (torch.float32, torch.float16, torch.bfloat16)


class _Function(torch.autograd.Function):
    """Runs in chunks both ways and keeps the inputs, the results and what the reduction keeps for each target.

    Where all edges fit into the budget of a chunk, what the formula made of them is kept as well.
    """

    @staticmethod
    def forward(ctx: Any, job: InChunks, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Run, and keep what backward reads."""
        ctx.job = job
        ctx.state = random_state(job.rows.indptr.device) if job.trial.draws else None
        ctx.kept = list[Made]()
        filled = job.forward(tensors, ctx.kept if job.fits else None)
        ctx.num_tensors = len(tensors)
        ctx.save_for_backward(*tensors, *filled)
        ctx.set_materialize_grads(False)
        return tuple(job.reduction.results(filled, job.trial))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """Run again chunk by chunk, with the draws of the first time."""
        job: InChunks = ctx.job
        if job.given.modes() != job.modes:
            raise GradientError(
                "aggregate: expected modules as they were in forward, got other ones in training; hint: switch between "
                "training and evaluation after backward, not before it"
            )
        tensors, filled = ctx.saved_tensors[: ctx.num_tensors], ctx.saved_tensors[ctx.num_tensors :]
        needs = ctx.needs_input_grad[1:]
        if all(grad is None for grad in grads):
            return None, *([None] * len(needs))
        with _drawing_from(ctx.state, job.rows.indptr.device):
            if torch.is_grad_enabled():
                return None, *_differentiable_gradients(job, tensors, grads, needs)
            return None, *job.backward(tensors, filled, grads, needs, ctx.kept)


def _differentiable_gradients(
    job: InChunks, tensors: Sequence[Tensor], grads: Sequence[Tensor | None], needs: Sequence[bool]
) -> list[Tensor | None]:
    # A tensor may come under two names, and each name has a gradient of its own.
    aliases = [x.view_as(x) for x in tensors]
    pairs = [(x, g) for x, g in zip(job.differentiable(aliases), grads, strict=True) if g is not None]
    outputs, asked = zip(*((x, g) for x, g in pairs if x.requires_grad), strict=True)
    wanted = [x for x, need in zip(aliases, needs, strict=True) if need]
    found = iter(torch.autograd.grad(outputs, wanted, asked, create_graph=True, allow_unused=True))
    return [next(found) if need else None for need in needs]


class _Sums:
    """Gradients of the tensors of a formula, which chunks add to."""

    def __init__(self, given: Given, tensors: Sequence[Tensor]) -> None:
        self._given, self._tensors = given, tensors
        self._sums: dict[int, Tensor] = {}

    def add(self, at: int, chunk: Chunk, grad: Tensor) -> None:
        """Add what the edges of a chunk give to one tensor."""
        x, side = self._tensors[at], self._given.side(at)
        if at not in self._sums:
            # Many chunks add to one row: halves of precision would be lost; an edge is met once.
            dtype = x.dtype if side == "edge" else torch.promote_types(x.dtype, torch.float32)
            shape = x.shape if side == "shared" else (x.shape[0], math.prod(x.shape[1:]))
            self._sums[at] = torch.zeros(shape, dtype=dtype, device=x.device)
        total = self._sums[at]
        if side == "shared":
            total.add_(grad.reshape(x.shape))
            return
        grad = grad.reshape(grad.shape[0], math.prod(x.shape[1:])).to(total.dtype)
        if side == "edge":
            total[chunk.edge] = grad
        elif side == "source":
            total.index_add_(0, chunk.structure.source.long(), grad)
        else:
            total[chunk.rows] += segment_reduce(chunk.structure.indptr, grad)

    @property
    def totals(self) -> list[Tensor | None]:
        """One for each tensor that got anything, in its shape and dtype."""
        return [
            self._sums[i].to(x.dtype).reshape(x.shape) if i in self._sums else None for i, x in enumerate(self._tensors)
        ]


@contextlib.contextmanager
def _drawing_from(state: tuple[Tensor, ...] | None, device: torch.device) -> Iterator[None]:
    if state is None:
        yield
        return
    now = random_state(device)
    set_random_state(state, device)
    try:
        yield
    finally:
        set_random_state(now, device)


def has_values(x: Tensor) -> bool:
    """A plain tensor: not fake, not on the meta device, not wrapped by a transform, without a forward-mode tangent."""
    if type(x) not in (Tensor, torch.nn.Parameter) or x.device.type == "meta":
        return False
    try:
        x.data_ptr()
    except RuntimeError:  # a wrapper of torch.func has no storage
        return False
    return forward_ad.unpack_dual(x).tangent is None
