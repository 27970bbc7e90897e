"""Transforms of edges: self loops, reverse edges, walks, and graphs whose nodes are edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ... import graph as graphs
from ...graph import Adjacency, EdgeType
from .._frames import Frame
from .._graph import DGLGraph
from .._types import Types
from . import functional
from ._base import BaseTransform
from ._made import edge_frames, made_like, node_frames, only_adjacency, refuse_block


class AddSelfLoop(BaseTransform):
    """Add a self loop at each node, in all edge types that run within one node type.

    Args:
        allow_duplicate: leave the loops that are there; they are taken away first otherwise.
        new_etypes: also add an edge type "self" of loops alone to each node type.
        edge_feat_names, fill_data: as for `add_self_loop`.

    >>> from weft.dgl import graph
    >>> AddSelfLoop()(graph(([0, 1], [0, 0]))).edges()
    (tensor([1, 0, 1]), tensor([0, 0, 1]))
    """

    def __init__(
        self,
        allow_duplicate: bool = False,
        new_etypes: bool = False,
        edge_feat_names: Iterable[str] | None = None,
        fill_data: float | str = 1.0,
    ) -> None:
        self.allow_duplicate, self.new_etypes = allow_duplicate, new_etypes
        self.edge_feat_names, self.fill_data = edge_feat_names, fill_data

    def transform_etype(self, c_etype: EdgeType, g: DGLGraph) -> DGLGraph:
        """Add the loops of one edge type."""
        if c_etype[0] != c_etype[2]:
            return g
        if not self.allow_duplicate:
            g = functional.remove_self_loop(g, etype=c_etype)
        return functional.add_self_loop(g, self.edge_feat_names, self.fill_data, etype=c_etype)

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Add the loops of all edge types."""
        for c_etype in g.canonical_etypes:
            g = self.transform_etype(c_etype, g)
        return with_types(g, {(name, "self", name): _loops(g, name) for name in g.ntypes}) if self.new_etypes else g


class RemoveSelfLoop(BaseTransform):
    """Take away the self loops of all edge types that run within one node type.

    >>> from weft.dgl import graph
    >>> RemoveSelfLoop()(graph(([0, 1], [0, 0]))).edges()
    (tensor([1]), tensor([0]))
    """

    def transform_etype(self, c_etype: EdgeType, g: DGLGraph) -> DGLGraph:
        """Take away the loops of one edge type."""
        return functional.remove_self_loop(g, etype=c_etype) if c_etype[0] == c_etype[2] else g

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Take away the loops of all edge types."""
        for c_etype in g.canonical_etypes:
            g = self.transform_etype(c_etype, g)
        return g


class AddReverse(BaseTransform):
    """Add the reverse of each edge: behind the others within one node type, else as a new edge type "rev_...".

    Args:
        copy_edata: reverse edges have the columns of their edges; 0 within a type, none in a new one otherwise.
        sym_new_etype: make new edge types within one node type, too.

    >>> from weft.dgl import heterograph
    >>> AddReverse()(heterograph({("user", "buys", "item"): ([0], [1])})).canonical_etypes
    [('item', 'rev_buys', 'user'), ('user', 'buys', 'item')]
    """

    def __init__(self, copy_edata: bool = False, sym_new_etype: bool = False) -> None:
        self.copy_edata, self.sym_new_etype = copy_edata, sym_new_etype

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Add the reverse edges of all types."""
        refuse_block("AddReverse", g)
        new: dict[EdgeType, tuple[Adjacency, Frame]] = {}
        for at, (first, relation, last) in enumerate(g.canonical_etypes):
            if first == last and not self.sym_new_etype:
                u, v = g.edges(etype=at)
                g = functional.add_edges(g, v, u, dict(g._edges[at]) if self.copy_edata else None, etype=at)
                continue
            turned = g._adjacencies[at].reversed()
            frame = g._edges[at].copied() if self.copy_edata else Frame(turned.num_edges, g.device)
            new[last, "rev_" + relation, first] = turned, frame
        return with_types(g, new) if new else g


