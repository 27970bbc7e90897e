"""Many graphs side by side in one, some of them, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import DeviceError, DtypeError, FeatureError, OptionError, ShapeError, message
from ..ops import pointers_of
from ._adjacency import Adjacency, Ids
from ._by_type import chosen_ids
from ._feature_set import EdgeSet, FeatureSet, NodeSet
from ._graph import Graph
from ._incident import ranges
from ._naming import EdgeType, listed, quoted
from ._refill import refilled
from ._subgraph import check_within_graphs, derive


def batch(graphs: Sequence[Graph]) -> Graph:
    """Put graphs side by side in one graph, without edges between them.

    Nodes and edges keep their order, graph after graph. Each node set and edge set knows in its `offsets` which rows
    belong to which graph; `readout`, `slice_batch` and `unbatch` read them. A batch among the graphs counts as its
    graphs, so that batches are merged in the same way.

    Raises:
        OptionError: if there is no graph.
        FeatureError: if graphs differ in their types or in the names of their features; the text names the graph.
        ShapeError, DtypeError, DeviceError: if graphs differ in the row shape, dtype or device of a feature.

    *Cost* copies ids and features once.

    >>> both = batch([Graph([0, 1], [1, 0]), Graph([0], [0])])
    >>> both
    Graph(2 graphs, 3 nodes, 3 edges, on cpu)
    >>> both.adjacency.source.tolist(), both.nodes.offsets.tolist()
    ([0, 1, 2], [0, 2, 3])
    """
    if isinstance(graphs, Graph) or not all(isinstance(graph, Graph) for graph in graphs):
        raise DtypeError(message("batch", "a list of graphs", type(graphs).__name__))
    if not graphs:
        raise OptionError(
            message("batch", "at least one graph", "none", "only a graph tells which types and features there are")
        )
    first = graphs[0]
    _check_types(graphs)
    offsets: dict[str, Tensor] = {}
    node_sets: dict[str, NodeSet] = {}
    for node_type in first._node_sets:
        nodes = [graph._node_sets[node_type] for graph in graphs]
        counts = [part._count for part in nodes]
        starts = offsets[node_type] = _cumulated(counts, first.device)
        features = _joined_features(nodes)
        node_sets[node_type] = NodeSet._trusted(
            node_type, sum(counts), first.device, features, _inner_offsets(nodes, starts)
        )
    edge_sets: dict[EdgeType, EdgeSet] = {}
    for edge_type in first._edge_sets:
        edges = [graph._edge_sets[edge_type] for graph in graphs]
        sources = [part.adjacency.source for part in edges]
        starts = _cumulated([ids.shape[0] for ids in sources], first.device)
        source = _shifted(sources, starts, offsets[edge_type[0]])
        target = _shifted([part.adjacency.target for part in edges], starts, offsets[edge_type[2]])
        adjacency = Adjacency._trusted(source, target, node_sets[edge_type[0]].count, node_sets[edge_type[2]].count)
        edge_sets[edge_type] = EdgeSet._trusted(
            edge_type, adjacency, first.device, _joined_features(edges), _inner_offsets(edges, starts)
        )
    return Graph._trusted(node_sets, edge_sets, first.device)


def unbatch(graph: Graph) -> list[Graph]:
    """Take apart what `batch` put together; a graph that is no batch comes back as a list of itself.

    *Cost* copies ids once; ids and features are views.

    >>> unbatch(batch([Graph([0, 1], [1, 0]), Graph([0], [0])]))[1]
    Graph(1 node, 1 edge, on cpu)
    """
    if any(found.offsets is None for found in sets_of(graph).values()):
        return [graph]
    nodes = {name: _split(found, []) for name, found in graph._node_sets.items()}
    edges = {name: _split(found, _local_ends(graph, found)) for name, found in graph._edge_sets.items()}
    graphs = []
    for at in range(graph.num_graphs):
        node_sets = {
            name: NodeSet._trusted(name, counts[at], graph.device, _part(features, at), None)
            for name, (counts, features, _) in nodes.items()
        }
        edge_sets = {}
        for name, (_, features, (source, target)) in edges.items():
            sizes = node_sets[name[0]]._count, node_sets[name[2]]._count
            adjacency = Adjacency._trusted(source[at], target[at], *sizes)
            edge_sets[name] = EdgeSet._trusted(name, adjacency, graph.device, _part(features, at), None)
        graphs.append(Graph._trusted(node_sets, edge_sets, graph.device))
    return graphs


def slice_batch(graph: Graph, graphs: slice | Ids) -> Graph:
    """Take some graphs of a batch: a stretch of them, or those of a list, in its order.

    The result is a batch, of one graph or none too. A graph that is no batch counts as a batch of one. Features are
    copied.

    Args:
        graphs: a slice, as in `slice_batch(graph, slice(3, 8))`; ids in any order, several times if wanted; or a mask.

    Raises:
        IdError: if there is no such graph.
        ShapeError, DtypeError, DeviceError: if `graphs` is neither a slice, nor a list of ids, nor a mask of the graphs.

    *Cost* copies ids and features of the chosen graphs once.

    >>> three = batch([Graph([0], [1]), Graph([0, 1], [1, 0]), Graph([0], [0])])
    >>> slice_batch(three, slice(1, 3))
    Graph(2 graphs, 3 nodes, 3 edges, on cpu)
    >>> slice_batch(three, [2, 0]).adjacency.source.tolist()
    [0, 1]
    """
    given = range(graph.num_graphs)[graphs] if isinstance(graphs, slice) else graphs
    chosen = chosen_ids("slice_batch", "graphs", given, count=graph.num_graphs, device=graph.device)
    ids: dict[Any, Tensor] = {}
    offsets: dict[Any, Tensor] = {}
    shifts: dict[Any, Tensor] = {}
    for name, found in sets_of(graph).items():
        begins = graph_offsets(found)
        counts = begins.diff()[chosen]
        offsets[name] = pointers_of(counts)
        shifts[name] = begins[chosen] - offsets[name][:-1]
        ids[name] = ranges(begins[chosen], offsets[name])
    adjacencies = {}
    for edge_type, edges in graph.edge_sets.items():
        rows, total = ids[edge_type], ids[edge_type].shape[0]
        source, target = (
            end[rows] - _by_graph(shifts[node_type], offsets[edge_type], total).to(end.dtype)
            for node_type, end in ((edge_type[0], edges.adjacency.source), (edge_type[2], edges.adjacency.target))
        )
        sizes = ids[edge_type[0]].shape[0], ids[edge_type[2]].shape[0]
        adjacencies[edge_type] = Adjacency._trusted(source, target, *sizes)
    return derive(
        "slice_batch",
        graph,
        {name: ids[name].shape[0] for name in graph.node_types},
        adjacencies,
        node_ids={name: ids[name] for name in graph.node_types},
        edge_ids={name: ids[name] for name in graph.edge_types},
        offsets=offsets,
    ).graph


def graph_offsets(found: FeatureSet) -> Tensor:
    """Where each graph begins among nodes or edges, and the end of the last; a graph that is no batch is one."""
    if found.offsets is not None:
        return found.offsets
    return torch.tensor([0, found.count], dtype=torch.int64, device=found.device)


def graph_ids(found: FeatureSet) -> Tensor:
    """The graph of each node or edge of a batch: (count,), int64."""
    return torch.repeat_interleave(graph_offsets(found).diff(), output_size=found.count)


def with_offsets(where: str, graph: Graph, offsets: Mapping[str, Tensor]) -> Graph:
    """The graph as a batch, whose graphs begin at these nodes of each type; edges are put graph after graph if they are not.

    Raises:
        FeatureError: if a type has none.
        OptionError: if an edge runs from one graph to another.
        ShapeError: if they do not rise from 0 to the count, or tell of another number of graphs for each type.
    """
    missing = [name for name in graph.node_types if name not in offsets]
    if missing:
        raise FeatureError(message(where, "offsets for every node type of a batch", f"none for {listed(missing)}"))
    sizes = {begins.shape for begins in offsets.values()}
    for name, found in graph.node_sets.items():
        begins = offsets[name]
        is_one = begins.dim() == 1 and begins.numel() and begins.dtype is torch.int64 and len(sizes) == 1
        if not is_one or begins[0] != 0 or begins[-1] != found.count or bool((begins.diff() < 0).any()):
            expected = f"int64 offsets of {quoted(name)} that rise from 0 to {found.count}, as many for every type"
            raise ShapeError(message(where, expected, f"{begins.dtype} of shape {tuple(begins.shape)}"))
    for (first, _, last), edges in graph.edge_sets.items():
        check_within_graphs(where, (offsets[first], offsets[last]), edges.adjacency.source, edges.adjacency.target)
    return derive(
        where,
        refilled(graph, offsets=offsets),
        {name: found.count for name, found in graph.node_sets.items()},
        {name: found.adjacency for name, found in graph.edge_sets.items()},
        node_ids=dict.fromkeys(graph.node_types),
        edge_ids=dict.fromkeys(graph.edge_types),
    ).graph


def sets_of(graph: Graph) -> dict[str | EdgeType, FeatureSet]:
    sets: dict[Any, FeatureSet] = dict(graph._node_sets)
    sets.update(graph._edge_sets)
    return sets


def _by_graph(values: Tensor, offsets: Tensor, total: int) -> Tensor:
    """The value of its graph for each row."""
    return torch.repeat_interleave(values, offsets.diff(), output_size=total)


def _split(
    found: FeatureSet, ends: Sequence[Tensor]
) -> tuple[list[int], list[tuple[str, Sequence[Tensor]]], list[Sequence[Tensor]]]:
    """How many rows each graph has, and the views of its features and of further tensors."""
    assert found.offsets is not None, "a batch has offsets in every set"
    counts: list[int] = found.offsets.diff().tolist()
    features = [(name, feature.split(counts)) for name, feature in found._tensors().items()]
    return counts, features, [ids.split(counts) for ids in ends]


def _part(features: Sequence[tuple[str, Sequence[Tensor]]], at: int) -> dict[str, Tensor]:
    return {name: views[at] for name, views in features}


def _local_ends(graph: Graph, edges: EdgeSet) -> list[Tensor]:
    """Sources and targets, numbered within their graphs."""
    first, _, last = edges.type
    ends = []
    for node_type, ids in ((first, edges.adjacency.source), (last, edges.adjacency.target)):
        begins = graph_offsets(graph._node_sets[node_type])[:-1]
        ends.append(ids - _by_graph(begins, graph_offsets(edges), ids.shape[0]).to(ids.dtype))
    return ends


def _check_types(graphs: Sequence[Graph]) -> None:
    first = graphs[0]
    node_types, edge_types = first._node_sets.keys(), first._edge_sets.keys()
    for at, graph in enumerate(graphs):
        if graph._node_sets.keys() != node_types or graph._edge_sets.keys() != edge_types:
            types = f"{listed(graph.node_types)} and {listed(graph.edge_types)}"
            expected = f"the types of graph 0, {listed(first.node_types)} and {listed(first.edge_types)}, in graph {at}"
            raise FeatureError(
                message("batch", expected, types, "a type may have no nodes or edges, but it has to be there")
            )
        if graph.device != first.device:
            raise DeviceError(
                message("batch", f"all graphs on {first.device}, where graph 0 is", f"graph {at} on {graph.device}")
            )


def _cumulated(counts: Sequence[int], device: torch.device) -> Tensor:
    """Where each part begins, and the end of the last."""
    return torch.tensor([0, *counts], dtype=torch.int64).cumsum(0).to(device)


def _inner_offsets(parts: Sequence[FeatureSet], starts: Tensor) -> Tensor:
    """Where each graph begins, with the graphs of the batches among the parts."""
    if all(part.offsets is None for part in parts):
        return starts
    begins = [
        starts[at : at + 1] if part.offsets is None else part.offsets[:-1] + starts[at] for at, part in enumerate(parts)
    ]
    return torch.cat([*begins, starts[-1:]])


def _shifted(ids: Sequence[Tensor], starts: Tensor, shifts: Tensor) -> Tensor:
    """All ids, those of each part shifted by the nodes before it; int64 if one part is, or the ids need it."""
    together = torch.cat(list(ids))
    if together.dtype is torch.int32 and int(shifts[-1]) > 2**31:
        together = together.long()
    return together + _by_graph(shifts[:-1], starts, together.shape[0]).to(together.dtype)


def _joined_features(parts: Sequence[NodeSet] | Sequence[EdgeSet]) -> dict[str, Tensor]:
    features = [part._tensors() for part in parts]
    names = features[0].keys()
    if any(found.keys() != names for found in features):
        _refuse_names(parts)
    return {name: _joined(parts[0], name, [found[name] for found in features]) for name in names}


def _joined(found: NodeSet | EdgeSet, name: str, tensors: Sequence[Tensor]) -> Tensor:
    """One feature of all graphs, whose rows have one shape and one dtype."""
    dtype, row = tensors[0].dtype, tensors[0].shape[1:]
    for at, feature in enumerate(tensors):
        if feature.dtype is not dtype:
            expected, got = f"{quoted(name)} of {dtype}", str(feature.dtype)
            raise DtypeError(message(_where(found), f"{expected} as in graph 0", f"{got} in graph {at}"))
        if feature.shape[1:] != row:
            expected, got = f"{quoted(name)} with rows of shape {tuple(row)}", str(tuple(feature.shape[1:]))
            raise ShapeError(message(_where(found), f"{expected} as in graph 0", f"{got} in graph {at}"))
    return torch.cat(list(tensors))


def _where(found: NodeSet | EdgeSet) -> str:
    return f"batch, {quoted(found.type)}"


def _refuse_names(parts: Sequence[NodeSet] | Sequence[EdgeSet]) -> None:
    first = parts[0]
    at = next(at for at, part in enumerate(parts) if set(part) != set(first))
    got, hint = f"{listed(parts[at])} in graph {at}", "give it the feature, or delete it in the others"
    raise FeatureError(message(_where(first), f"features {listed(first)} as in graph 0", got, hint))
