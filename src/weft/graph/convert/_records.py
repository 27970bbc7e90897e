"""Nodes and edges with attributes, one by one, as NetworkX and igraph keep them."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

from ...errors import DtypeError, FeatureError, OptionError, ShapeError, StructureError, message
from .._adjacency import Adjacency
from .._batching import sets_of
from .._block import Block
from .._by_type import by_edge_type, by_node_type
from .._feature_set import FeatureSet
from .._graph import Graph
from .._naming import EDGE, NODE, EdgeType, listed, quoted

Names: TypeAlias = Sequence[str] | Mapping[Any, Sequence[str]] | Literal["all"]
"""Features to take along: their names, for several types a mapping from types to names, or all that there are."""

Attributes: TypeAlias = Mapping[str, Any]

TYPE = "type"
"""The attribute that tells the type of a node, or the relation of an edge, in a graph of several types."""


class Records(NamedTuple):
    """Nodes, ends of edges as numbers of nodes, and edges; of what they are called in texts, a name for each node."""

    nodes: Sequence[Attributes]
    ends: Sequence[tuple[int, int]]
    edges: Sequence[Attributes]
    names: Sequence[Hashable]


class Types(NamedTuple):
    """The attributes that tell the type of a node and the relation of an edge; None where there is one."""

    node: str | None
    edge: str | None


def records_of(where: str, graph: Graph | Adjacency | Block, node_features: Names, edge_features: Names) -> Records:
    """The nodes of all types, one type after another, and all edges, with features as Python values.

    Raises:
        ShapeError: if the edges run between two sets of nodes that no graph names.
        FeatureError: if there is no such feature.
        OptionError: if names of features are no list, or are not given by type where there are several.
    """
    if isinstance(graph, Adjacency) and graph.num_sources == graph.num_targets:
        graph = Graph(graph)
    if not isinstance(graph, Graph):
        hint = "to_edge_list gives the edges, to_scipy a matrix"
        raise ShapeError(message(where, "edges within one set of nodes", repr(graph), hint))
    is_typed = (graph.node_types, graph.edge_types) != ((NODE,), (EDGE,))
    names = _chosen(where, "node", graph, node_features, graph.node_sets)
    names.update(_chosen(where, "edge", graph, edge_features, graph.edge_sets))
    nodes: list[Attributes] = []
    ends: list[tuple[int, int]] = []
    edges: list[Attributes] = []
    begins: dict[str, int] = {}
    for name, found in sets_of(graph).items():
        attributes: list[dict[str, Any]] = [{} for _ in range(found.count)]
        columns = {feature: _values(where, name, found, feature) for feature in names[name]}
        if is_typed:
            if TYPE in columns:
                hint = "give the feature another name"
                raise OptionError(message(where, f"features without the name {TYPE!r}", f"one of {quoted(name)}", hint))
            columns[TYPE] = [name if isinstance(name, str) else name[1]] * found.count
        for feature, values in columns.items():
            for row, value in zip(attributes, values, strict=True):
                row[feature] = value
        if isinstance(name, str):
            begins[name] = len(nodes)
            nodes += attributes
        else:
            adjacency = graph.edge_sets[name].adjacency
            source, target = adjacency.source + begins[name[0]], adjacency.target + begins[name[2]]
            ends += zip(source.tolist(), target.tolist(), strict=True)
            edges += attributes
    known = [(name, at) for name, found in graph.node_sets.items() for at in range(found.count)]
    return Records(nodes, ends, edges, known if is_typed else range(len(nodes)))


def _values(where: str, name: str | EdgeType, found: FeatureSet, feature: str) -> list[Any]:
    """The rows of a feature as Python values."""
    if feature not in found:
        thing = "node" if isinstance(name, str) else "edge"
        raise FeatureError(f"{where}: there is no {thing} feature {quoted(feature)}; known: {listed(found)}")
    values: list[Any] = found[feature].tolist()
    return values


def one_way(where: str, graph: Graph | Adjacency | Block, records: Records) -> list[int]:
    """Which edges to keep of an undirected graph: of each pair the one to the higher node, and self loops.

    Raises:
        OptionError: if there are several edge types, of which one would stand for the other's edges.
        StructureError: if an edge has none the other way round.
    """
    if isinstance(graph, Graph) and len(graph.edge_types) > 1:
        hint = "take a directed class"
        raise OptionError(message(where, "one edge type for an undirected graph", listed(graph.edge_types), hint))
    kept = [edge for edge, (source, target) in enumerate(records.ends) if source <= target]
    balance = Counter(pair for pair in records.ends if pair[0] < pair[1])
    balance.subtract((target, source) for source, target in records.ends if target < source)
    lonely = next((pair for pair, count in balance.items() if count), None)
    if lonely is not None:
        got = f"not as many from node {lonely[0]} to {lonely[1]} as back"
        raise StructureError(message(where, "edges in both directions for an undirected graph", got))
    return kept


def both_ways(records: Records) -> Records:
    """The edges of an undirected graph, and behind them all but the self loops the other way round."""
    turned = [edge for edge, (source, target) in enumerate(records.ends) if source != target]
    ends = [*records.ends, *((records.ends[edge][1], records.ends[edge][0]) for edge in turned)]
    return records._replace(ends=ends, edges=[*records.edges, *(records.edges[edge] for edge in turned)])


def graph_of_records(
    where: str, records: Records, types: Types, *, node_features: Names, edge_features: Names
) -> tuple[Graph, dict[str, list[int]]]:
    """The graph of these nodes and edges, and for each type the numbers of its nodes.

    Raises:
        FeatureError: if a node or an edge lacks an attribute, or there is no such type.
        DtypeError: if the values of an attribute do not make a tensor.
        OptionError: if names of features are no list, or are not given by type where there are several.
    """
    is_typed = types != (None, None)
    kinds = [_kind(where, "node", *named, types.node, NODE) for named in zip(records.names, records.nodes, strict=True)]
    node_rows = _rows_by_kind(kinds, () if is_typed else (NODE,))
    called = [(records.names[source], records.names[target]) for source, target in records.ends]
    relations = [_kind(where, "edge", *named, types.edge, EDGE[1]) for named in zip(called, records.edges, strict=True)]
    triples = [(kinds[ends[0]], name, kinds[ends[1]]) for ends, name in zip(records.ends, relations, strict=True)]
    edge_rows = _rows_by_kind(triples, () if is_typed else (EDGE,))
    place = {at: number for rows in node_rows.values() for number, at in enumerate(rows)}
    pairs = {
        name: ([place[records.ends[at][0]] for at in rows], [place[records.ends[at][1]] for at in rows])
        for name, rows in edge_rows.items()
    }
    graph = Graph(pairs, num_nodes={name: len(rows) for name, rows in node_rows.items()})
    nodes = {name: [(records.names[at], records.nodes[at]) for at in rows] for name, rows in node_rows.items()}
    edges = {name: [(called[at], records.edges[at]) for at in rows] for name, rows in edge_rows.items()}
    for thing, members, given in (("node", nodes, node_features), ("edge", edges, edge_features)):
        known = {name: _common(rows, types) for name, rows in members.items()}
        for name, features in _chosen(where, thing, graph, given, known).items():
            for feature in features:
                sets_of(graph)[name][feature] = _column(where, thing, feature, members[name])
    return graph, node_rows


def _rows_by_kind(kinds: Sequence[Any], known: Sequence[Any]) -> dict[Any, list[int]]:
    """Which nodes, or edges, are of each type; types in the order in which they occur, behind the known ones."""
    rows: dict[Any, list[int]] = {kind: [] for kind in known}
    for at, kind in enumerate(kinds):
        rows.setdefault(kind, []).append(at)
    return rows


def _chosen(
    where: str, thing: str, graph: Graph, given: Names, known: Mapping[Any, Iterable[str]]
) -> dict[Any, list[str]]:
    """The names of features for each type."""
    if given == "all":
        return {name: list(features) for name, features in known.items()}
    if isinstance(given, str):
        expected = f'`{thing}_features` as a list of names, or "all"'
        raise OptionError(message(where, expected, repr(given), f"[{given!r}] is a list"))
    by_type = by_node_type if thing == "node" else by_edge_type
    chosen = by_type(where, f"{thing}_features", graph, given=given) if given else {}
    return {name: list(chosen.get(name, ())) for name in known}


def _kind(where: str, thing: str, name: object, attributes: Attributes, attribute: str | None, only: str) -> str:
    """The type of a node, or the relation of an edge; the only one where no attribute tells."""
    kind = only if attribute is None else attributes.get(attribute)
    if not isinstance(kind, str):
        raise FeatureError(message(where, f"a string as {quoted(attribute)} of {thing} {quoted(name)}", repr(kind)))
    return kind


def _common(members: Sequence[tuple[Any, Attributes]], types: Types) -> list[str]:
    """The attributes that the first one has, but for its type: what is meant by all."""
    first = members[0][1] if members else {}
    return [name for name, value in first.items() if name not in types and value is not None]


def _column(where: str, thing: str, name: str, named: Iterable[tuple[Any, Attributes]]) -> Tensor:
    """The values of one attribute as a tensor, with a row for each node or edge."""
    rows = []
    for key, found in named:
        if found.get(name) is None:
            raise FeatureError(
                f"{where}: {thing} {quoted(key)} has no attribute {quoted(name)}; known: {listed(found)}"
            )
        rows.append(found[name])
    try:
        return torch.as_tensor(rows)
    except (TypeError, ValueError, RuntimeError) as error:
        expected = f"numbers for the attribute {quoted(name)} of every {thing}, or lists of one length"
        raise DtypeError(message(where, expected, str(error))) from error
