"""Reversible residual groups: a stack of them keeps the last result alone, and computes the others again in backward."""

from __future__ import annotations

import contextlib
import copy
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor, nn

from ...errors import GradientError, OptionError, ShapeError, message
from ...graph import adjacency_of
from .._arguments import Edges
from .._in_chunks import has_values
from .._reset import reset_inside
from .._trial import random_state, set_random_state


@final
class GroupRevRes(nn.Module):
    """A residual layer for each group of the features, whose input can be computed from its result.

    With x split into num_groups groups x_1, x_2, ... along the features and a copy f_c of the network for each:

        y_0 = x_2 + x_3 + ...
        y_c = x_c + f_c(graph, y_{c - 1})
        out = [y_1, y_2, ...]

    *Shapes* `x: (num_nodes, *, num_features) -> (num_nodes, *, num_features)`, where num_groups divides num_features

    Args:
        network: a module that is called with (graph, x) and the inputs by name, and gives the shape of x; made for
            num_features / num_groups features. It is the first group's; the others get copies with parameters of their own.

    Raises:
        OptionError: in the constructor, if there are fewer than two groups.
        ShapeError: in the call, if the graph is bipartite, the groups do not divide the features, or the network gives
            another shape.
        GradientError: in backward, if the result was changed in place.

    *Source* Li, Müller, Ghanem and Koltun, 2021, Training Graph Neural Networks with 1000 Layers, arXiv:2106.07476,
    section 3.2, equations 2 and 3.

    *Differs from the source* normalisation and dropout are the network's. Dropout draws again what it drew; statistics of
    batches are gathered once.
    *Differs from DGL* inputs are one mapping by name; memory of x is never taken away: it is free when nobody holds x.
    Parameters are DGL's: `gnn_modules.C.*`.
    *Differs from PyG* its parameters are `convs.C.*`; groups are along the last dimension, and backward may run twice.

    *Cost* one more forward in backward. A layer keeps its result, and not even that once it has gone into a layer of
    this kind: so many of them in a row keep N x num_features numbers together, beside what they are given by name. What
    is computed again differs from what it was by rounding.

    >>> import torch
    >>> from weft.graph import Graph
    >>> from weft.nn import GraphConv
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer = GroupRevRes(GraphConv(2, 2), num_groups=2)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 4])
    """

    def __init__(self, network: nn.Module, num_groups: int = 2) -> None:
        super().__init__()
        if num_groups < 2:
            raise OptionError(message("GroupRevRes", "`num_groups` of at least 2", str(num_groups)))
        self.num_groups = num_groups
        self.gnn_modules = copies(network, num_groups)

    def reset_parameters(self) -> None:
        """Draw the parameters of all groups anew."""
        reset_inside(*self.gnn_modules)

    def forward(self, graph: Edges, x: Tensor, inputs: Mapping[str, Tensor] | None = None) -> Tensor:
        """Compute the new features of all nodes; `inputs` go to the network by name."""
        adjacency, inputs = adjacency_of(graph), dict(inputs or {})
        is_square = isinstance(x, Tensor) and adjacency.num_sources == adjacency.num_targets == x.shape[0]
        if not is_square or x.dim() < 2 or x.shape[-1] % self.num_groups:
            size = tuple(x.shape) if isinstance(x, Tensor) else "a pair"
            got = f"{size} for {adjacency.num_sources} sources and {adjacency.num_targets} targets"
            form = f"one tensor of a row for each node of a square graph, and {self.num_groups} groups of features"
            raise ShapeError(message("GroupRevRes", form, got))
        return run_reversibly(list(self.gnn_modules), adjacency, x, inputs=inputs)

    def extra_repr(self) -> str:
        """Number of groups."""
        return f"num_groups={self.num_groups}"


def copies(network: nn.Module, count: int) -> nn.ModuleList:
    """The network and copies of it that draw their parameters anew, `count` together."""
    others = [copy.deepcopy(network) for _ in range(count - 1)]
    reset_inside(*others)
    return nn.ModuleList([network, *others])


