"""Walks over the edges of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, message
from ...ops import Traces
from ...sampling import RandomWalks
from .._draws import next_draws
from .._graph import DGLGraph
from ..transforms._made import refuse_block
from ._prepared import WEIGHT, prepared, weft_graph, weights_of


def random_walk(
    g: DGLGraph,
    nodes: Any,
    *,
    metapath: Sequence[Any] | None = None,
    length: int | None = None,
    prob: Any = None,
    restart_prob: float | Tensor | None = None,
    return_eids: bool = False,
) -> Any:
    """Walk once from each node, and give the nodes that were met and their types.

    *Shapes* -> `(num_walks, num_steps + 1)`, -1 behind the end of a walk; with `return_eids` the edges that were taken,
    `(num_walks, num_steps)`; and the type of each column of nodes, `(num_steps + 1,)`.

    Args:
        nodes: where walks begin; a node may come several times.
        metapath: the edge type of each step, one of which begins where that before ends.
        length: how many steps, over edges of the only type; in place of `metapath`.
        prob: what edges are drawn by, as for `sample_neighbors`.
        restart_prob: the chance that a walk ends before a step, for all steps or for each.

    Raises:
        IdError: if there is no such node.
        OptionError, FeatureError, StructureError, ShapeError: if arguments are of another kind or do not fit the graph.

    >>> import weft.dgl as dgl
    >>> dgl.sampling.random_walk(dgl.graph(([0, 1, 2], [1, 2, 3])), [0, 2], length=2)
    (tensor([[ 0,  1,  2],
            [ 2,  3, -1]]), tensor([0, 0, 0]))
    """
    where = "random_walk"
    refuse_block(where, g)
    if (metapath is None) == (length is None):
        raise OptionError(message(where, "`metapath` or `length`", "both" if length is not None else "neither"))
    path = [g._types.edge(None)] * int(length or 0) if metapath is None else [g._types.edge(name) for name in metapath]
    if length is not None and length < 0:
        raise OptionError(message(where, "`length` from 0", str(length)))
    stop = _chances(where, restart_prob, len(path))
    traces = _walk(g, nodes, path, prob=prob, stop=stop)
    kinds = [g._types.source_at[path[0]] if path else 0, *(g._types.target_at[at] for at in path)]
    types = torch.tensor(kinds, dtype=g.idtype, device=g.device)
    found = (*traces, types) if return_eids else (traces.nodes, types)
    return found


def node2vec_random_walk(
    g: DGLGraph, nodes: Any, p: float, q: float, walk_length: int, prob: Any = None, return_eids: bool = False
) -> Any:
    """Walk once from each node as node2vec does, and give the nodes that were met, or these and the edges.

    Args:
        nodes, prob, return_eids: as for `random_walk`; the result is that of it without types.
        p: how much less likely a step back is; q: how much less likely one is to a node that is no neighbour of that before.

    Raises:
        IdError, OptionError, FeatureError: as `random_walk` does, or if p or q is not above 0, or one step would be more than
            1,000 times likelier than another.

    >>> import weft.dgl as dgl
    >>> dgl.sampling.node2vec_random_walk(dgl.graph(([0, 1, 2], [1, 2, 0])), [0], 1.0, 2.0, 3)
    tensor([[0, 1, 2, 0]])
    """
    refuse_block("node2vec_random_walk", g)
    if walk_length < 0:
        raise OptionError(message("node2vec_random_walk", "`walk_length` from 0", str(walk_length)))
    traces = _walk(g, nodes, [g._types.edge(None)] * walk_length, prob=prob, p=float(p), q=float(q))
    return tuple(traces) if return_eids else traces.nodes


def pack_traces(traces: Tensor, types: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Put walks one behind the other, without what is behind their ends.

    *Shapes* -> nodes and their types, `(num_met,)`; how many nodes each walk has and where it begins, `(num_walks,)`.

    Args:
        traces, types: what `random_walk` gives.

    >>> import torch
    >>> pack_traces(torch.tensor([[0, 1, 2], [2, 3, -1]]), torch.tensor([0, 0, 0]))[0]
    tensor([0, 1, 2, 2, 3])
    """
    if traces.dim() != 2 or types.shape != traces.shape[1:]:
        got = f"{tuple(traces.shape)} and {tuple(types.shape)}"
        raise ShapeError(message("pack_traces", "walks, and a type for each of their columns", got))
    is_there = traces >= 0
    lengths = is_there.sum(1)
    begin = lengths.cumsum(0) - lengths
    kinds = types.expand_as(traces)[is_there]
    return traces[is_there], kinds, lengths.to(traces.dtype), begin.to(traces.dtype)


def _chances(where: str, given: Any, num_steps: int) -> tuple[float, ...]:
    """The chance of each step to be none."""
    if given is None:
        return (0.0,) * num_steps
    chances = torch.as_tensor(given, dtype=torch.float64).cpu()
    if chances.dim() == 0:
        chances = chances.expand(num_steps)
    if chances.shape != (num_steps,):
        raise ShapeError(message(where, f"a chance for each of {num_steps} steps", f"shape {tuple(chances.shape)}"))
    return tuple(chances.tolist())


def _walk(
    g: DGLGraph, nodes: Any, path: Sequence[int], *, prob: Any, stop: tuple[float, ...] = (), p: float = 1.0,
    q: float = 1.0,
) -> Traces:  # fmt: skip
    """The walks, in the ids of the graph."""
    starts = g._known_ids(nodes, g._nodes[g._types.source_at[path[0]] if path else 0].count)
    if not path:
        return Traces(starts[:, None].to(g.idtype), starts.new_empty(starts.shape[0], 0).to(g.idtype))
    weights = weights_of("random_walk", g, prob)

    def make() -> RandomWalks:
        graph = weft_graph(g, weights, "in")
        names = [g._types.edges[at] for at in path]
        chances = list(stop) if any(stop) else 0.0
        return RandomWalks(graph, path=names, weight=WEIGHT if weights else None, stop=chances, p=p, q=q)

    walks = prepared(g, ("walks", tuple(path), stop, p, q), weights, make)
    draws = next_draws()
    traces = walks.draw(starts.cpu(), epoch=draws.epoch, batch=draws.batch)
    return Traces(*(part.to(device=g.device, dtype=g.idtype) for part in traces))
