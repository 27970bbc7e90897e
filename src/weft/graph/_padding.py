"""Graphs of fixed sizes, so that what is compiled for one fits all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from ..errors import OptionError, ShapeError, message
from ._adjacency import Adjacency, dtype_like
from ._batching import graph_offsets, sets_of
from ._by_type import by_edge_type, by_node_type
from ._feature_set import EdgeSet, FeatureSet
from ._graph import Graph
from ._naming import EdgeType, listed, quoted
from ._subgraph import derive

_Name = TypeVar("_Name", str, EdgeType)


@dataclass(frozen=True, eq=False)
class Padded:
    """A graph of fixed sizes, and which of its nodes, edges and graphs are there in truth.

    *Shapes* `node_masks[type]: (num_nodes,)`, `edge_masks[type]: (num_edges,)`, `graph_mask: (num_graphs,)`, bool.

    >>> padded = pad(Graph([0], [1]), num_nodes=4, num_edges=3)
    >>> padded
    Padded(Graph(2 graphs, 4 nodes, 3 edges, on cpu))
    >>> padded.node_masks["node"].tolist(), padded.graph_mask.tolist()
    ([True, True, False, False], [True, False])
    """

    graph: Graph
    node_masks: Mapping[str, Tensor]
    edge_masks: Mapping[EdgeType, Tensor]
    graph_mask: Tensor

    def __repr__(self) -> str:
        return f"Padded({self.graph!r})"


def pad(
    graph: Graph,
    num_nodes: int | Mapping[str, int],
    num_edges: int | Mapping[str | EdgeType, int],
    *,
    num_graphs: int | None = None,
) -> Padded:
    """Fill a graph or a batch up to fixed numbers of nodes and edges.

    What is added comes last and forms a graph of its own in the batch, so that nothing that runs along edges, and no
    readout, mixes it with the rest. Edges that are added run between nodes that are added, spread evenly over them.
    Features of what is added are 0.

    Args:
        num_nodes: how many nodes there will be; for several node types a mapping of all.
        num_edges: how many edges there will be; for several edge types a mapping of all.
        num_graphs: how many graphs the batch will have; one more than now if not given. Further ones have no nodes.

    Raises:
        ShapeError: if there is more than that already.
        OptionError: if a type is not named, or edges are added where no node is.
        FeatureError: if a type is not there.

    *Cost* copies ids and features once.

    >>> from weft.graph import readout
    >>> padded = pad(Graph([0, 1], [1, 0]), num_nodes=5, num_edges=6)
    >>> padded.graph.adjacency.source.tolist()
    [0, 1, 2, 3, 4, 2]
    >>> readout(padded.graph, torch.ones(5))[padded.graph_mask]
    tensor([2.])
    """
    graphs = graph.num_graphs + 1 if num_graphs is None else num_graphs
    if graphs <= graph.num_graphs:
        expected = f"`num_graphs` above {graph.num_graphs}, since what is added is a graph"
        raise OptionError(message("pad", expected, str(graphs)))
    node_counts = _checked("num_nodes", graph.node_sets, by_node_type("pad", "num_nodes", graph, given=num_nodes))
    edge_counts = _checked("num_edges", graph.edge_sets, by_edge_type("pad", "num_edges", graph, given=num_edges))
    wanted: dict[Any, int] = dict(node_counts)
    wanted.update(edge_counts)
    made = derive(
        "pad",
        graph,
        {name: wanted[name] for name in graph.node_types},
        {name: _filled(edges, node_counts, edge_counts[name]) for name, edges in graph.edge_sets.items()},
        node_ids={name: _followed(nodes, wanted[name]) for name, nodes in graph.node_sets.items()},
        edge_ids={name: _followed(edges, wanted[name]) for name, edges in graph.edge_sets.items()},
        offsets={name: _continued(found, wanted[name], graphs) for name, found in sets_of(graph).items()},
    )
    return Padded(
        made.graph,
        {name: ids >= 0 for name, ids in made.node_ids.items()},
        {name: ids >= 0 for name, ids in made.edge_ids.items()},
        torch.arange(graphs, device=graph.device) < graph.num_graphs,
    )


def _checked(argument: str, sets: Mapping[_Name, FeatureSet], wanted: dict[_Name, int]) -> dict[_Name, int]:
    """A count for each type, which is not below what is there."""
    missing = [name for name in sets if name not in wanted]
    if missing:
        raise OptionError(message("pad", f"`{argument}` for every type", f"none for {listed(missing)}"))
    for name, found in sets.items():
        if wanted[name] < found.count:
            expected = f"at most {wanted[name]} of {quoted(name)}, as `{argument}` says"
            raise ShapeError(message("pad", expected, str(found.count), "raise it, or put fewer graphs into a batch"))
    return wanted


def _filled(edges: EdgeSet, num_nodes: Mapping[str, int], num_edges: int) -> Adjacency:
    """The edges, and further ones between further nodes, one after the other."""
    first, _, last = edges.type
    adjacency = edges.adjacency
    further = torch.arange(num_edges - edges.count, device=edges.device)
    ends: list[Tensor] = []
    for node_type, ids, known in (
        (first, adjacency.source, adjacency.num_sources),
        (last, adjacency.target, adjacency.num_targets),
    ):
        free = num_nodes[node_type] - known
        if further.shape[0] and not free:
            hint = f"raise `num_nodes` to {known + 1}"
            raise OptionError(
                message("pad", f"a {quoted(node_type)} to add, for edges {quoted(edges.type)} to join", "none", hint)
            )
        dtype = dtype_like(ids, num_nodes[node_type])
        ends.append(torch.cat((ids.to(dtype), (known + further % max(free, 1)).to(dtype))))
    return Adjacency._trusted(ends[0], ends[1], num_nodes[first], num_nodes[last])


def _followed(found: FeatureSet, count: int) -> Tensor:
    """The ids that rows had, -1 for what is added."""
    ids = torch.arange(count, device=found.device)
    return ids.where(ids < found.count, -1)


def _continued(found: FeatureSet, count: int, num_graphs: int) -> Tensor:
    """Where each graph begins: those that are there, the one of what is added, and empty ones behind it."""
    begins = graph_offsets(found)
    return torch.cat((begins, begins.new_full((num_graphs + 1 - begins.shape[0],), count)))
