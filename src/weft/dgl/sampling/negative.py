"""Pairs of nodes that no edge joins."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message
from ...ops import Candidates, Corrupting, Ends, Structure, draw_negatives
from .._draws import generator, next_draws
from .._graph import DGLGraph
from ..transforms._made import refuse_block

_ROUNDS = 4  # so often is drawn again what came twice


def global_uniform_negative_sampling(
    g: DGLGraph,
    num_samples: int,
    exclude_self_loops: bool = True,
    replace: bool = False,
    etype: Any = None,
    redundancy: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Draw pairs of nodes that no edge of a type joins, all of them alike.

    Args:
        num_samples: how many; there are fewer where nearly all pairs are joined, or too few are not.
        exclude_self_loops: give no pair of one node twice.
        replace: let a pair come several times.
        etype: of the edges, if there are several types.
        redundancy: accepted and not needed.

    Raises:
        OptionError, FeatureError: if arguments are of another kind or do not fit the graph.

    >>> import weft.dgl as dgl
    >>> u, v = dgl.sampling.global_uniform_negative_sampling(dgl.graph(([0, 0, 1, 2], [1, 2, 2, 1])), 2)
    >>> sorted(zip(u.tolist(), v.tolist()))
    [(1, 0), (2, 0)]
    """
    where = "global_uniform_negative_sampling"
    refuse_block(where, g)
    if num_samples < 0:
        raise OptionError(message(where, "`num_samples` from 0", str(num_samples)))
    at = g._types.edge(etype)
    loops = not exclude_self_loops or g._types.source_at[at] != g._types.target_at[at]
    pairs = _draw(g, at, num_samples, loops)
    for _ in range(0 if replace else _ROUNDS):
        pairs = _distinct(pairs)
        if pairs.shape[0] == num_samples:
            break
        pairs = torch.cat((pairs, _draw(g, at, num_samples, loops)))
    if not replace:
        pairs = _distinct(pairs)[:num_samples]
    u, v = pairs.to(device=g.device, dtype=g.idtype).unbind(1)
    return u, v


def _draw(g: DGLGraph, at: int, count: int, loops: bool) -> Tensor:
    adjacency = g._adjacencies[at].to("cpu")
    sizes = adjacency.num_sources, adjacency.num_targets
    if adjacency.num_edges == 0:
        if min(sizes) == 0 or (not loops and sizes[0] == 1):
            return torch.empty(0, 2, dtype=torch.int64, device="cpu")
        ends = [
            torch.randint(size - (0 if loops else end), (count,), generator=generator())
            for end, size in enumerate(sizes)
        ]
        if not loops:
            ends[1] += ends[1] >= ends[0]
        return torch.stack(ends, 1)
    rows = Structure(*adjacency.by_target_and_source[:3])
    known = Candidates(rows, 0, 1, ascending=rows.source)
    edge = torch.stack(
        (adjacency.source[:1], adjacency.target[:1]), 1
    ).long()  # no pair is an edge, so no chance is lost
    drawn = draw_negatives(
        edge.expand(count, 2).contiguous(), 1, [Ends(size) for size in sizes], known=known, draws=next_draws(),
        how=Corrupting("both", loops=loops),
    )  # fmt: skip
    pairs = drawn.reshape(-1, 2)
    return pairs[pairs[:, 0] >= 0]


def _distinct(pairs: Tensor) -> Tensor:
    """Each pair once, in the order in which they first came."""
    _, which = pairs.unique(dim=0, return_inverse=True)
    place = torch.arange(pairs.shape[0], device="cpu")
    first = torch.full((int(which.max()) + 1 if which.numel() else 0,), pairs.shape[0], device="cpu")
    return pairs[first.scatter_reduce(0, which, place, "amin").sort().values]
