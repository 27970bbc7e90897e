"""Graphs from and to PyG."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ...errors import DtypeError, FeatureError, message
from ...settings import require
from .._batching import graph_ids, sets_of, with_offsets
from .._feature_set import FeatureSet
from .._graph import Graph
from .._naming import EDGE, NODE, quoted
from ._edge_list import to_edge_index

if TYPE_CHECKING:
    from torch_geometric.data import Data, HeteroData

_STRUCTURE = ("edge_index", "num_nodes", "batch", "ptr")


def from_pyg(data: "Data | HeteroData", *, edge_features: Sequence[str] = ()) -> Graph:
    """Make a graph of a `Data` or `HeteroData` of PyG, or of a batch of either, which becomes a batch.

    Tensors with a row for each node or each edge become features and are shared, not copied. In a `Data` a tensor that
    fits both is a feature of edges if its name says "edge" or stands in `edge_features`. All else, such as targets of
    whole graphs, is left behind.

    Args:
        edge_features: names of tensors of edges, where there are as many edges as nodes.

    Raises:
        DtypeError: if it is something else, or has no `edge_index` but another structure.
        ShapeError, IdError: if the parts do not fit each other.
        MissingExtraError: if PyG is not installed.

    >>> from torch_geometric.data import Data
    >>> from_pyg(Data(x=torch.zeros(3, 8), edge_index=torch.tensor([[0, 1], [1, 2]]), y=torch.tensor([1.0])))
    Graph(3 nodes, 2 edges, on cpu; nodes: x (3, 8) float32)
    """
    pyg = require("torch_geometric.data", "dev")
    if isinstance(data, pyg.HeteroData):
        nodes, edges = dict(data.node_items()), dict(data.edge_items())
    elif isinstance(data, pyg.Data):
        nodes, edges = {NODE: data.stores[0]}, {EDGE: data.stores[0]}
    else:
        raise DtypeError(message("from_pyg", "a Data or a HeteroData of PyG", type(data).__name__))
    counts = {name: count for name, store in nodes.items() if (count := _count(store)) is not None}
    graph = Graph({name: _ends(store) for name, store in edges.items()}, num_nodes=counts)
    is_typed = isinstance(data, pyg.HeteroData)
    for node_type, store in nodes.items():
        for name, value in store.items():
            if is_typed or not _is_of_edges(name, value, graph, edge_features):
                _take(graph.node_sets[node_type], name, value)
    for edge_type, store in edges.items():
        for name, value in store.items():
            if is_typed or _is_of_edges(name, value, graph, edge_features):
                _take(graph.edge_sets[edge_type], name, value)
    offsets = {name: store["ptr"] for name, store in nodes.items() if "ptr" in store}
    return with_offsets("from_pyg", graph, offsets) if offsets else graph


def to_pyg(graph: Graph) -> "Data | HeteroData":
    """Make a `Data` of a graph that was made without types, and a `HeteroData` of any other.

    Features are shared, not copied; ids become int64. A batch has the usual `batch` and `ptr`, and models read them;
    PyG cannot take it apart again (`weft.unbatch` before does). Nothing is left behind, but a `Data` does not tell
    features of nodes from those of edges where there are as many of both: `from_pyg` goes by their names then.

    Raises:
        FeatureError: if a feature has a name that PyG keeps for structure, or nodes and edges of a `Data` have one name.
        MissingExtraError: if PyG is not installed.

    >>> graph = Graph([0, 1], [1, 2])
    >>> graph.nodes["x"] = torch.zeros(3, 8)
    >>> to_pyg(graph)
    Data(edge_index=[2, 2], num_nodes=3, x=[3, 8])
    """
    pyg = require("torch_geometric.data", "dev")
    is_typed = (graph.node_types, graph.edge_types) != ((NODE,), (EDGE,))
    made = pyg.HeteroData() if is_typed else pyg.Data()
    for edge_type, edges in graph.edge_sets.items():
        store = made[edge_type] if is_typed else made
        store["edge_index"] = to_edge_index(edges.adjacency)
    for node_type, nodes in graph.node_sets.items():
        store = made[node_type] if is_typed else made
        store["num_nodes"] = nodes.count
        if nodes.offsets is not None:
            store["batch"] = graph_ids(nodes)
            store["ptr"] = nodes.offsets
    for name, found in sets_of(graph).items():
        store = made[name] if is_typed else made
        for feature, values in found.items():
            if feature in _STRUCTURE or feature in store:
                where = "names of features that PyG does not use itself, and that nodes and edges do not share"
                raise FeatureError(message("to_pyg", where, quoted(feature), "give the feature another name"))
            store[feature] = values
    return made


def _ends(store: Any) -> tuple[Tensor, Tensor]:
    """Sources and targets of edges; none, where there is no structure at all."""
    found = store.get("edge_index")
    if found is None and ("adj" in store or "adj_t" in store):
        hint = "edge_index is what from_pyg reads; from_torch_sparse takes sparse tensors"
        raise DtypeError(message("from_pyg", "edges in `edge_index`", "another form", hint))
    if found is None:
        found = torch.empty(2, 0, dtype=torch.int64)
    source, target = found.as_subclass(Tensor)
    return source, target


def _count(store: Any) -> int | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyG warns where it counts ids, as is done here
        count: int | None = store.num_nodes
    return count


def _is_of_edges(name: str, value: Any, graph: Graph, edge_features: Sequence[str]) -> bool:
    """Whether a tensor of a `Data` has a row for each edge, and none for each node that its name would choose."""
    if name in edge_features or not isinstance(value, Tensor) or value.dim() == 0:
        return name in edge_features
    return value.shape[0] == graph.num_edges and (graph.num_edges != graph.num_nodes or "edge" in name)


def _take(found: FeatureSet, name: str, value: Any) -> None:
    """Take along what has a row for each node or edge."""
    if name not in _STRUCTURE and isinstance(value, Tensor) and value.dim() and value.shape[0] == found.count:
        found[name] = value
