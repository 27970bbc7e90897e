"""Node sets and edge sets with named features, on one type or many."""

import hashlib
import operator
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar, overload

import torch
from torch import Tensor

from ..errors import DeviceError, FeatureError, OptionError, ShapeError, WeftError, message
from ._adjacency import Adjacency, Ids
from ._feature_set import EdgeSet, FeatureSet, NodeSet
from ._naming import EDGE, NODE, EdgeType, checked_edge_type, counted, listed, quoted
from ._read_only import read_only

Ends = Adjacency | tuple[Ids, Ids]
_Set = TypeVar("_Set", bound=FeatureSet)


class Graph:
    """Nodes and edges with named features. The structure never changes; features are assigned by name.

    `Graph(source, target)` has one type of nodes and one of edges; a mapping from edge types to (source, target) gives
    as many types as it names: `Graph({("user", "rates", "item"): (source, target), ...})`. In place of a pair an
    `Adjacency` will do. `node_sets` and `edge_sets` are ordered mappings for every graph; `nodes` and `edges` are
    shorthand where there is one set. `graph["user"]`, `graph["user", "rates", "item"]` and, if only one edge type has
    that relation, `graph["rates"]` give a set. `==` is identity; see `same_structure` and `digest`.

    Args:
        source: sources of the edges (ids as `Adjacency` takes them), or a mapping from edge types to both ends.
        target: targets of the edges.
        num_nodes: how many nodes there are, for many types a mapping from node types to counts, which may name types
            without edges. A count that is not given is one more than the largest id.

    Raises:
        IdError: if an id is negative or not below the count; the text names the edge.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments are of another kind or do not fit each other.

    *Cost* one pass over the ids; tensors are kept, not copied.

    >>> import torch
    >>> graph = Graph([0, 1, 2], [1, 2, 2], num_nodes=4)
    >>> graph.nodes["x"] = torch.randn(4, 8)
    >>> graph
    Graph(4 nodes, 3 edges, on cpu; nodes: x (4, 8) float32)
    >>> shop = Graph({("user", "rates", "item"): ([0, 0, 1], [1, 2, 2])}, num_nodes={"user": 2, "item": 3, "brand": 1})
    >>> shop["rates"]["stars"] = [5, 3, 4]
    >>> shop
    Graph(3 node types, 1 edge type, on cpu)
      "user": 2 nodes
      "item": 3 nodes
      "brand": 1 node
      ("user", "rates", "item"): 3 edges; stars (3,) int64
    """

    _node_sets: dict[str, NodeSet]
    _edge_sets: dict[EdgeType, EdgeSet]
    device: torch.device

    @overload
    def __init__(self, source: Ids, target: Ids, num_nodes: int | None = None) -> None: ...
    @overload
    def __init__(self, source: Adjacency, *, num_nodes: int | None = None) -> None: ...
    @overload
    def __init__(self, source: Mapping[EdgeType, Ends], *, num_nodes: Mapping[str, int] | None = None) -> None: ...
    def __init__(
        self,
        source: Mapping[EdgeType, Ends] | Adjacency | Ids,
        target: Ids = None,
        num_nodes: Mapping[str, int] | int | None = None,
    ) -> None:
        if isinstance(source, Mapping):
            if target is not None:
                raise OptionError(message("Graph", "a mapping of edge types alone", "a mapping and targets"))
            if num_nodes is not None and not isinstance(num_nodes, Mapping):
                hint = 'name the types, as in num_nodes={"user": 100}'
                raise OptionError(message("Graph", "`num_nodes` to map node types to counts", repr(num_nodes), hint))
            counts, adjacencies = _typed(source, num_nodes or {})
        else:
            if isinstance(num_nodes, Mapping):
                hint = (
                    'name the edge types too, as in Graph({("user", "rates", "item"): (source, target)}, num_nodes=...)'
                )
                raise OptionError(
                    message("Graph", "`num_nodes` as one count for a graph of one type", "a mapping", hint)
                )
            adjacency = _untyped(source, target, num_nodes)
            counts, adjacencies = {NODE: adjacency.num_sources}, {EDGE: adjacency}
        device = adjacencies[next(iter(adjacencies))].device if adjacencies else torch.device("cpu")
        nodes = {name: NodeSet(name, count, device=device) for name, count in counts.items()}
        self._fill(nodes, {name: EdgeSet(name, adjacency) for name, adjacency in adjacencies.items()}, device)

    @classmethod
    def _trusted(
        cls, node_sets: dict[str, NodeSet], edge_sets: dict[EdgeType, EdgeSet], device: torch.device
    ) -> "Graph":
        made = cls.__new__(cls)
        made._fill(node_sets, edge_sets, device)
        return made

    def _fill(self, node_sets: dict[str, NodeSet], edge_sets: dict[EdgeType, EdgeSet], device: torch.device) -> None:
        object.__setattr__(self, "_node_sets", node_sets)
        object.__setattr__(self, "_edge_sets", edge_sets)
        object.__setattr__(self, "device", device)

    # Sets

    @property
    def node_sets(self) -> Mapping[str, NodeSet]:
        """All node sets by node type, in order."""
        return read_only(self._node_sets)

    @property
    def edge_sets(self) -> Mapping[EdgeType, EdgeSet]:
        """All edge sets by edge type, in order."""
        return read_only(self._edge_sets)

    @property
    def node_types(self) -> tuple[str, ...]:
        """Names of the node types, in order."""
        return tuple(self._node_sets)

    @property
    def edge_types(self) -> tuple[EdgeType, ...]:
        """Names of the edge types, in order."""
        return tuple(self._edge_sets)

    @property
    def nodes(self) -> NodeSet:
        """The nodes of a graph that has one type of them.

        Raises:
            FeatureError: if it has several.
        """
        return _only(self._node_sets, "nodes", "node type")

    @property
    def edges(self) -> EdgeSet:
        """The edges of a graph that has one type of them.

        Raises:
            FeatureError: if it has several.
        """
        return _only(self._edge_sets, "edges", "edge type")

    @property
    def adjacency(self) -> Adjacency:
        """The structure of a graph that has one type of edges.

        Raises:
            FeatureError: if it has several.
        """
        return _only(self._edge_sets, "adjacency", "edge type").adjacency

    @property
    def num_nodes(self) -> int:
        """Number of nodes of all types together; `graph["user"].count` counts one type."""
        return sum(nodes.count for nodes in self._node_sets.values())

    @property
    def num_edges(self) -> int:
        """Number of edges of all types together; `graph["rates"].count` counts one type."""
        return sum(edges.count for edges in self._edge_sets.values())

    @property
    def num_graphs(self) -> int:
        """How many graphs `batch` put together; 1 for a graph that is no batch."""
        offsets = next((nodes.offsets for nodes in self._node_sets.values()), None)
        return 1 if offsets is None else offsets.shape[0] - 1

    @overload
    def __getitem__(self, name: str) -> NodeSet | EdgeSet: ...
    @overload
    def __getitem__(self, name: EdgeType) -> EdgeSet: ...
    def __getitem__(self, name: str | EdgeType) -> NodeSet | EdgeSet:
        if isinstance(name, tuple):
            if name in self._edge_sets:
                return self._edge_sets[name]
        else:
            found = [edges for edges in self._edge_sets.values() if edges.type[1] == name]
            if name in self._node_sets and not found:
                return self._node_sets[name]
            if len(found) == 1 and name not in self._node_sets:
                return found[0]
            if found:
                several = [*([name] if name in self._node_sets else []), *(edges.type for edges in found)]
                hint = "name the edge type in full, or take the set from node_sets or edge_sets"
                raise FeatureError(f"{quoted(name)} is the name of several sets: {listed(several)}; hint: {hint}")
        known = f"node types: {listed(self._node_sets)}; edge types: {listed(self._edge_sets)}"
        raise FeatureError(f"the graph has no node type, edge type or relation {quoted(name)}; {known}")

    def __contains__(self, name: object) -> bool:
        return (
            name in self._node_sets
            or name in self._edge_sets
            or any(edge_type[1] == name for edge_type in self._edge_sets)
        )

    __iter__ = None  # without it, `for x in graph` would call __getitem__(0)

    # Places

    def to(self, device: torch.device | str | int, *, non_blocking: bool = False) -> "Graph":
        """Move structure and features to a device; the same object if it is there already."""
        place = torch.empty(0, device=device).device
        return (
            self
            if place == self.device
            else self._map(lambda tensor: tensor.to(place, non_blocking=non_blocking), place)
        )

    def pin_memory(self) -> "Graph":
        """Copy into page-locked memory, from which an accelerator reads faster."""
        return self._map(lambda tensor: tensor.pin_memory(), self.device)

    def share_memory_(self) -> "Graph":
        """Move all tensors into memory that other processes see; gives itself back."""
        self._map(lambda tensor: tensor.share_memory_(), self.device)
        return self

    def _map(self, change: Callable[[Tensor], Tensor], device: torch.device) -> "Graph":
        nodes = {name: nodes._map(change, device) for name, nodes in self._node_sets.items()}
        return Graph._trusted(
            nodes, {name: edges._map(change, device) for name, edges in self._edge_sets.items()}, device
        )

    # Comparison

    def same_structure(self, other: "Graph") -> bool:
        """Tell whether both have the same types, counts and edges, all in the same order.

        Features, id dtypes and devices do not count.
        """
        return (
            [(nodes.type, nodes.count) for nodes in self._node_sets.values()]
            == [(nodes.type, nodes.count) for nodes in other._node_sets.values()]
            and self.edge_types == other.edge_types
            and all(
                edges.adjacency.same_structure(other._edge_sets[name].adjacency)
                for name, edges in self._edge_sets.items()
            )
        )

    def digest(self) -> str:
        """SHA-256 over what `same_structure` compares, 64 hexadecimal digits."""
        found = hashlib.sha256(b"graph\n")
        for nodes in self._node_sets.values():
            found.update(f"{nodes.type!r} {nodes.count}\n".encode())
        for edges in self._edge_sets.values():
            found.update(f"{edges.type!r} {edges.adjacency.digest()}\n".encode())
        return found.hexdigest()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        hint = f"a feature is assigned as graph.nodes[{quoted(name)}] = ..., another structure needs a new Graph"
        raise AttributeError(f"`{name}` of a Graph cannot be set; hint: {hint}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"`{name}` of a Graph cannot be deleted; hint: a feature is deleted as del graph.nodes[{quoted(name)}]"
        )

    def __getstate__(self) -> tuple[Any, ...]:
        return self._node_sets, self._edge_sets, self.device

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._fill(*state)

    def __repr__(self) -> str:
        graphs = "" if self.num_graphs == 1 else f"{counted(self.num_graphs, 'graph')}, "
        if self.node_types == (NODE,) and self.edge_types == (EDGE,):
            sizes = f"{counted(self.num_nodes, 'node')}, {counted(self.num_edges, 'edge')}"
            texts = {name: found._features_text() for name, found in (("nodes", self.nodes), ("edges", self.edges))}
            features = "".join(f"; {name}: {text}" for name, text in texts.items() if text)
            return f"Graph({graphs}{sizes}, on {self.device}{features})"
        types = f"{counted(len(self._node_sets), 'node type')}, {counted(len(self._edge_sets), 'edge type')}"
        lines = [f"Graph({graphs}{types}, on {self.device})"]
        sets: list[tuple[FeatureSet, object, str]] = [(nodes, nodes.type, "node") for nodes in self._node_sets.values()]
        sets += [(edges, edges.type, "edge") for edges in self._edge_sets.values()]
        for found, name, thing in sets:
            text = found._features_text()
            lines.append(f"  {quoted(name)}: {counted(found.count, thing)}" + (f"; {text}" if text else ""))
        return "\n".join(lines)


