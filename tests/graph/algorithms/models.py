"""What the algorithms are compared with: NetworkX graphs of drawn graphs, and what those are drawn from."""

import networkx as nx
import torch
from hypothesis import strategies as st

from weft.graph import Graph


@st.composite
def networks(draw, max_nodes=9, max_edges=30):
    """Graphs with self loops, parallel edges and isolated nodes, of int32 or int64 ids, bigger than those of `strategies`."""
    num = draw(st.integers(0, max_nodes))
    pairs = st.lists(st.tuples(st.integers(0, max(num - 1, 0)), st.integers(0, max(num - 1, 0))), max_size=max_edges)
    edges = draw(pairs) if num else []
    dtype = draw(st.sampled_from([torch.int32, torch.int64]))
    source, target = (torch.tensor([pair[end] for pair in edges], dtype=dtype) for end in (0, 1))
    return Graph(source, target, num)


def ids(num):
    """Lists of nodes, repeated ones included."""
    return st.lists(st.integers(0, num - 1), max_size=4) if num else st.just([])


def directed(graph, weight=None):
    """The MultiDiGraph with the same edges, in their order, with their ids as keys."""
    made = nx.MultiDiGraph()
    made.add_nodes_from(range(graph.num_nodes))
    ends = zip(graph.adjacency.source.tolist(), graph.adjacency.target.tolist(), strict=True)
    for edge, (first, last) in enumerate(ends):
        made.add_edge(first, last, key=edge, weight=1.0 if weight is None else float(weight[edge]))
    return made


def undirected(graph):
    """The simple graph in which an edge either way joins its ends."""
    made = nx.Graph(directed(graph))
    made.remove_edges_from(list(nx.selfloop_edges(made)))
    return made


def turned(network, direction):
    """The network whose edges lead where a search in that direction goes."""
    if direction == "out":
        return network
    back = network.reverse()
    return back if direction == "in" else nx.compose(network, back)


def shop():
    """A graph of two node types and two edge types: users follow users and rate items."""
    edges = {("user", "follows", "user"): ([0, 1, 3], [1, 2, 0]), ("user", "rates", "item"): ([0, 1], [1, 0])}
    return Graph(edges, num_nodes={"user": 4, "item": 4})
