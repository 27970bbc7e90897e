"""Many graphs side by side in one, and back."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import DeviceError, DtypeError, FeatureError, OptionError, ShapeError, message
from ._adjacency import Adjacency
from ._feature_set import EdgeSet, FeatureSet, NodeSet
from ._graph import Graph
from ._naming import listed, quoted


def batch(graphs: Sequence[Graph]) -> Graph:
    """Put graphs side by side in one graph, without edges between them.

    Nodes and edges keep their order, graph after graph. Each node set and edge set knows in its `offsets` which rows
    belong to which graph; `readout` and `unbatch` read them. A batch among the graphs counts as its graphs.

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
    for at, graph in enumerate(graphs):
        if set(graph.node_types) != set(first.node_types) or set(graph.edge_types) != set(first.edge_types):
            types = f"{listed(graph.node_types)} and {listed(graph.edge_types)}"
            expected = f"the types of graph 0, {listed(first.node_types)} and {listed(first.edge_types)}, in graph {at}"
            raise FeatureError(
                message("batch", expected, types, "a type may have no nodes or edges, but it has to be there")
            )
        if graph.device != first.device:
            raise DeviceError(
                message("batch", f"all graphs on {first.device}, where graph 0 is", f"graph {at} on {graph.device}")
            )
    offsets: dict[str, Tensor] = {}
    node_sets: dict[str, NodeSet] = {}
    for node_type in first.node_types:
        nodes = [graph.node_sets[node_type] for graph in graphs]
        starts = offsets[node_type] = _cumulated([part.count for part in nodes], first.device)
        features = _joined_features(nodes)
        total = sum(part.count for part in nodes)
        node_sets[node_type] = NodeSet._trusted(node_type, total, first.device, features, _inner_offsets(nodes, starts))
    edge_sets: dict[tuple[str, str, str], EdgeSet] = {}
    for edge_type in first.edge_types:
        edges = [graph.edge_sets[edge_type] for graph in graphs]
        starts = _cumulated([part.count for part in edges], first.device)
        source = _shifted([part.adjacency.source for part in edges], starts, offsets[edge_type[0]])
        target = _shifted([part.adjacency.target for part in edges], starts, offsets[edge_type[2]])
        adjacency = Adjacency._trusted(source, target, node_sets[edge_type[0]].count, node_sets[edge_type[2]].count)
        edge_sets[edge_type] = EdgeSet._trusted(
            edge_type, adjacency, first.device, _joined_features(edges), _inner_offsets(edges, starts)
        )
    return Graph._trusted(node_sets, edge_sets, first.device)


def unbatch(graph: Graph) -> list[Graph]:
    """Take apart what `batch` put together; a graph that is no batch comes back as a list of itself.

    *Cost* copies ids; features are views of those of the batch.

    >>> unbatch(batch([Graph([0, 1], [1, 0]), Graph([0], [0])]))[1]
    Graph(1 node, 1 edge, on cpu)
    """
    starts: dict[object, list[int]] = {}
    for name, found in [*graph.node_sets.items(), *graph.edge_sets.items()]:
        if found.offsets is None:
            return [graph]
        starts[name] = found.offsets.tolist()
    graphs = []
    for at in range(graph.num_graphs):
        node_sets: dict[str, NodeSet] = {}
        for node_type, nodes in graph.node_sets.items():
            low, high = starts[node_type][at : at + 2]
            node_sets[node_type] = NodeSet._trusted(node_type, high - low, graph.device, _slice(nodes, low, high), None)
        edge_sets: dict[tuple[str, str, str], EdgeSet] = {}
        for edge_type, edges in graph.edge_sets.items():
            low, high = starts[edge_type][at : at + 2]
            source = edges.adjacency.source[low:high] - starts[edge_type[0]][at]
            target = edges.adjacency.target[low:high] - starts[edge_type[2]][at]
            adjacency = Adjacency._trusted(source, target, node_sets[edge_type[0]].count, node_sets[edge_type[2]].count)
            edge_sets[edge_type] = EdgeSet._trusted(edge_type, adjacency, graph.device, _slice(edges, low, high), None)
        graphs.append(Graph._trusted(node_sets, edge_sets, graph.device))
    return graphs


def _slice(found: FeatureSet, low: int, high: int) -> dict[str, Tensor]:
    return {name: feature[low:high] for name, feature in found.items()}


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
    shift = torch.repeat_interleave(shifts[:-1], starts.diff(), output_size=together.shape[0])
    return together + shift.to(together.dtype)


def _joined_features(parts: Sequence[NodeSet] | Sequence[EdgeSet]) -> dict[str, Tensor]:
    first = parts[0]
    where = f"batch, {quoted(first.type)}"
    for at, part in enumerate(parts):
        if set(part) != set(first):
            got = f"{listed(part)} in graph {at}"
            raise FeatureError(
                message(
                    where,
                    f"features {listed(first)} as in graph 0",
                    got,
                    "give it the feature, or delete it in the others",
                )
            )
        for name, feature in part.items():
            expected = first[name]
            if feature.dtype is not expected.dtype:
                raise DtypeError(
                    message(
                        where, f"{quoted(name)} of {expected.dtype} as in graph 0", f"{feature.dtype} in graph {at}"
                    )
                )
            if feature.shape[1:] != expected.shape[1:]:
                widths = f"rows of shape {tuple(expected.shape[1:])} as in graph 0"
                raise ShapeError(
                    message(where, f"{quoted(name)} with {widths}", f"{tuple(feature.shape[1:])} in graph {at}")
                )
    return {name: torch.cat([part[name] for part in parts]) for name in first}