def _only(sets: Mapping[Any, _Set], name: str, kind: str) -> _Set:
    if len(sets) == 1:
        return next(iter(sets.values()))
    what = f"{len(sets)} {kind}s" if sets else f"no {kind}"
    rest = ".adjacency" if name == "adjacency" else ""
    hint = f"; hint: choose one, as in graph[{quoted(next(iter(sets))).strip('()')}]{rest}" if sets else ""
    raise FeatureError(f"`graph.{name}` is for a graph of one {kind}, this one has {what}: {listed(sets)}{hint}")


def _untyped(source: Adjacency | Ids, target: Ids, num_nodes: int | None) -> Adjacency:
    """The structure of a graph of one type, with as many sources as targets."""
    if not isinstance(source, Adjacency):
        if target is None:
            hint = "edges in a (2, num_edges) tensor are passed as Graph(edges[0], edges[1])"
            raise OptionError(message("Graph", "source and target", "one argument", hint))
        found = Adjacency(source, target, num_sources=num_nodes, num_targets=num_nodes)
        if found.num_sources == found.num_targets:
            return found
        count = max(found.num_sources, found.num_targets)
        return Adjacency._trusted(found.source, found.target, count, count)
    if target is not None:
        raise OptionError(message("Graph", "an Adjacency alone", "an Adjacency and targets"))
    if source.num_sources != source.num_targets or num_nodes not in (None, source.num_sources):
        got = f"{source.num_sources} sources and {source.num_targets} targets"
        expected = (
            "an Adjacency with as many sources as targets"
            if num_nodes is None
            else f"an Adjacency on {counted(num_nodes, 'node')}"
        )
        hint = 'two kinds of nodes have two types, as in Graph({("user", "rates", "item"): adjacency})'
        raise ShapeError(message("Graph", expected, got, hint))
    return source


