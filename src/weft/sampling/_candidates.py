"""What samplers read of a graph: the edges of a type by one end, with weights and times."""

from ..errors import DeviceError, FeatureError, OptionError, message
from ..graph import EdgeType, Graph
from ..ops import Candidates, Structure, draws_there, in_time_order, weight_sums


def check_sampled(where: str, graph: Graph, weight: str | None, *, on_devices: bool = False) -> None:
    """Refuse a graph where nobody draws, which is anywhere but on the CPU unless `on_devices`, and a weight that no edges have.

    Raises:
        DeviceError, FeatureError: if it is so.
    """
    if graph.device.type != "cpu" and not (on_devices and draws_there(graph.device)):
        hint = "sample on the CPU and move the batch, or call graph.to('cpu')"
        raise DeviceError(message(where, "a graph on the CPU", str(graph.device), hint))
    if weight is not None and not any(weight in edges for edges in graph.edge_sets.values()):
        raise FeatureError(message(where, "`weight` to name a feature of edges", f'"{weight}"'))


def candidates_of(
    graph: Graph, name: EdgeType, *, weight: str | None, time: str | None, along: bool = False
) -> Candidates:
    """The edges of a type among which its targets draw, or with `along` those among which its sources do.

    Where edges, or the nodes that are drawn, have times they stand in the order of time.
    """
    edges = graph.edge_sets[name]
    drawn, draws = (name[2], name[0]) if along else (name[0], name[2])
    rows = Structure(*(edges.adjacency.by_source if along else edges.adjacency.by_target)[:3])
    nodes = graph.node_sets[drawn]
    times = sums = None
    if time is not None and (time in edges or time in nodes):
        rows, times = in_time_order(rows, edges.get(time), nodes.get(time))
    if weight is not None and weight in edges:
        sums = weight_sums(rows, edges[weight])
    return Candidates(rows, graph.node_types.index(drawn), graph.node_types.index(draws), sums, times)


def only_edge_type(where: str, graph: Graph) -> EdgeType:
    """The edge type of a graph that has one.

    Raises:
        OptionError: if it has several.
    """
    if len(graph.edge_types) != 1:
        hint = "give `path`, an edge type for each step" if where == "RandomWalks" else "weft.graph.type_subgraph"
        raise OptionError(message(where, "a graph of one edge type", f"one of {len(graph.edge_types)}", hint))
    return graph.edge_types[0]


def square_edge_type(where: str, graph: Graph) -> EdgeType:
    """The edge type of a graph that has one, between nodes of one type.

    Raises:
        OptionError: if it has several, or one between two types.
    """
    name = only_edge_type(where, graph)
    if name[0] != name[2]:
        raise OptionError(message(where, "edges between nodes of one type", str(name)))
    return name
