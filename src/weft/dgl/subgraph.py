"""Parts of a graph: chosen nodes, edges or types, and what is around nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .. import graph as graphs
from ..errors import IdError, OptionError, ShapeError
from ..graph import Adjacency, IncidentEdges
from ._numbering import by_appearance, first_places
from ._types import Types
from .base import EID, NID

if TYPE_CHECKING:
    from ._graph import DGLGraph


def node_subgraph(
    graph: DGLGraph, nodes: Any, *, relabel_nodes: bool = True, store_ids: bool = True, output_device: Any = None
) -> DGLGraph:
    """Take nodes and the edges between them.

    Nodes are numbered in the order given. Edges stand in the order of their sources, those of one source in their old
    order. A node that is given twice is two nodes, the first of which has the edges that enter it.

    Args:
        nodes: ids or a mask, of several types a mapping from types; a type that is not named keeps no nodes.
        relabel_nodes: False keeps all nodes with their ids, and only the edges between the chosen ones.
        store_ids: keep the ids that edges and, if they are numbered anew, nodes had in the columns `EID` and `NID`.
        output_device: where the result goes, if not where the graph is.

    Raises:
        IdError: if there is no such node.
        OptionError: if the graph is a block, or a mapping is needed.
        FeatureError: if there is no such type.

    >>> import weft.dgl as dgl
    >>> part = dgl.node_subgraph(dgl.graph(([0, 1, 2], [1, 2, 0])), [2, 0])
    >>> part.edges(), part.ndata[dgl.NID], part.edata[dgl.EID]
    ((tensor([0]), tensor([1])), tensor([2, 0]), tensor([2]))
    """
    _refuse_block(graph)
    return _induced(graph, _chosen_nodes(graph, nodes), relabel_nodes, store_ids, output_device)


def edge_subgraph(
    graph: DGLGraph, edges: Any, *, relabel_nodes: bool = True, store_ids: bool = True, output_device: Any = None
) -> DGLGraph:
    """Take edges, in the order given, and the nodes that they touch.

    Nodes are numbered as they come up: for one edge type after the other, first as sources, then as targets.

    Args:
        edges: ids or a mask, of several types a mapping from types; a type that is not named keeps no edges.
        relabel_nodes: False keeps all nodes with their ids.
        store_ids, output_device: as for `node_subgraph`.

    Raises:
        IdError: if there is no such edge.
        OptionError: if a mapping is needed, or nodes of a block shall be numbered anew.
        FeatureError: if there is no such type.
    """
    if relabel_nodes:
        _refuse_block(graph)
    given = _by_type(edges, graph.canonical_etypes, "edge")
    chosen = {graph._types.edge(name): _ids(graph, ids) for name, ids in given.items()}
    found = []
    for at, adjacency in enumerate(graph._adjacencies):
        ids = chosen.get(at, _none(graph))
        source, target = graphs.find_edges(adjacency, ids)
        found.append((source.long(), target.long(), ids))
    return _of_edges(graph, found, relabel_nodes, store_ids, output_device)


def in_subgraph(
    graph: DGLGraph, nodes: Any, *, relabel_nodes: bool = False, store_ids: bool = True, output_device: Any = None
) -> DGLGraph:
    """Take all edges that enter some nodes, node after node.

    Args:
        nodes: ids or a mask, of several types a mapping from types.
        relabel_nodes: keep only nodes that such an edge touches, numbered as `edge_subgraph` does.
        store_ids, output_device: as for `node_subgraph`.

    Raises:
        IdError: if there is no such node.
        OptionError: if the graph is a block, or a mapping is needed.
        FeatureError: if there is no such type.

    >>> import weft.dgl as dgl
    >>> dgl.in_subgraph(dgl.graph(([0, 1, 2], [1, 2, 1])), [1]).edges()
    (tensor([0, 2]), tensor([1, 1]))
    """
    return _incident(graph, nodes, graphs.in_edges, graph._types.target_at, (relabel_nodes, store_ids, output_device))


def out_subgraph(
    graph: DGLGraph, nodes: Any, *, relabel_nodes: bool = False, store_ids: bool = True, output_device: Any = None
) -> DGLGraph:
    """Take all edges that leave some nodes, node after node; arguments are those of `in_subgraph`."""
    return _incident(graph, nodes, graphs.out_edges, graph._types.source_at, (relabel_nodes, store_ids, output_device))


def khop_in_subgraph(
    graph: DGLGraph,
    nodes: Any,
    k: int,
    *,
    relabel_nodes: bool = True,
    store_ids: bool = True,
    output_device: Any = None,
) -> Any:
    """Take the nodes from which some nodes can be reached in at most k steps, and all edges between them.

    Nodes are numbered by their old ids. With `relabel_nodes` the result is the graph and the new ids of the chosen nodes,
    by type if they were given so; without it the graph alone.

    Args:
        nodes: ids or a mask, of several types a mapping from types.
        k: how many steps; 0 takes the chosen nodes and the edges between them.
        relabel_nodes, store_ids, output_device: as for `node_subgraph`.

    Raises:
        IdError: if there is no such node.
        OptionError: if the graph is a block, a mapping is needed, or k is negative.
        FeatureError: if there is no such type.

    >>> import weft.dgl as dgl
    >>> part, seeds = dgl.khop_in_subgraph(dgl.graph(([0, 1, 2], [1, 2, 3])), [2], 1)
    >>> part.ndata[dgl.NID], seeds
    (tensor([1, 2]), tensor([1]))
    """
    return _khop(graph, nodes, k, "in", relabel_nodes, store_ids, output_device)


def khop_out_subgraph(
    graph: DGLGraph,
    nodes: Any,
    k: int,
    *,
    relabel_nodes: bool = True,
    store_ids: bool = True,
    output_device: Any = None,
) -> Any:
    """Take the nodes that can be reached from some nodes in at most k steps, see `khop_in_subgraph`."""
    return _khop(graph, nodes, k, "out", relabel_nodes, store_ids, output_device)


def node_type_subgraph(graph: DGLGraph, ntypes: Sequence[str], output_device: Any = None) -> DGLGraph:
    """Take some node types and all edge types between them; columns are shared.

    Raises:
        FeatureError: if there is no such type.
        OptionError: if no edge type is between them.
    """
    _refuse_block(graph)
    kept = {graph._types.node_frame(name) for name in ntypes}
    types = graph._types
    places = [at for at in range(len(types.edges)) if {types.source_at[at], types.target_at[at]} <= kept]
    if not places:
        raise OptionError(f"node_type_subgraph: expected node types with edges between them, got {list(ntypes)}")
    return _of_types(graph, places, output_device)


def edge_type_subgraph(graph: DGLGraph, etypes: Sequence[Any], output_device: Any = None) -> DGLGraph:
    """Take some edge types, in the order given, and the node types at their ends; columns are shared.

    Raises:
        FeatureError: if there is no such type.
        OptionError: if none is given.
    """
    places = [graph._types.edge(name) for name in etypes]
    if not places:
        raise OptionError("edge_type_subgraph: expected at least one edge type, got none")
    return _of_types(graph, places, output_device)


def _refuse_block(graph: DGLGraph) -> None:
    if graph.is_block:
        hint = "block_to_graph makes a graph of it"
        raise OptionError(f"subgraph: expected a graph, got a block; hint: {hint}")


def _none(graph: DGLGraph) -> Tensor:
    return torch.empty(0, dtype=torch.int64, device=graph.device)


def _by_type(given: Any, names: Sequence[Any], what: str) -> Mapping[Any, Any]:
    if isinstance(given, Mapping):
        return given
    if len(names) != 1:
        raise OptionError(
            f"subgraph: expected a mapping from {what} types to ids, since the graph has {len(names)} of them"
        )
    return {names[0]: given}


def _chosen_nodes(graph: DGLGraph, nodes: Any) -> dict[int, Tensor]:
    """Ids by the position of their type."""
    chosen = {}
    for name, given in _by_type(nodes, graph.ntypes, "node").items():
        at, ids = graph._types.node_frame(name), _ids(graph, given)
        count = graph._nodes[at].count
        wrong = ids[(ids < 0) | (ids >= count)]
        if wrong.shape[0]:
            raise IdError(f'subgraph: expected nodes "{name}" from 0 to {count - 1}, got {int(wrong[0])}')
        chosen[at] = ids
    return chosen


def _ids(graph: DGLGraph, given: Any) -> Tensor:
    """Ids of one dimension, of a mask those where it is set."""
    is_pair = isinstance(given, tuple) and any(isinstance(part, Tensor) and part.dim() for part in given)
    if is_pair or torch.as_tensor(given).dim() > 1:
        hint = "graph.edge_ids(u, v) finds edges by their ends"
        raise ShapeError(f"subgraph: expected ids of one dimension, or a mask, got {given!r:.60}; hint: {hint}")
    return graph._as_ids(given)


Found = tuple[Tensor, Tensor, Tensor]
"""Sources, targets and ids of edges."""


def _induced(
    graph: DGLGraph, chosen: Mapping[int, Tensor], relabel_nodes: bool, store_ids: bool, output_device: Any
) -> DGLGraph:
    """The chosen nodes and the edges between them."""
    nodes = [chosen.get(at, _none(graph)) for at in range(len(graph._nodes))]
    places = [first_places(ids, frame.count) for ids, frame in zip(nodes, graph._nodes, strict=True)]
    found = []
    for at, adjacency in enumerate(graph._adjacencies):
        sources, inner = nodes[graph._types.source_at[at]], places[graph._types.target_at[at]]
        indptr, source, target, ids = graphs.out_edges(adjacency, sources)
        row = torch.repeat_interleave(indptr.diff())
        target_place = inner[target]
        kept = target_place >= 0
        ends = (row, target_place) if relabel_nodes else (source, target)
        found.append((ends[0][kept], ends[1][kept], ids[kept]))
    return _built(graph, nodes if relabel_nodes else None, found, store_ids, output_device)


def _incident(
    graph: DGLGraph, nodes: Any, find: Callable[..., IncidentEdges], ends: list[int], options: tuple[bool, bool, Any]
) -> DGLGraph:
    """The edges at one end of which the chosen nodes are."""
    _refuse_block(graph)
    chosen = _chosen_nodes(graph, nodes)
    found = []
    for at, adjacency in enumerate(graph._adjacencies):
        edges = find(adjacency, chosen.get(ends[at], _none(graph)))
        found.append((edges.source, edges.target, edges.edge_ids))
    return _of_edges(graph, found, *options)


def _of_edges(
    graph: DGLGraph, found: list[Found], relabel_nodes: bool, store_ids: bool, output_device: Any
) -> DGLGraph:
    """The graph of these edges, on all nodes or on those that they touch."""
    if not relabel_nodes:
        return _built(graph, None, found, store_ids, output_device)
    types = graph._types
    touched: list[list[Tensor]] = [[] for _ in graph._nodes]
    for at, (source, target, _) in enumerate(found):
        touched[types.source_at[at]].append(source)
        touched[types.target_at[at]].append(target)
    nodes, places = [], []
    for parts, frame in zip(touched, graph._nodes, strict=True):
        ids, numbers = by_appearance(parts, frame.count, graph.device)
        nodes.append(ids)
        places.append(numbers)
    moved = [
        (places[types.source_at[at]][source], places[types.target_at[at]][target], ids)
        for at, (source, target, ids) in enumerate(found)
    ]
    return _built(graph, nodes, moved, store_ids, output_device)


def _built(
    graph: DGLGraph, nodes: list[Tensor] | None, found: list[Found], store_ids: bool, output_device: Any
) -> DGLGraph:
    """The graph of nodes, None for all, and edges, with their columns."""
    if nodes is None:
        node_frames = [frame.copied() for frame in graph._nodes]
    else:
        node_frames = [frame.taken(ids) for frame, ids in zip(graph._nodes, nodes, strict=True)]
    edge_frames = [frame.taken(ids) for frame, (_, _, ids) in zip(graph._edges, found, strict=True)]
    adjacencies = []
    for at, (source, target, ids) in enumerate(found):
        first, last = node_frames[graph._types.source_at[at]], node_frames[graph._types.target_at[at]]
        source, target = source.to(graph.idtype), target.to(graph.idtype)
        adjacencies.append(Adjacency(source, target, num_sources=first.count, num_targets=last.count))
        if store_ids:
            edge_frames[at][EID] = ids.to(graph.idtype)
    if store_ids and nodes is not None:
        for frame, ids in zip(node_frames, nodes, strict=True):
            frame[NID] = ids.to(graph.idtype)
    made = graph._made(graph._types, adjacencies, node_frames, edge_frames, graph.idtype, graph.device)
    return made if output_device is None else made.to(output_device)


def _khop(
    graph: DGLGraph, nodes: Any, k: int, direction: Any, relabel_nodes: bool, store_ids: bool, output_device: Any
) -> Any:
    _refuse_block(graph)
    chosen = _chosen_nodes(graph, nodes)
    names = graph._types.nodes
    seeds = {names[at]: ids for at, ids in chosen.items()}
    near = graphs.khop_subgraph(graph._bare(), seeds, k, direction=direction, features="none").node_ids
    inner = {at: near[name] for at, name in enumerate(names)}
    made = _induced(graph, inner, relabel_nodes, store_ids, output_device)
    if not relabel_nodes:
        return made
    places = {names[at]: torch.searchsorted(inner[at], ids).to(made.device) for at, ids in chosen.items()}
    return made, (places if isinstance(nodes, Mapping) else next(iter(places.values())))


def _of_types(graph: DGLGraph, places: list[int], output_device: Any) -> DGLGraph:
    types = graph._types
    edges = [types.edges[at] for at in places]
    frames = sorted({types.source_at[at] for at in places} | {types.target_at[at] for at in places})
    shift = len(types.source) if types.is_block else 0
    source = [types.nodes[at] for at in frames if not types.is_block or at < shift]
    target = [types.nodes[at] for at in frames if at >= shift] if types.is_block else None
    made = graph._made(
        Types(edges, source, target),
        [graph._adjacencies[at] for at in places],
        [graph._nodes[at] for at in frames],
        [graph._edges[at] for at in places],
        graph.idtype,
        graph.device,
    )
    return made if output_device is None else made.to(output_device)