def run_reversibly(
    modules: Sequence[Any],
    graph: Any,
    x: Tensor,
    *,
    args: Sequence[Any] = (),
    inputs: Mapping[str, Tensor] | None = None,
) -> Tensor:
    """Run the networks of all groups on x, each called with the graph, its features, `args` and `inputs`.

    *Shapes* `x: (num_nodes, *, num_features)`, of as many groups as there are networks -> the same
    """
    job = _Groups(modules, graph, tuple(args), dict(inputs or {}), x.device.type)
    tensors = job.tensors
    needs = torch.is_grad_enabled() and any(each.requires_grad for each in (x, *tensors))
    if torch.compiler.is_compiling() or not needs or not all(has_values(each) for each in (x, *tensors)):
        return job.run(x)
    front = getattr(x.grad_fn, "held", None)
    with torch.autograd.graph.saved_tensors_hooks(lambda _: job.held, lambda held: held.get()):
        out: Tensor = _Reversible.apply(job, x, *tensors)  # type: ignore[no-untyped-call]
    if isinstance(front, _Held) and front.is_still(x):
        front.value, front.behind = None, job
        job.front = weakref.ref(front)
    return out


@final
class _Held:
    """A result, or the layer behind it from whose result it is computed."""

    def __init__(self, value: Tensor) -> None:
        self.value: Tensor | None = value
        self.version = value._version
        self.behind: _Groups | None = None

    def is_still(self, x: Tensor) -> bool:
        """Whether x is this result, as it was."""
        value = self.value
        return value is not None and value.data_ptr() == x.data_ptr() and x._version == self.version

    def get(self) -> Tensor:
        """The result."""
        if self.value is None:
            assert self.behind is not None, "a result that nobody has"
            with torch.no_grad():
                self.put(self.behind.invert(self.behind.result()))
        value = self.value
        assert value is not None, "a result was put"
        if value._version != self.version:
            hint = "out-of-place operations on what a layer gave"
            raise GradientError(message("GroupRevRes", "its result as it was", "one that was changed in place", hint))
        return value

    def put(self, value: Tensor) -> None:
        """Keep the result."""
        self.value, self.version = value, value._version


