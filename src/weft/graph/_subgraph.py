"""A graph made from parts of another, and the one way in which features and the graphs of a batch come along."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar, final

import torch
from torch import Tensor

from ..errors import OptionError, message
from ._adjacency import Adjacency, can_read
from ._feature_set import EdgeSet, FeatureSet, NodeSet
from ._graph import Graph
from ._naming import EdgeType
from ._rows import Features, Rows, checked_features

Given: TypeAlias = Mapping[Any, Mapping[str, Tensor]]
"""Features by node type or edge type and name."""

NOTHING: Mapping[Any, Any] = MappingProxyType({})


_K = TypeVar("_K")


@final
class AtFirstLook(Mapping[_K, Tensor]):
    """Tensors by type; one that is given as a function is computed when it is first looked at."""

    def __init__(self, given: Mapping[_K, Tensor | Callable[[], Tensor]]) -> None:
        self._found = dict(given)

    def __getitem__(self, name: _K) -> Tensor:
        found = self._found[name]
        if not isinstance(found, Tensor):
            found = self._found[name] = found()
        return found

    def __iter__(self) -> Iterator[_K]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


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
    given: Given = NOTHING,
    offsets: Mapping[Any, Tensor] = NOTHING,
) -> Subgraph:
    """Make a graph whose nodes and edges come from another, with their features.

    Rows of features follow `node_ids` and `edge_ids`: original ids, int64; None where all rows stay in place, whose
    features are shared then; -1 for what is new, whose features are 0. A type that neither names is new altogether and
    has the features in `given` alone, which for other types stand in place of those of the same name. A batch stays
    one: its nodes have to stand graph after graph; edges are put so if they do not, in the order given. Of types that
    `offsets` names it says where each graph begins, and they stay as they are.

    Raises:
        OptionError: if `features` is another word, or nodes of the graphs of a batch are mixed, or new among them.
    """
    checked_features(where, features)
    node_sets: dict[str, NodeSet] = {}
    edge_sets: dict[EdgeType, EdgeSet] = {}
    found_ids = dict(edge_ids)
    for node_type, count in counts.items():
        nodes = graph.node_sets.get(node_type)
        begins = offsets.get(node_type)
        if begins is None:
            begins = _node_offsets(where, nodes, node_ids.get(node_type), count)
        rows = _rows(nodes, node_type, node_ids, features, given.get(node_type, {}))
        node_sets[node_type] = NodeSet._trusted(node_type, count, graph.device, rows, begins)
    for edge_type, adjacency in adjacencies.items():
        inner = node_sets[edge_type[0]].offsets
        new = given.get(edge_type, {})
        begins = offsets.get(edge_type)
        if begins is None and inner is not None:
            adjacency, order, begins = graph_after_graph(adjacency, inner)
            if order is not None:
                new = {name: feature[order] for name, feature in new.items()}
                if edge_type in found_ids:
                    ids = found_ids[edge_type]
                    found_ids[edge_type] = order if ids is None else ids[order]
        rows = _rows(graph.edge_sets.get(edge_type), edge_type, found_ids, features, new)
        edge_sets[edge_type] = EdgeSet._trusted(edge_type, adjacency, graph.device, rows, begins)
    made = Graph._trusted(node_sets, edge_sets, graph.device)
    return Subgraph(made, _original_ids(node_ids, node_sets), _original_ids(found_ids, edge_sets))


def _original_ids(known: Mapping[_K, Tensor | None], sets: Mapping[_K, FeatureSet]) -> AtFirstLook[_K]:
    """Original ids by type, not written out where they are evident: all in place, or all new."""
    ids: dict[_K, Tensor | Callable[[], Tensor]] = {}
    for name, found in sets.items():
        old = known.get(name)
        if old is None:
            evident = partial(torch.arange, found.count) if name in known else partial(torch.full, (found.count,), -1)
            ids[name] = partial(evident, device=found.device)
        else:
            ids[name] = old
    return AtFirstLook(ids)


def _rows(
    found: FeatureSet | None,
    name: object,
    ids: Mapping[Any, Tensor | None],
    features: Features,
    given: Mapping[str, Tensor],
) -> dict[str, Tensor | Rows]:
    """The features of a set at the rows of its ids, and those given."""
    if found is None or features == "none" or name not in ids:
        return dict(given)
    rows = {feature: Rows(found[feature], ids[name]) for feature in found if feature not in given}
    return {**(rows if features == "lazy" else {feature: row.take() for feature, row in rows.items()}), **given}


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


def check_within_graphs(
    where: str, begins: tuple[Tensor | None, Tensor | None], source: Tensor, target: Tensor
) -> None:
    """Refuse an edge from one graph of a batch to another; `begins` are the offsets of the nodes at either end.

    Raises:
        OptionError: if there is one; the text names it.
    """
    first, last = begins
    if first is None or last is None:
        return
    part = torch.searchsorted(first, source.long(), right=True)
    other = torch.searchsorted(last, target.long(), right=True)
    if not torch.equal(part, other):
        at = int((part != other).to(torch.uint8).argmax())
        got = f"an edge from {int(source[at])} to {int(target[at])}, in graphs {int(part[at]) - 1} and {int(other[at]) - 1}"
        raise OptionError(message(where, "both ends of an edge in one graph of the batch", got))


def graph_after_graph(adjacency: Adjacency, begins: Tensor) -> tuple[Adjacency, Tensor | None, Tensor]:
    """The edges of a batch, graph after graph: the order that puts them so, if they were not, and where each begins."""
    part = torch.searchsorted(begins, adjacency.source.long(), right=True)
    order = None
    if bool((part[1:] < part[:-1]).any()):
        part, order = torch.sort(part, stable=True)
        adjacency = Adjacency._trusted(
            adjacency.source[order], adjacency.target[order], adjacency.num_sources, adjacency.num_targets
        )
    return adjacency, order, torch.searchsorted(part, torch.arange(1, begins.shape[0] + 1, device=begins.device))
