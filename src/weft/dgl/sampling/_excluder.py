"""Edges left out of a graph by the ids that they had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from .._graph import DGLGraph
from ..base import EID
from ..subgraph import _built
from ._prepared import edges_by_type


class EidExcluder:
    """Leave edges out of a part of a graph, which says in the column `EID` which edges it has.

    Args:
        exclude_eids: ids of edges in the whole graph, for several types by edge type.

    >>> import weft.dgl as dgl
    >>> part = dgl.in_subgraph(dgl.graph(([0, 1, 2], [1, 1, 1])), [1])
    >>> EidExcluder([1])(part).edata[dgl.EID]
    tensor([0, 2])
    """

    def __init__(self, exclude_eids: Any) -> None:
        self.exclude_eids = exclude_eids

    def __call__(self, frontier: DGLGraph, weights: Any = None) -> Any:
        """The graph without those edges; with `weights`, by edge type or alone, those of the edges that stay, too.

        Raises:
            FeatureError: if there is no such edge type.
            KeyError: if the graph does not say which edges it has.
        """
        out = edges_by_type(frontier, self.exclude_eids)
        found, kept = [], {}
        for name, adjacency, frame in zip(frontier._types.edges, frontier._adjacencies, frontier._edges, strict=True):
            stays = torch.arange(adjacency.num_edges, device=frontier.device)
            if name in out:
                stays = stays[~torch.isin(frame[EID], out[name].to(frontier.device))]
            kept[name] = stays
            found.append((adjacency.source[stays], adjacency.target[stays], stays))
        made = _built(frontier, None, found, False, None)
        if weights is None:
            return made
        if isinstance(weights, Mapping):
            return made, {name: part[kept[frontier.to_canonical_etype(name)]] for name, part in weights.items()}
        if isinstance(weights, (list, tuple)):
            return made, [part[kept[name]] if part.numel() else part for name, part in zip(kept, weights, strict=True)]
        return made, weights[next(iter(kept.values()))]
