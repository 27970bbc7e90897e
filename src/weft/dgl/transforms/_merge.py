"""Parallel edges merged."""

from __future__ import annotations

from typing import Any

import torch

from ... import graph as graphs
from ...errors import check_choice
from .._frames import Frame
from .._graph import DGLGraph
from ..base import EID
from ._made import made_like, node_frames, refuse_block

_REDUCERS = {"arbitrary": "first", "sum": "sum", "mean": "mean"}


def to_simple(
    g: DGLGraph,
    return_counts: str | None = "count",
    writeback_mapping: bool = False,
    copy_ndata: bool = True,
    copy_edata: bool = False,
    aggregator: str = "arbitrary",
) -> Any:
    """Merge parallel edges: one edge remains for each source and target that occur together, sorted by both.

    Args:
        return_counts: the column of how many edges became one, in the dtype of ids; None for none.
        writeback_mapping: also give which edge each edge became, by edge type if there are several.
        copy_ndata, copy_edata: whether columns come along.
        aggregator: the columns of merged edges: "arbitrary" takes those of the first, whose id is then the column `EID`;
            "sum" and "mean" reduce numbers.

    Raises:
        OptionError: if there is no such aggregator.
        DtypeError: if a column has no sum or mean.

    >>> from weft.dgl import graph
    >>> to_simple(graph(([1, 0, 1], [0, 1, 0]))).edata
    {'count': tensor([1, 2])}
    """
    refuse_block("to_simple", g)
    check_choice("to_simple", "aggregator", aggregator, list(_REDUCERS))
    whole = g._as_weft() if copy_edata else g._bare()
    if copy_edata and aggregator == "arbitrary":
        for edges in whole.edge_sets.values():
            edges[EID] = torch.arange(edges.count, device=g.device)
    elif copy_edata:
        for edges in whole.edge_sets.values():
            edges.pop(EID, None)
    found = graphs.simplify(whole, reduce=_REDUCERS[aggregator])  # type: ignore[arg-type]
    adjacencies, frames, became = [], [], {}
    for name in g._types.edges:
        edges = found.graph.edge_sets[name]
        adjacencies.append(edges.adjacency)
        frames.append(Frame(edges.count, g.device, edges))
        if return_counts is not None:
            frames[-1][return_counts] = found.counts[name].to(g.idtype)
        if writeback_mapping:
            became[name] = found.merged_ids[name].to(g.idtype)
    made = made_like(g, adjacencies, nodes=node_frames(g, copy_ndata), edges=frames)
    if not writeback_mapping:
        return made
    return made, became if len(became) > 1 else became[g._types.edges[0]]


def to_simple_graph(g: DGLGraph) -> DGLGraph:
    """Merge parallel edges: an older name of `to_simple`.

    >>> from weft.dgl import graph
    >>> to_simple_graph(graph(([1, 0, 1], [0, 1, 0]))).num_edges()
    2
    """
    made: DGLGraph = to_simple(g)
    return made
