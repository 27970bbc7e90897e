"""Edges that must not be drawn around those to be predicted, only where they matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._graph import DGLGraph
from ._excluded import find_exclude_eids


class SpotTarget:
    """Find the edges that must not be drawn: those at nodes of few edges, and their reverses; others may stay.

    Args:
        g: the graph.
        exclude, reverse_eids, reverse_etypes: as for `as_edge_prediction_sampler`.
        degree_threshold: an edge is left out if fewer edges than this enter one of its ends.

    *Source* Zhu and others (2024), Understanding the Pitfalls of Target Link Inclusion: SpotTarget, arXiv 2306.00899.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 2, 3], [1, 0, 1, 1]))
    >>> SpotTarget(g, "self", degree_threshold=1)(torch.tensor([0, 2, 3]))
    tensor([2, 3])
    """

    def __init__(
        self,
        g: DGLGraph,
        exclude: Any,
        degree_threshold: int = 10,
        reverse_eids: Any = None,
        reverse_etypes: Any = None,
    ) -> None:
        self.g, self.exclude, self.degree_threshold = g, exclude, degree_threshold
        self.reverse_eids, self.reverse_etypes = reverse_eids, reverse_etypes

    def __call__(self, seed_edges: Any) -> Any:
        """The edges to leave out for some edges.

        Raises:
            OptionError, FeatureError, IdError: as `find_exclude_eids` does.
        """
        if isinstance(seed_edges, Mapping):
            low: Any = {name: self._of_low_degree(ids, name) for name, ids in seed_edges.items()}
        else:
            low = self._of_low_degree(seed_edges, None)
        return find_exclude_eids(self.g, low, self.exclude, self.reverse_eids, self.reverse_etypes)

    def _of_low_degree(self, given: Any, name: Any) -> Any:
        g, key = self.g, self.g.to_canonical_etype(name)
        ids = g._known_ids(given, g.num_edges(key), "edges")
        degrees = [_entering(g, kind) for kind in (key[0], key[2])]
        ends = g.find_edges(ids, etype=key)
        is_low = [degree[end.long()] < self.degree_threshold for degree, end in zip(degrees, ends, strict=True)]
        return ids[is_low[0] | is_low[1]].to(g.idtype)


def _entering(g: DGLGraph, kind: str) -> Any:
    """How many edges of all types enter each node."""
    return sum(g.in_degrees(etype=name) for name in g.canonical_etypes if name[2] == kind) + g.nodes(kind) * 0