class ToSimple(BaseTransform):
    """Merge parallel edges, with all columns: see `to_simple`.

    >>> from weft.dgl import graph
    >>> ToSimple()(graph(([0, 0], [1, 1]))).edata["count"]
    tensor([2])
    """

    def __init__(self, return_counts: str | None = "count", aggregator: str = "arbitrary") -> None:
        self.return_counts, self.aggregator = return_counts, aggregator

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Merge the parallel edges of all types."""
        made: DGLGraph = functional.to_simple(
            g, return_counts=self.return_counts, copy_edata=True, aggregator=self.aggregator
        )
        return made


class LineGraph(BaseTransform):
    """Make the graph whose nodes are the edges of another, with their columns: see `line_graph`.

    >>> from weft.dgl import graph
    >>> LineGraph()(graph(([0, 1], [1, 2]))).edges()
    (tensor([0]), tensor([1]))
    """

    def __init__(self, backtracking: bool = True) -> None:
        self.backtracking = backtracking

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Make the line graph."""
        return functional.line_graph(g, backtracking=self.backtracking, shared=True)


class KHopGraph(BaseTransform):
    """Make the graph of walks of k edges: see `khop_graph`.

    >>> from weft.dgl import graph
    >>> KHopGraph(2)(graph(([0, 1], [1, 2]))).edges()
    (tensor([0]), tensor([2]))
    """

    def __init__(self, k: int) -> None:
        self.k = k

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Make the graph of walks."""
        return functional.khop_graph(g, self.k)


class AddMetaPaths(BaseTransform):
    """Add an edge type for each metapath, with an edge wherever a walk along it leads.

    Args:
        metapaths: from names of new relations to edge types, each of which begins where the one before ends.
        keep_orig_edges: keep the edge types that are there, which go before new ones of the same name.

    >>> from weft.dgl import heterograph
    >>> g = heterograph({("user", "buys", "item"): ([0, 1], [0, 1]), ("item", "is", "kind"): ([0, 1], [0, 0])})
    >>> AddMetaPaths({"likes": [("user", "buys", "item"), ("item", "is", "kind")]})(g).edges(etype="likes")
    (tensor([0, 1]), tensor([0, 0]))
    """

    def __init__(self, metapaths: Mapping[str, Sequence[Any]], keep_orig_edges: bool = True) -> None:
        self.metapaths, self.keep_orig_edges = dict(metapaths), keep_orig_edges

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Add the edge types of all metapaths."""
        new: dict[EdgeType, tuple[Adjacency, Frame]] = {}
        for relation, metapath in self.metapaths.items():
            found = functional.metapath_reachable_graph(g, metapath)
            first, _, last = found.canonical_etypes[0]
            new[first, relation, last] = found._adjacencies[0], Frame(found.num_edges(), g.device)
        return with_types(g, new, keeps_old=self.keep_orig_edges)


class ToLevi(BaseTransform):
    """Make the graph in which each edge is a node between its source and its target, with all columns.

    Node types are "node" and "edge", edge types ("node", "n2e", "edge") and ("edge", "e2n", "node").

    >>> from weft.dgl import graph
    >>> ToLevi()(graph(([0, 1], [1, 2]))).edges(etype="e2n")
    (tensor([0, 1]), tensor([1, 2]))
    """

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Make the graph of nodes and edges."""
        only_adjacency("ToLevi", g)
        plain = graphs.Graph({("node", "edge", "node"): g._adjacencies[0]}, num_nodes={"node": g._nodes[0].count})
        found = graphs.levi_graph(plain, features="none")
        adjacencies = [
            found.edge_sets[name].adjacency for name in (("edge", "ends", "node"), ("node", "begins", "edge"))
        ]
        types = Types([("edge", "e2n", "node"), ("node", "n2e", "edge")], ["edge", "node"])
        return made_like(g, adjacencies, types=types, nodes=[*edge_frames(g), *node_frames(g)])


def with_types(g: DGLGraph, new: Mapping[EdgeType, tuple[Adjacency, Frame]], *, keeps_old: bool = True) -> DGLGraph:
    """A graph with more edge types, each given as edges and their columns; those that are there go before."""
    refuse_block("transforms", g)
    found = dict(new)
    if keeps_old:
        found.update(zip(g.canonical_etypes, zip(g._adjacencies, edge_frames(g), strict=True), strict=True))
    names = sorted(found)
    adjacencies, frames = [found[name][0] for name in names], [found[name][1] for name in names]
    return made_like(g, adjacencies, types=Types(names, g._types.source), nodes=node_frames(g), edges=frames)


def _loops(g: DGLGraph, node_type: str) -> tuple[Adjacency, Frame]:
    count = g.num_nodes(node_type)
    ids: Tensor = torch.arange(count, device=g.device)
    return Adjacency(ids, ids, num_sources=count, num_targets=count), Frame(count, g.device)
