"""A graph made from parts of another, and the one way in which features and the graphs of a batch come along."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import OptionError, message
from ._adjacency import Adjacency, can_read
from ._feature_set import EdgeSet, FeatureSet, NodeSet
from ._graph import Graph
from ._naming import EdgeType
from ._rows import Features, Rows, checked_features


@dataclass(frozen=True, eq=False)
class Subgraph:
    """A graph made from parts of another, with the ids that its nodes and edges had there.

    *Shapes* `node_ids[type]: (num_nodes,)`, `edge_ids[type]: (num_edges,)`, int64; -1 for what is new.

    >>> from weft.graph import node_subgraph
    >>> part = node_subgraph(Graph([0, 1, 2], [1, 2, 0]), [2, 0])
    >>> part.graph.adjacency.source.tolist(), part.graph.adjacency.target.tolist(), part.node_ids["node"].tolist()
    ([0], [1], [2, 0])
    """

    graph: Graph
    node_ids: Mapping[str, Tensor]
    edge_ids: Mapping[EdgeType, Tensor]

    def __repr__(self) -> str:
        return f"Subgraph({self.graph!r})"


def derive(
    where: str,
    graph: Graph,
    counts: Mapping[str, int],
    adjacencies: Mapping[EdgeType, Adjacency],
    *,
    node_ids: Mapping[str, Tensor | None],
    edge_ids: Mapping[EdgeType, Tensor | None],
    features: Features = "copy",
) -> Subgraph:
    """Make a graph whose nodes and edges come from another, with their features.

    Rows of features follow `node_ids` and `edge_ids`: original ids, int64; None where all rows stay in place, whose
    features are shared then; -1 for what is new, whose features are 0. A type that neither names is new altogether. A
    batch stays one: its nodes have to stand graph after graph; edges are put so if they do not, in the order given.

    Raises:
        OptionError: if `features` is another word, or nodes of the graphs of a batch are mixed, or new among them.
    """
    checked_features(where, features)
    node_sets: dict[str, NodeSet] = {}
    edge_sets: dict[EdgeType, EdgeSet] = {}
    found_nodes: dict[str, Tensor] = {}
    found_edges: dict[EdgeType, Tensor] = {}
    for node_type, count in counts.items():
        ids = _ids(node_ids, node_type, count, graph.device)
        nodes = graph.node_sets.get(node_type)
        offsets = _node_offsets(where, nodes, ids, count)
        rows = _rows(nodes, ids, features)
        node_sets[node_type] = NodeSet._trusted(node_type, count, graph.device, rows, offsets)
        found_nodes[node_type] = _written_out(ids, count, graph.device)
    for edge_type, adjacency in adjacencies.items():
        ids = _ids(edge_ids, edge_type, adjacency.num_edges, graph.device)
        begins = node_sets[edge_type[0]].offsets
        offsets = None
        if begins is not None:
            adjacency, order, offsets = _graph_after_graph(adjacency, begins)
            if order is not None:
                ids = order if ids is None else ids[order]
        rows = _rows(graph.edge_sets.get(edge_type), ids, features)
        edge_sets[edge_type] = EdgeSet._trusted(edge_type, adjacency, graph.device, rows, offsets)
        found_edges[edge_type] = _written_out(ids, adjacency.num_edges, graph.device)
    return Subgraph(Graph._trusted(node_sets, edge_sets, graph.device), found_nodes, found_edges)


def _ids(given: Mapping[Any, Tensor | None], name: object, count: int, device: torch.device) -> Tensor | None:
    return given[name] if name in given else torch.full((count,), -1, dtype=torch.int64, device=device)


def _written_out(ids: Tensor | None, count: int, device: torch.device) -> Tensor:
    return torch.arange(count, device=device) if ids is None else ids


def _rows(found: FeatureSet | None, ids: Tensor | None, features: Features) -> dict[str, Tensor | Rows]:
    """The features of a set at the rows `ids`."""
    if found is None or features == "none":
        return {}
    if features == "lazy":
        return {name: Rows(found[name], ids) for name in found}
    return {name: Rows(found[name], ids).take() for name in found}


def _node_offsets(where: str, nodes: NodeSet | None, ids: Tensor | None, count: int) -> Tensor | None:
    """Where each graph of a batch begins among the nodes `ids`."""
    if nodes is None or nodes.offsets is None:
        return None
    if ids is None:
        return nodes.offsets
    part = torch.searchsorted(nodes.offsets, ids, right=True)
    if can_read(ids) and count and bool((part[1:] < part[:-1]).any() | (ids < 0).any()):
        got = f"another order, or new ones, among {nodes._say()}"
        raise OptionError(message(where, "nodes of a batch, graph after graph", got, "unbatch() it, and batch() again"))
    return torch.searchsorted(part, torch.arange(1, nodes.offsets.shape[0] + 1, device=ids.device))


def _graph_after_graph(adjacency: Adjacency, begins: Tensor) -> tuple[Adjacency, Tensor | None, Tensor]:
    """The edges of a batch, graph after graph: the order that puts them so, if they were not, and where each begins."""
    part = torch.searchsorted(begins, adjacency.source.long(), right=True)
    order = None
    if bool((part[1:] < part[:-1]).any()):
        part, order = torch.sort(part, stable=True)
        adjacency = Adjacency._trusted(
            adjacency.source[order], adjacency.target[order], adjacency.num_sources, adjacency.num_targets
        )
    return adjacency, order, torch.searchsorted(part, torch.arange(1, begins.shape[0] + 1, device=begins.device))
