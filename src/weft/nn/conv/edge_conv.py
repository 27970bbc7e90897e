"""Edge convolution: a network of a node and its difference to each neighbour, of which the highest counts."""

from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, check_choice, message
from ...graph import Adjacency
from ...ops import spmm
from .._aggregate import aggregate
from .._arguments import Edges, Features, Reduce, resolve_ends
from .._formula import Formula, formula
from .._reset import reset_inside

AGGREGATORS = ("max", "mean", "sum")


@final
class EdgeConv(nn.Module):
    """Maximum over the neighbours of a map of each node and its difference to the neighbour.

    `out[i] = max over edges e = j -> i of norm(theta (x[j] - x[i]) + phi x[i])`, or with a network

    `out[i] = max over edges e = j -> i of network([x[i], x[j] - x[i]])`

    where theta and phi are linear maps with biases, and norm is batch normalisation over all edges, or nothing.

    *Shapes* `x: (num_nodes, *, in_features) -> (num_targets, *, out_features)`, or a pair `(x_source, x_target)` of one
    width; with batch normalisation or a network that has one, there are no dimensions between. Without an edge the result
    is 0.

    Args:
        network: a module from 2 * in_features to out_features in place of theta and phi.
        aggregator: "max", "mean" or "sum".
        batch_norm: normalises over edges in training, and by running statistics afterwards.
        reverses: theta maps x[i] - x[j], as in DGL; not for a network.

    Raises:
        OptionError: in the constructor, if the aggregator does not exist, or both `network` and `batch_norm` are given.
        ShapeError: in the call, if features do not fit the graph or the layer.
        FormulaError: in the call, if a network in training normalises a batch other than right behind its first map.

    *Source* Wang, Sun, Liu, Sarma, Bronstein and Solomon, 2019, Dynamic Graph CNN for Learning on Point Clouds,
    arXiv:1801.07829, equations 7 and 8.

    *Differs from the source* no relu, which may follow the maximum; other aggregators; a network of any depth.
    *Differs from DGL* a node without edges is no error and gets 0. DGL computes theta of x[i] - x[j], other than it says:
    its weights need `reverses=True`. Parameters are DGL's: `theta.*`, `phi.*`, `bn.*`.
    *Differs from PyG* the network's parameters are `network.*`.

    *Cost* linear maps are per node: theta x[j] of a neighbour and (phi - theta) x[i] of the node itself, and so is the
    first map of a `torch.nn.Sequential` that begins with one. Then E x out_features reads in one pass without a tensor
    of that size: statistics of the batch need one more. What follows in a network, if not one activation alone, runs on
    chunks of edges, forward and again in backward; a last linear map stands behind sum and mean.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> EdgeConv(4, 2)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    >>> network = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    >>> EdgeConv(4, 2, network)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        network: nn.Module | None = None,
        *,
        aggregator: Reduce = "max",
        batch_norm: bool = False,
        reverses: bool = False,
    ) -> None:
        super().__init__()
        check_choice("EdgeConv", "aggregator", aggregator, AGGREGATORS)
        if network is not None and (batch_norm or reverses):
            hint = "put a torch.nn.BatchNorm1d behind the network's first linear map" if batch_norm else ""
            option = "batch_norm" if batch_norm else "reverses"
            raise OptionError(message("EdgeConv", f"a network or `{option}`", "both", hint))
        self.in_features, self.out_features, self.aggregator = in_features, out_features, aggregator
        self.batch_norm, self.reverses = batch_norm, reverses
        if network is None:
            self.theta, self.phi = nn.Linear(in_features, out_features), nn.Linear(in_features, out_features)
            if batch_norm:
                self.bn = nn.BatchNorm1d(out_features)
        self.network = network

    def reset_parameters(self) -> None:
        """Draw anew what can be drawn anew."""
        reset_inside(*self.children())

    def forward(self, graph: Edges, x: Features) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("EdgeConv", graph, x, (self.in_features, self.in_features))
        if self.network is None:
            theta, phi = self.theta, self.phi
            of_difference = -theta.weight if self.reverses else theta.weight
            of_source = functional.linear(x_source, of_difference)
            of_target = functional.linear(x_target, phi.weight - of_difference, theta.bias + phi.bias)
            steps: list[nn.Module] = [self.bn] if self.batch_norm else []
            return self._behind(adjacency, of_source, of_target, steps)
        first = self.network[0] if isinstance(self.network, nn.Sequential) and len(self.network) else self.network
        if type(first) is not nn.Linear:
            ends: dict[str, Any] = {
                "source": {"x": x_source},
                "target": {"x": x_target},
                "shared": {"network": self.network},
            }
            return aggregate(adjacency, _WHOLE, reduce=self.aggregator, **ends)
        if first.in_features != 2 * self.in_features:
            form = f"a network of {2 * self.in_features} features"
            raise OptionError(message("EdgeConv", form, f"one of {first.in_features}"))
        of_node, of_difference = first.weight.chunk(2, 1)
        of_source = functional.linear(x_source, of_difference)
        of_target = functional.linear(x_target, of_node - of_difference, first.bias)
        rest = list(self.network)[1:] if isinstance(self.network, nn.Sequential) else []
        return self._behind(adjacency, of_source, of_target, rest)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"aggregator={self.aggregator!r}, batch_norm={self.batch_norm}, reverses={self.reverses}"
        return f"{self.in_features}, {self.out_features}, {options}"

    def _behind(self, adjacency: Adjacency, of_source: Tensor, of_target: Tensor, steps: list[nn.Module]) -> Tensor:
        """Reduce what the steps make of the sum of both ends."""
        if steps and type(steps[0]) is nn.BatchNorm1d:
            of_source, of_target = _normalised(adjacency, of_source, of_target, steps[0])
            steps = steps[1:]
        if not steps:
            return self._sums(adjacency, of_source, of_target)
        last = steps[-1] if self.aggregator != "max" and type(steps[-1]) is nn.Linear else None
        message = _program(type(steps[0])) if len(steps) == 1 + (last is not None) else None
        shared: dict[str, Any] = {}
        if message is None:
            inner = steps[:-1] if last is not None else steps
            message, shared = _STEPS, {f"step {at}": step for at, step in enumerate(inner)}
        ends: dict[str, Any] = {"source": {"u": of_source}, "target": {"u": of_target}, "shared": shared}
        out = aggregate(adjacency, message, reduce=self.aggregator, **ends)
        if last is None:
            return out
        out = functional.linear(out, last.weight)
        if last.bias is None:
            return out
        counts = self._counts(adjacency, out)
        return out + (counts * last.bias).to(out.dtype)

    def _sums(self, adjacency: Adjacency, of_source: Tensor, of_target: Tensor) -> Tensor:
        """The reduction of sums: what the target adds to all of them stands outside."""
        counts = self._counts(adjacency, of_target).to(of_target.dtype)
        return spmm(adjacency.by_target, of_source, None, self.aggregator) + counts * of_target

    def _counts(self, adjacency: Adjacency, like: Tensor) -> Tensor:
        """How often a constant counts for each target, by the aggregator."""
        degrees = adjacency.in_degrees().reshape(-1, *(1,) * (like.dim() - 1))
        return degrees if self.aggregator == "sum" else degrees.clamp(max=1)


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


def _program(activation: type[nn.Module]) -> Formula | None:
    return _PROGRAMS.get(activation)


def _in_steps(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    """All shared modules, one after the other."""
    h = source["u"] + target["u"]
    for name in shared:
        h = shared[name](h)
    return h


_STEPS = formula(_in_steps, trace=False)
