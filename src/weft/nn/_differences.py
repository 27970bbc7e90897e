"""A network of a node and its difference to a neighbour, whose first linear map is taken to the nodes: they are fewer."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import OptionError, message
from ..graph import Adjacency
from ..ops import spmm
from ._aggregate import aggregate
from ._arguments import Reduce
from ._formula import Formula, formula
from ._steps import has_hooks, numbered, run, steps_of


def reduce_differences(
    where: str, adjacency: Adjacency, x_source: Tensor, x_target: Tensor, network: nn.Module, reduce: Reduce
) -> Tensor:
    """Reduce what a network makes of each edge: `reduce over edges e = j -> i of network([x[i], x[j] - x[i]])`.

    *Shapes* `x_source: (num_sources, *, F)`, `x_target: (num_targets, *, F)` -> `(num_targets, *, D)`

    Raises:
        OptionError: if the network begins with a linear map of another width.

    *Cost* if the network is a linear map, or begins with one, that reads nodes; what is behind it reads E x its width.
    """
    first, *steps = steps_of(network)
    width = x_source.shape[-1]
    if type(first) is not nn.Linear or has_hooks(network, first):
        ends: dict[str, Any] = {"source": {"x": x_source}, "target": {"x": x_target}, "shared": {"network": network}}
        return aggregate(adjacency, _WHOLE, reduce=reduce, **ends)
    if first.in_features != 2 * width:
        raise OptionError(message(where, f"a network of {2 * width} features", f"one of {first.in_features}"))
    of_node, of_difference = first.weight.chunk(2, 1)
    of_source = functional.linear(x_source, of_difference)
    of_target = functional.linear(x_target, of_node - of_difference, first.bias)
    return reduce_behind(adjacency, of_source, of_target, steps, reduce)


def reduce_behind(
    adjacency: Adjacency, of_source: Tensor, of_target: Tensor, steps: list[nn.Module], reduce: Reduce
) -> Tensor:
    """Reduce what steps make of the sum of both ends of an edge.

    *Shapes* `of_source: (num_sources, *, F)`, `of_target: (num_targets, *, F)` -> `(num_targets, *, D)`
    """
    if steps and type(steps[0]) is nn.BatchNorm1d:
        of_source, of_target = _normalised(adjacency, of_source, of_target, steps[0])
        steps = steps[1:]
    if not steps:
        return _reduced_sums(adjacency, of_source, of_target, reduce)
    last = steps[-1] if reduce != "max" and type(steps[-1]) is nn.Linear and not has_hooks(steps[-1]) else None
    program = _PROGRAMS.get(type(steps[0])) if len(steps) == 1 + (last is not None) else None
    shared: dict[str, Any] = {}
    if program is None:
        inner = steps[:-1] if last is not None else steps
        program, shared = _STEPS, numbered(inner)
    ends: dict[str, Any] = {"source": {"u": of_source}, "target": {"u": of_target}, "shared": shared}
    out = aggregate(adjacency, program, reduce=reduce, **ends)
    if last is None:
        return out
    out = functional.linear(out, last.weight)
    if last.bias is None:
        return out
    counts = _counts(adjacency, out, reduce)
    return out + (counts * last.bias).to(out.dtype)


def _reduced_sums(adjacency: Adjacency, of_source: Tensor, of_target: Tensor, reduce: Reduce) -> Tensor:
    """The reduction of sums: what the target adds to all of them stands outside."""
    counts = _counts(adjacency, of_target, reduce).to(of_target.dtype)
    return spmm(adjacency.by_target, of_source, None, reduce) + counts * of_target


def _counts(adjacency: Adjacency, like: Tensor, reduce: Reduce) -> Tensor:
    """How often a constant counts for each target, by the reduction."""
    degrees = adjacency.in_degrees().reshape(-1, *(1,) * (like.dim() - 1))
    return degrees if reduce == "sum" else degrees.clamp(max=1)


def _normalised(adjacency: Adjacency, u: Tensor, v: Tensor, norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """Batch normalisation of u[j] + v[i] over all edges, as a factor and a term for each end."""
    if norm.training or norm.running_mean is None or norm.running_var is None:
        mean, variance = _statistics(adjacency, u, v)
        _update(norm, adjacency.num_edges, mean, variance)
    else:
        mean, variance = norm.running_mean, norm.running_var
    scale = (variance + norm.eps).rsqrt()
    scale = scale if norm.weight is None else scale * norm.weight
    shift = -mean * scale if norm.bias is None else norm.bias - mean * scale
    return (u * scale).to(u.dtype), (v * scale + shift).to(v.dtype)


def _statistics(adjacency: Adjacency, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance over the edges of u[j] + v[i]: (u + v)^2 = u^2 + v^2 + 2 u v needs one pass for u v."""
    dtype = torch.promote_types(u.dtype, torch.float32)
    u, v = u.to(dtype), v.to(dtype)
    count = max(adjacency.num_edges, 1)
    of_sources, of_targets = adjacency.out_degrees().to(dtype) / count, adjacency.in_degrees().to(dtype) / count
    mean_u, mean_v = of_sources @ u, of_targets @ v
    u, v = u - mean_u, v - mean_v
    both = (v * spmm(adjacency.by_target, u)).sum(0) / count
    return mean_u + mean_v, of_sources @ (u * u) + of_targets @ (v * v) + 2 * both


def _update(norm: nn.BatchNorm1d, count: int, mean: Tensor, variance: Tensor) -> None:
    """Move the running statistics as torch does."""
    if not norm.training or count == 0 or norm.running_mean is None or norm.running_var is None:
        return
    with torch.no_grad():
        momentum: Any = norm.momentum
        if norm.num_batches_tracked is not None:
            norm.num_batches_tracked.add_(1)
            momentum = 1 / norm.num_batches_tracked if momentum is None else momentum
        unbiased = variance.detach() * (count / max(count - 1, 1))
        norm.running_mean.mul_(1 - momentum).add_(momentum * mean.detach())
        norm.running_var.mul_(1 - momentum).add_(momentum * unbiased)


def _whole(source: Any, target: Any, edge: Any, shared: Any) -> Tensor:
    return shared["network"](torch.cat((target["x"], source["x"] - target["x"]), -1))  # type: ignore[no-any-return]


_WHOLE = formula(_whole)
_PROGRAMS: dict[type[nn.Module], Formula] = {
    nn.ReLU: formula(lambda source, target: torch.relu(source["u"] + target["u"])),
    nn.Sigmoid: formula(lambda source, target: torch.sigmoid(source["u"] + target["u"])),
    nn.Tanh: formula(lambda source, target: torch.tanh(source["u"] + target["u"])),
}


def _in_steps(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return run(source["u"] + target["u"], shared)


_STEPS = formula(_in_steps, trace=False)
