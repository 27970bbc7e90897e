"""The last linear map of a network on edges, taken behind the reduction: there are fewer targets."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..graph import Adjacency
from ..ops import is_transforming
from ._aggregate import aggregate
from ._arguments import Reduce
from ._formula import formula
from ._mixture import mix
from ._steps import has_hooks, numbered, run, steps_of


class LastMap(NamedTuple):
    """A network, cut before the linear map that it ends with."""

    steps: list[nn.Module]
    linear: nn.Linear


def last_map(network: nn.Module) -> LastMap | None:
    """Cut a network.

    Returns:
        None if it ends with something else, or has hooks where it would be cut; or if something stands before the last map
        while values are unknown (compiling, transforms of torch.func): targets are then taken in the order of their degrees.
    """
    *steps, last = steps_of(network)
    if type(last) is not nn.Linear or has_hooks(network, last):
        return None
    if steps and (torch.compiler.is_compiling() or is_transforming()):
        return None
    return LastMap(steps, last)


def reduce_products(
    adjacency: Adjacency,
    x: Tensor,
    numbers: Tensor,
    maps: Tensor,
    steps: list[nn.Module],
    reduce: Reduce,
) -> Tensor:
    """Reduce rows of sources times matrices of edges, which are mixtures of K.

    `out[i] = reduce over edges e = j -> i of sum over k of c[e, k] * x[j] @ maps[k]`, with c the numbers after the steps

    *Shapes* `x: (num_sources, F)`, `numbers: (num_edges, *)`, `maps: (K, F, D)` -> `(num_targets, D)`

    Args:
        steps: modules that make the K numbers of an edge.
        reduce: "sum" or "mean".

    *Cost* E x K x F products, and N x K x F x D behind them. With steps in chunks of edges, forward and again in backward;
    without as `mix`.
    """
    if not steps:
        return mix(adjacency, x, numbers, maps.mT.reshape(-1, x.shape[-1]), reduce)
    shared = {"maps": maps, **numbered(steps)}
    ends: dict[str, Any] = {"source": {"x": x}, "edge": {"e": numbers}, "shared": shared}
    return aggregate(adjacency, _SENT, reduce=_sum if reduce == "sum" else _mean, **ends)


def _sent(source: Any, target: Any, edge: Any, shared: Any) -> Tensor:
    """Rows of the source, and beside them what the last map gets."""
    numbers = run(edge["e"], shared)
    return torch.cat((source["x"].to(numbers.dtype), numbers), -1)


def _sum(mailbox: Tensor, shared: Any) -> Tensor:
    """Products of rows and numbers, added up, then mapped."""
    maps: Tensor = shared["maps"].to(mailbox.dtype)
    x, numbers = mailbox.split((maps.shape[1], maps.shape[0]), -1)
    return torch.bmm(numbers.mT, x).flatten(1) @ maps.flatten(0, 1)


def _mean(mailbox: Tensor, shared: Any) -> Tensor:
    return _sum(mailbox, shared) / mailbox.shape[1]


_SENT = formula(_sent, trace=False)
