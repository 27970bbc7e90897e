"""What samplers have in common that give a part of a graph."""

from __future__ import annotations

from typing import Any

from .._graph import DGLGraph
from ..sampling._excluder import EidExcluder
from ._lazily import Names, set_edge_lazy_features, set_node_lazy_features


def induced(
    g: DGLGraph, nodes: Any, *, node_feats: Names, edge_feats: Names, output_device: Any, exclude: Any = None
) -> DGLGraph:
    """The graph of all edges between nodes, but for some, with columns that a loader fetches."""
    part = g.subgraph(nodes, output_device=output_device)
    if exclude is not None:
        part = EidExcluder(exclude)(part)
    set_node_lazy_features(part, node_feats)
    set_edge_lazy_features(part, edge_feats)
    return part
