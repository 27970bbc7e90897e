"""Graphs of graphs of NetworkX."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import DtypeError, FeatureError, OptionError
from ..settings import require
from ._create import graph, heterograph
from ._graph import DGLGraph

Names = Sequence[str] | None


def from_networkx(
    nx_graph: Any,
    node_attrs: Names = None,
    edge_attrs: Names = None,
    edge_id_attr_name: str | None = None,
    idtype: torch.dtype | None = None,
    device: Any = None,
) -> DGLGraph:
    """Make a graph of a NetworkX graph; nodes are numbered in the order of their sorted names.

    Edges come in the order of `nx_graph.edges`; each edge of an undirected graph becomes two.

    Args:
        node_attrs: attributes of nodes that become columns: numbers, lists, arrays or tensors.
        edge_attrs: attributes of edges that become columns.
        edge_id_attr_name: the attribute that holds the ids of edges, by which they are put in order.
        idtype: torch.int64 if not given.

    Raises:
        FeatureError: if a node or an edge lacks an attribute.
        OptionError: if attributes of edges are asked for of an undirected graph, names cannot be sorted, or ids of edges
            do not number them from 0.
        DtypeError: if the graph is of another package.
        MissingExtraError: if NetworkX is not installed.

    >>> import networkx, weft.dgl as dgl
    >>> dgl.from_networkx(networkx.DiGraph([("b", "a"), ("c", "b")])).edges()
    (tensor([1, 2]), tensor([0, 1]))
    """
    _check_package(nx_graph)
    if not nx_graph.is_directed():
        if edge_id_attr_name is not None or edge_attrs is not None:
            raise OptionError(
                "from_networkx: expected neither `edge_id_attr_name` nor `edge_attrs` for an undirected graph, got "
                f"{edge_id_attr_name} and {edge_attrs}; hint: nx_graph.to_directed() has attributes both ways"
            )
        nx_graph = nx_graph.to_directed()
    ids = _numbered(nx_graph.nodes)
    edges = _edges(nx_graph, edge_id_attr_name)
    ends = _ids([ids[u] for u, _, _ in edges]), _ids([ids[v] for _, v, _ in edges])
    made = graph(ends, num_nodes=len(ids), idtype=idtype or torch.int64, device=device)
    made.ndata.update(_columns([nx_graph.nodes[name] for name in ids], node_attrs, "node", made.device))
    made.edata.update(_columns([attributes for _, _, attributes in edges], edge_attrs, "edge", made.device))
    return made


def bipartite_from_networkx(
    nx_graph: Any,
    utype: str,
    etype: str,
    vtype: str,
    u_attrs: Names = None,
    e_attrs: Names = None,
    v_attrs: Names = None,
    edge_id_attr_name: str | None = None,
    idtype: torch.dtype | None = None,
    device: Any = None,
) -> DGLGraph:
    """Make a graph of one edge type of a directed NetworkX graph, whose nodes say by `bipartite`, 0 or 1, which end they are.

    Nodes of either end are numbered in the order of their sorted names.

    Args:
        u_attrs, v_attrs, e_attrs: attributes of sources, targets and edges that become columns.
        edge_id_attr_name: the attribute that holds the ids of edges, by which they are put in order.
        idtype: torch.int64 if not given.

    Raises:
        FeatureError: if a node or an edge lacks an attribute.
        OptionError: if the graph is undirected, an edge does not lead from 0 to 1, or arguments are as in `from_networkx`.
        DtypeError: if the graph is of another package.
        MissingExtraError: if NetworkX is not installed.
    """
    _check_package(nx_graph)
    if not nx_graph.is_directed():
        raise OptionError(
            "bipartite_from_networkx: expected a directed graph, got an undirected one; hint: nx_graph.to_directed()"
        )
    parts: tuple[list[Hashable], list[Hashable]] = ([], [])
    for name, attributes in nx_graph.nodes(data=True):
        if attributes.get("bipartite") not in (0, 1):
            raise FeatureError(
                f"bipartite_from_networkx: expected 0 or 1 as the attribute `bipartite` of each node, node {name} has neither"
            )
        parts[attributes["bipartite"]].append(name)
    sources, targets = (_numbered(names) for names in parts)
    edges = _edges(nx_graph, edge_id_attr_name)
    for u, v, _ in edges:
        for node, end, known in ((u, 0, sources), (v, 1, targets)):
            if node not in known:
                raise OptionError(
                    f"bipartite_from_networkx: expected edges from 0 to 1, but {(u, v)} asks for bipartite={end} at node {node}"
                )
    ends = _ids([sources[u] for u, _, _ in edges]), _ids([targets[v] for _, v, _ in edges])
    counts = {utype: len(sources), vtype: len(targets)}
    made = heterograph({(utype, etype, vtype): ends}, counts, idtype=idtype or torch.int64, device=device)
    for view, names, wanted in ((made.srcdata, sources, u_attrs), (made.dstdata, targets, v_attrs)):
        view.update(_columns([nx_graph.nodes[name] for name in names], wanted, "node", made.device))
    made.edata.update(_columns([attributes for _, _, attributes in edges], e_attrs, "edge", made.device))
    return made


def _check_package(nx_graph: Any) -> None:
    nx = require("networkx", "convert")
    if not isinstance(nx_graph, nx.Graph):
        raise DtypeError(f"from_networkx: expected a NetworkX graph, got {type(nx_graph).__name__}")


def _numbered(names: Any) -> dict[Hashable, int]:
    """Names in order, with their numbers."""
    try:
        return {name: at for at, name in enumerate(sorted(names))}
    except TypeError as error:
        hint = "networkx.convert_node_labels_to_integers gives nodes numbers for names"
        raise OptionError(f"from_networkx: expected names of nodes that can be sorted; hint: {hint}") from error


def _edges(nx_graph: Any, id_attribute: str | None) -> list[tuple[Hashable, Hashable, Mapping[str, Any]]]:
    edges = list(nx_graph.edges(data=True))
    if id_attribute is None:
        return edges
    if not all(id_attribute in attributes for _, _, attributes in edges):
        raise FeatureError(f'from_networkx: expected the attribute "{id_attribute}", the id, at every edge')
    edges.sort(key=lambda edge: int(edge[2][id_attribute]))
    if [int(attributes[id_attribute]) for _, _, attributes in edges] != list(range(len(edges))):
        raise OptionError(f'from_networkx: expected "{id_attribute}" to number edges from 0 to {len(edges) - 1}')
    return edges


def _ids(numbers: list[int]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.int64)


def _columns(rows: Sequence[Mapping[str, Any]], names: Names, what: str, device: torch.device) -> dict[str, Tensor]:
    columns = {}
    for name in names or ():
        missing = [at for at, attributes in enumerate(rows) if name not in attributes]
        if missing:
            raise FeatureError(f'from_networkx: expected the attribute "{name}", {what} {missing[0]} has none')
        values = [attributes[name] for attributes in rows]
        is_array = bool(values) and isinstance(values[0], (Tensor, np.ndarray))
        column = torch.stack([torch.as_tensor(value) for value in values]) if is_array else torch.tensor(values)
        columns[name] = column.to(device)
    return columns