@final
class _Groups:
    """The networks of all groups on one graph with their inputs, forward and back."""

    def __init__(
        self, modules: Sequence[Any], graph: Any, args: tuple[Any, ...], inputs: dict[str, Tensor], device: str
    ) -> None:
        self.modules, self.graph, self.args, self.inputs, self.device = modules, graph, args, inputs, device
        given = (*args, *inputs.values())
        self.given = [each for each in given if isinstance(each, Tensor) and each.is_floating_point()]
        self.held: _Held | None = None
        self.front: weakref.ref[_Held] | None = None  # a reference both ways would outlive the graph
        self.states: list[tuple[Tensor, ...]] = []
        self.parameters = [dict(module.named_parameters()) for module in modules]
        self.lowers_to = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None

    @property
    def tensors(self) -> list[Tensor]:
        """All tensors that may get a gradient beside x: inputs, then parameters by group."""
        own = [parameter for group in self.parameters for parameter in group.values()]
        return [*self.given, *own]

    def run(self, x: Tensor, remembers: bool = False) -> Tensor:
        """Forward, as it stands in the docstring; it may remember the random generator's state before each group."""
        parts = x.chunk(len(self.modules), -1)
        y, out = _total(parts[1:]), []
        for module, part in zip(self.modules, parts, strict=True):
            if remembers:
                self.states.append(random_state(x.device))
            h = module(self.graph, y, *self.args, **self.inputs)
            _check(h, part)
            y = part + h
            out.append(y)
        return torch.cat(out, -1)

    def again(self, at: int, y: Tensor) -> Tensor:
        """What the network of a group gave: with its draws, and without a trace in its statistics."""
        module = self.modules[at]
        buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
        now = random_state(y.device)
        set_random_state(self.states[at], y.device)
        lowered = torch.autocast(self.device, self.lowers_to) if self.lowers_to else contextlib.nullcontext()
        try:
            with lowered:
                values = {**self.parameters[at], **buffers}
                return torch.func.functional_call(module, values, (self.graph, y, *self.args), self.inputs)  # type: ignore[no-any-return]
        finally:
            set_random_state(now, y.device)

    def result(self) -> Tensor:
        """What the layer gave."""
        assert self.held is not None, "it ran"
        return self.held.get()

    def invert(self, out: Tensor) -> Tensor:
        """X from the result."""
        ys = out.chunk(len(self.modules), -1)
        xs: list[Tensor] = []
        for at in range(len(ys) - 1, 0, -1):
            xs.insert(0, ys[at] - self.again(at, ys[at - 1]))
        return torch.cat([ys[0] - self.again(0, _total(xs)), *xs], -1)

    def differentiable_gradients(self, out: Tensor, grad: Tensor, needs: Sequence[bool]) -> list[Tensor | None]:
        """The gradients of x and of `tensors`, connected with all of them: x is computed from the result, which is connected."""
        x = self.invert(out)
        # x depends on the tensors as well, so that the gradients asked for are those of other names for them.
        alias = {id(each): each.view_as(each) for each in self.tensors}
        twin = copy.copy(self)
        twin.parameters = [{name: alias[id(p)] for name, p in group.items()} for group in self.parameters]
        twin.args = tuple(alias.get(id(each), each) for each in self.args)
        twin.inputs = {name: alias.get(id(each), each) for name, each in self.inputs.items()}
        parts = x.chunk(len(self.modules), -1)
        y, again = _total(parts[1:]), []
        for at, part in enumerate(parts):
            y = part + twin.again(at, y)
            again.append(y)
        asked = [x, *(alias[id(each)] for each, need in zip(self.tensors, needs, strict=True) if need)]
        found = iter(torch.autograd.grad(torch.cat(again, -1), asked, grad, create_graph=True, allow_unused=True))
        return [next(found), *(next(found) if need else None for need in needs)]

    def backward(self, out: Tensor, grad: Tensor, needs: Sequence[bool]) -> tuple[Tensor, list[Tensor | None]]:
        """The gradients of x, and of `tensors`; x goes to the layer in front."""
        count, tensors = len(self.modules), self.tensors
        ys, grads = out.detach().chunk(count, -1), list(grad.chunk(count, -1))
        xs: list[Tensor] = []
        totals: list[Tensor | None] = [None] * len(tensors)
        of_sum = grad
        for at in range(count - 1, -1, -1):
            y = (ys[at - 1] if at else _total(xs)).detach().requires_grad_()
            with torch.enable_grad():
                h = self.again(at, y)
            xs.insert(0, ys[at] - h.detach())
            mine = {id(each) for each in (*self.given, *self.parameters[at].values())}
            wanted = [i for i, each in enumerate(tensors) if needs[i] and id(each) in mine]
            asked = grads[at].to(h.dtype)
            found = torch.autograd.grad(h, [y, *(tensors[i] for i in wanted)], asked, allow_unused=True)
            for i, part in zip(wanted, found[1:], strict=True):
                before = totals[i]
                totals[i] = part if before is None else before if part is None else before + part
            of_y = torch.zeros_like(y) if found[0] is None else found[0]
            if at:
                grads[at - 1] = grads[at - 1] + of_y
            else:
                of_sum = of_y
        front = None if self.front is None else self.front()
        if front is not None:
            front.put(torch.cat(xs, -1))
        return torch.cat([grads[0], *(each + of_sum for each in grads[1:])], -1), totals


class _Reversible(torch.autograd.Function):
    """Keeps the result, or nothing if a layer behind can give it back."""

    @staticmethod
    def forward(ctx: Any, job: _Groups, x: Tensor, *tensors: Tensor) -> Tensor:
        """Run, and keep the result."""
        out = job.run(x, remembers=True)
        ctx.job, ctx.tensors = job, tensors
        ctx.held = job.held = _Held(out.detach())
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Compute x again, and all gradients group by group."""
        job: _Groups = ctx.job
        (out,) = ctx.saved_tensors
        if torch.is_grad_enabled():
            return None, *job.differentiable_gradients(out, grad, ctx.needs_input_grad[2:])
        of_x, found_all = job.backward(out, grad, ctx.needs_input_grad[2:])
        if job.held is not None and job.held.behind is not None:
            job.held.value = None
        return None, of_x, *found_all


def _total(parts: Sequence[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _check(h: Any, like: Tensor) -> None:
    if not isinstance(h, Tensor) or h.shape != like.shape:
        got = str(tuple(h.shape)) if isinstance(h, Tensor) else type(h).__name__
        raise ShapeError(message("GroupRevRes", f"a network that gives {tuple(like.shape)}", got))
