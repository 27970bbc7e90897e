"""Towers of PNAConv and DGNConv: messages in parallel, many aggregates of each, scaled by degrees, and updates."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, ShapeError, check_choice, check_probability, message
from ...graph import Adjacency
from .._aggregate import aggregate
from .._formula import Formula, formula

Aggregator = Literal["mean", "max", "min", "sum", "std", "var", "moment3", "moment4", "moment5"]
Scaler = Literal["identity", "amplification", "attenuation", "linear", "inverse_linear"]
SCALERS = ("identity", "amplification", "attenuation", "linear", "inverse_linear")
MOMENTS = {"moment3": 3, "moment4": 4, "moment5": 5}
AGGREGATORS = ("mean", "max", "min", "sum", "std", "var", *MOMENTS)


class Sizes(NamedTuple):
    """Widths of one tower, and how many linear maps its networks have."""

    in_features: int
    out_features: int
    edge_features: int
    num_parts: int
    num_message_layers: int
    num_update_layers: int


class Tower(nn.Module):
    """The parameters of one tower; `messages_of` and `updated` compute with those of all at once."""

    def __init__(self, sizes: Sizes, batch_norm: bool) -> None:
        super().__init__()
        width = sizes.in_features
        self.M = _network(2 * width + sizes.edge_features, width, sizes.num_message_layers)
        self.U = _network((1 + sizes.num_parts) * width, sizes.out_features, sizes.num_update_layers)
        self.batchnorm = nn.BatchNorm1d(sizes.out_features) if batch_norm else None


class Messages(NamedTuple):
    """What `aggregate` takes to compute the messages of all towers, `(num_towers, in_features)` for each edge."""

    is_network: bool
    source: dict[str, Tensor]
    target: dict[str, Tensor]
    edge: dict[str, Tensor]
    shared: dict[str, Tensor]


def _pair(source: Any, target: Any) -> Any:
    return source["u"] + target["v"]


def _network_on_edges(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    h = source["u"] + target["v"]
    if "f" in list(edge):
        h = h + (edge["f"] @ shared["edge"]).unflatten(-1, h.shape[1:])
    at, names = 1, list(shared)
    while f"weight{at}" in names:
        h = torch.einsum("etf,tgf->etg", h.relu(), shared[f"weight{at}"]) + shared[f"bias{at}"]
        at += 1
    return h


def _power(h: Any, exponent: int) -> Any:
    square = h * h
    return square * h if exponent == 3 else square * square if exponent == 4 else square * square * h


def _power_of_pair(exponent: int, source: Any, target: Any) -> Any:
    return _power(_pair(source, target) - target["mean"], exponent)


def _power_of_network(exponent: int, source: Any, target: Any, edge: Any, shared: Any) -> Any:
    h = _network_on_edges(source, target, edge, shared)
    # Beside the message, so that what rounding leaves of a power near 0 is small beside what is compared with it.
    return torch.cat((_power(h - target["mean"], exponent), h), -1)


def _directed_pair(source: Any, target: Any, edge: Any) -> Any:
    return _pair(source, target).unsqueeze(-3) * edge["w"]


def _directed_network(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return _network_on_edges(source, target, edge, shared).unsqueeze(-3) * edge["w"]


# By whether an edge has more than a sum of its ends.
MESSAGES = {False: formula(_pair), True: formula(_network_on_edges, trace=False)}
DIRECTED = {False: formula(_directed_pair), True: formula(_directed_network, trace=False)}
POWERS: dict[tuple[bool, int], Formula] = {}
for _exponent in MOMENTS.values():
    POWERS[False, _exponent] = formula(functools.partial(_power_of_pair, _exponent))
    POWERS[True, _exponent] = formula(functools.partial(_power_of_network, _exponent), trace=False)


def messages_of(
    towers: Sequence[Tower],
    x_source: Tensor,
    x_target: Tensor,
    edge_features: Tensor | None,
    encoder: nn.Linear | None = None,
) -> Messages:
    """Project the ends of edges: a message is their sum, and with edge features or more layers what a network makes of it.

    *Shapes* features `(num_nodes, in_features)`, the same for all towers, or `(num_nodes, num_towers, in_features)`

    Args:
        encoder: a linear map of edge features, which here becomes one with the first map of the networks.
    """
    maps = [_linear_maps(tower.M) for tower in towers]
    weight = torch.stack([linears[0].weight for linears in maps])
    width = x_source.shape[-1]
    by_source, by_target, by_edge = weight.split((width, width, weight.shape[-1] - 2 * width), -1)
    bias = torch.stack([linears[0].bias for linears in maps])
    if encoder is not None:
        bias, by_edge = bias + by_edge @ encoder.bias, by_edge @ encoder.weight
    source = {"u": project(x_source, by_source)}
    target = {"v": project(x_target, by_target) + bias}
    edge, shared = {}, {}
    if edge_features is not None:
        edge["f"], shared["edge"] = edge_features, by_edge.flatten(0, 1).T
    for at in range(1, len(maps[0])):
        shared[f"weight{at}"] = torch.stack([linears[at].weight for linears in maps])
        shared[f"bias{at}"] = torch.stack([linears[at].bias for linears in maps])
    return Messages(bool(shared), source, target, edge, shared)


def aggregates_of(adjacency: Adjacency, messages: Messages, aggregators: Sequence[str]) -> list[Tensor]:
    """One `(num_targets, num_towers, in_features)` for each aggregator: a pass over the edges, and one for each moment."""
    plain = [name for name in aggregators if name not in MOMENTS]
    if len(plain) < len(aggregators) and "mean" not in plain:
        plain.append("mean")
    results: dict[str, Tensor] = {}
    if plain:
        values = _run(adjacency, MESSAGES[messages.is_network], messages, tuple(plain))
        results = dict(zip(plain, values, strict=True))
    for name in aggregators:
        if name in MOMENTS:
            centred = messages._replace(target={**messages.target, "mean": results["mean"]})
            (moment,) = _run(adjacency, POWERS[messages.is_network, MOMENTS[name]], centred, ("mean",))
            width = results["mean"].shape[-1]
            results[name] = _signed_root(moment[..., :width], MOMENTS[name])
    return [results[name] for name in aggregators]


def directed_sums(adjacency: Adjacency, messages: Messages, weights: Tensor) -> Tensor:
    """Sums of messages times several weights of each edge, in one pass.

    *Shapes* `weights: (num_edges, num_weights)` -> `(num_targets, num_weights, num_towers, in_features)`
    """
    edge = {**messages.edge, "w": weights.unsqueeze(-1).unsqueeze(-1)}
    shared = messages.shared if messages.is_network else None
    what = DIRECTED[messages.is_network]
    return aggregate(adjacency, what, source=messages.source, target=messages.target, edge=edge, shared=shared)


def normed(towers: Sequence[Tower], hs: Sequence[Tensor], num_targets: int, graph_norm: bool) -> Tensor:
    """What towers give after the norm of graphs and batch norm, side by side."""
    if graph_norm:
        hs = [h / max(num_targets, 1) ** 0.5 for h in hs]
    rows = [h if tower.batchnorm is None else tower.batchnorm(h) for tower, h in zip(towers, hs, strict=True)]
    return torch.cat(rows, -1)


def _run(adjacency: Adjacency, what: Formula, messages: Messages, reduce: tuple[str, ...]) -> tuple[Tensor, ...]:
    given = {"source": messages.source, "target": messages.target}
    if messages.is_network:
        given |= {"edge": messages.edge, "shared": messages.shared}
    return aggregate(adjacency, what, reduce=reduce, **given)


def scales_of(degrees: Tensor, scalers: Sequence[str], delta: float, mean_degree: float, dtype: torch.dtype) -> Tensor:
    """Factors of targets by their degrees, `(num_targets, num_scalers)`; degrees below 1 count as 1."""
    degree = degrees.clamp(min=1).to(torch.promote_types(dtype, torch.float32))
    logarithm = torch.log1p(degree) / delta
    linear = degree / mean_degree
    by_name = {
        "identity": torch.ones_like(degree), "amplification": logarithm, "attenuation": 1 / logarithm, "linear": linear,
        "inverse_linear": 1 / linear,
    }  # fmt: skip
    return torch.stack([by_name[name] for name in scalers], -1).to(dtype)


def updated(towers: Sequence[Tower], x_target: Tensor, parts: Sequence[Tensor], scales: Tensor) -> list[Tensor]:
    """What the networks U of the towers make of a target and its scaled aggregates, before batch norm.

    The product with the aggregates comes first and is scaled then, so that no tensor holds them once for each scaler.

    *Shapes* parts `(num_targets, num_towers, in_features)`, scales `(num_targets, num_scalers)` -> for each tower
    `(num_targets, out_features)`
    """
    maps = [_linear_maps(tower.U)[0] for tower in towers]
    weight = torch.stack([linear.weight for linear in maps])
    width = x_target.shape[-1]
    own, rest = weight.split((width, weight.shape[-1] - width), -1)
    by_scaler = rest.unflatten(-1, (scales.shape[-1], -1))
    h = torch.einsum("ntk,tosk->ntos", torch.cat(list(parts), -1), by_scaler)
    h = (h * scales.to(h.dtype).unsqueeze(1).unsqueeze(1)).sum(-1) + project(x_target, own)
    rows: Tensor = h + torch.stack([linear.bias for linear in maps]).to(h.dtype)
    return [
        tower.U[1:](rows[:, at]) if isinstance(tower.U, nn.Sequential) else rows[:, at]
        for at, tower in enumerate(towers)
    ]


def project(x: Tensor, weight: Tensor) -> Tensor:
    """Rows of all towers, or the same rows for all, times a matrix for each tower.

    *Shapes* `weight: (num_towers, out_features, in_features)` -> `(num_nodes, num_towers, out_features)`
    """
    if x.dim() == 2:
        return functional.linear(x, weight.flatten(0, 1)).reshape(x.shape[0], *weight.shape[:2])
    projected: Tensor = torch.einsum("ntf,tgf->ntg", x, weight)
    return projected


def check_towers(where: str, widths: tuple[int, int], num_towers: int, divide_input: bool, dropout: float) -> None:
    """Refuse widths that do not divide into towers, and a dropout that is no probability.

    Raises:
        OptionError: in both cases.
    """
    check_probability(where, "dropout", dropout)
    if num_towers < 1 or widths[1] % num_towers or (divide_input and widths[0] % num_towers):
        got = f"{widths[0]} and {widths[1]} for {num_towers}"
        raise OptionError(message(where, "`in_features` and `out_features` that `num_towers` divides", got))


def check_scalers(where: str, scalers: Sequence[str], delta: float, mean_degree: float) -> None:
    """Refuse scalers that do not exist, and numbers that they cannot divide by.

    Raises:
        OptionError: in both cases.
    """
    for name in scalers:
        check_choice(where, "scalers", name, SCALERS)
    if not scalers or delta <= 0 or mean_degree <= 0:
        got = f"{len(scalers)} scalers, {delta} and {mean_degree}"
        raise OptionError(message(where, "a scaler, and `delta` and `mean_degree` above 0", got))


def check_edge_features(where: str, edge_features: Tensor | None, adjacency: Adjacency, width: int) -> None:
    """Refuse edge features that are not of the width that the layer was made for; 0 stands for none.

    Raises:
        ShapeError: if they are not.
    """
    if edge_features is None and not width:
        return
    shape = (adjacency.num_edges, width)
    if edge_features is None or not width or edge_features.shape != shape:
        form = f"`edge_features` of shape {shape}" if width else "no `edge_features`, for which the layer was not made"
        got = "none" if edge_features is None else str(tuple(edge_features.shape))
        raise ShapeError(message(where, form, got))


def _network(in_features: int, out_features: int, depth: int) -> nn.Linear | nn.Sequential:
    first = nn.Linear(in_features, out_features)
    steps: list[nn.Module] = [first]
    for _ in range(depth - 1):
        steps += [nn.ReLU(), nn.Linear(out_features, out_features)]
    return first if depth == 1 else nn.Sequential(*steps)


def _linear_maps(network: nn.Module) -> list[nn.Linear]:
    if isinstance(network, nn.Linear):
        return [network]
    return [step for step in network.children() if isinstance(step, nn.Linear)]


def _signed_root(moment: Tensor, exponent: int) -> Tensor:
    """The root with the sign of what it is of; its gradient is 0 at 0."""
    is_zero = moment == 0
    size = torch.where(is_zero, 1, moment.abs()).pow(1 / exponent)
    return torch.where(is_zero, 0, moment.sign() * size)