def _typed(
    edges: Mapping[EdgeType, Ends], num_nodes: Mapping[str, int]
) -> tuple[dict[str, int], dict[EdgeType, Adjacency]]:
    """Counts of nodes and structures of edges; node types in the order of `num_nodes`, then as the edges name them."""
    given = {name: _checked_count(name, count) for name, count in num_nodes.items()}
    counts = dict(given)
    found: dict[EdgeType, Adjacency] = {}
    for name, ends in edges.items():
        first, _, last = checked_edge_type("Graph", name)
        adjacency = (
            ends if isinstance(ends, Adjacency) else _checked_ends(name, ends, given.get(first), given.get(last))
        )
        for node_type, count in ((first, adjacency.num_sources), (last, adjacency.num_targets)):
            counts[node_type] = given.get(node_type, max(count, counts.get(node_type, 0)))
        found[name] = adjacency
    devices = {str(adjacency.device) for adjacency in found.values()}
    if len(devices) > 1:
        raise DeviceError(message("Graph", "all edges on one device", " and ".join(sorted(devices))))
    for name, adjacency in found.items():
        sizes = counts[name[0]], counts[name[2]]
        if sizes == (adjacency.num_sources, adjacency.num_targets):
            continue
        if isinstance(edges[name], Adjacency):
            expected = f"{quoted(name)} with {counted(sizes[0], 'source')} and {counted(sizes[1], 'target')}"
            got = f"an Adjacency with {adjacency.num_sources} and {adjacency.num_targets}"
            raise ShapeError(message("Graph", expected, got, "give the Adjacency the counts of its node types"))
        found[name] = Adjacency._trusted(adjacency.source, adjacency.target, *sizes)
    return counts, found


def _checked_ends(name: EdgeType, ends: Any, num_sources: int | None, num_targets: int | None) -> Adjacency:
    if not isinstance(ends, (tuple, list)) or len(ends) != 2:
        raise OptionError(message("Graph", f"(source, target) for {quoted(name)}", type(ends).__name__))
    try:
        return Adjacency(ends[0], ends[1], num_sources=num_sources, num_targets=num_targets)
    except WeftError as error:
        raise type(error)(f"Graph, {quoted(name)}: {error}") from error


def _checked_count(node_type: object, count: Any) -> int:
    if not isinstance(node_type, str):
        raise OptionError(message("Graph", "node types in `num_nodes` to be strings", repr(node_type)))
    checked: int = count if isinstance(count, torch.SymInt) else operator.index(count)  # type: ignore[assignment]
    if checked < 0:
        raise OptionError(message("Graph", f"a count of at least 0 for {quoted(node_type)}", str(checked)))
    return checked
