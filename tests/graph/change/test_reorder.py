"""Nodes in another order."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import reverse_cuthill_mckee

from tests.graph.strategies import graphs, typed_graphs
from weft.errors import DtypeError, IdError, OptionError, ShapeError
from weft.graph import Graph, batch, to_scipy, unbatch
from weft.graph.change import reorder

EDGE = ("node", "edge", "node")
ORDERS = st.sampled_from(["degree", "rcm"])


def check(part, graph):
    """The same graph under other ids."""
    for name, nodes in graph.node_sets.items():
        ids = part.node_ids[name]
        assert sorted(ids.tolist()) == list(range(nodes.count))
        for feature, x in nodes.items():
            assert part.graph.node_sets[name][feature].tolist() == x[ids].tolist()
    for name, edges in graph.edge_sets.items():
        ids, adjacency = part.edge_ids[name], part.graph.edge_sets[name].adjacency
        assert sorted(ids.tolist()) == list(range(edges.count))
        assert part.node_ids[name[0]][adjacency.source.long()].tolist() == edges.adjacency.source[ids].tolist()
        assert part.node_ids[name[2]][adjacency.target.long()].tolist() == edges.adjacency.target[ids].tolist()
        for feature, x in edges.items():
            assert part.graph.edge_sets[name][feature].tolist() == x[ids].tolist()


@given(graph=graphs(), order=ORDERS, end=st.sampled_from(["source", "target", None]))
def test_it_is_the_same_graph(graph, order, end):
    part = reorder(graph, order, sort_edges=end)
    check(part, graph)
    if end is None:
        assert part.edge_ids[EDGE].tolist() == list(range(graph.num_edges))
    else:
        ends = getattr(part.graph.adjacency, end).tolist()
        assert ends == sorted(ends)
        rows = part.graph.adjacency.by_source if end == "source" else part.graph.adjacency.by_target
        assert rows.edge is None


@given(graph=typed_graphs(), order=ORDERS, end=st.sampled_from(["source", "target", None]))
def test_it_is_the_same_typed_graph(graph, order, end):
    check(reorder(graph, order, sort_edges=end), graph)


@given(graph=graphs())
def test_many_edges_come_first(graph):
    degree = (graph.adjacency.in_degrees() + graph.adjacency.out_degrees()).tolist()
    expected = sorted(range(graph.num_nodes), key=lambda node: (-degree[node], node))
    assert reorder(graph, "degree").node_ids["node"].tolist() == expected


@given(graph=graphs())
def test_rcm_is_that_of_scipy(graph):
    if graph.num_nodes:
        expected = reverse_cuthill_mckee(to_scipy(graph).tocsr()).tolist()
        assert reorder(graph, "rcm").node_ids["node"].tolist() == expected


def test_rcm_brings_neighbours_together():
    node = torch.from_numpy(np.random.default_rng(0).permutation(200))
    graph = Graph(node[:-1], node[1:])
    found = reorder(graph, "rcm").graph.adjacency
    assert int((found.source - found.target).abs().max()) == 1


@given(graph=graphs(), data=st.data())
def test_an_own_order_and_parts(graph, data):
    own = data.draw(st.permutations(range(graph.num_nodes)))
    parts = data.draw(st.lists(st.integers(0, 3), min_size=graph.num_nodes, max_size=graph.num_nodes))
    assert reorder(graph, own).node_ids["node"].tolist() == own
    by_part = sorted(range(graph.num_nodes), key=lambda node: parts[node])
    assert reorder(graph, parts=parts).node_ids["node"].tolist() == by_part
    both = reorder(graph, own, parts=parts)
    assert both.node_ids["node"].tolist() == sorted(own, key=lambda node: parts[node])
    check(both, graph)


def test_types_that_are_not_named_stay():
    graph = Graph({("a", "to", "b"): ([0, 1], [0, 1])})
    part = reorder(graph, {"a": [1, 0]})
    assert part.node_ids["a"].tolist() == [1, 0]
    assert part.node_ids["b"].tolist() == [0, 1]
    assert part.graph["to"].adjacency.source.tolist() == [1, 0]


@given(graphs(), graphs(), ORDERS)
def test_graphs_of_a_batch_are_ordered_each(first, second, order):
    part = reorder(batch([first, second]), order, sort_edges="target")
    assert [found.num_nodes for found in unbatch(part.graph)] == [first.num_nodes, second.num_nodes]
    check(part, batch([first, second]))


def test_an_own_order_may_not_mix_the_graphs_of_a_batch():
    with pytest.raises(OptionError, match="reorder: expected nodes of a batch, graph after graph"):
        reorder(batch([Graph([0], [1]), Graph([0], [1])]), [2, 3, 0, 1])


def test_features_are_lazy_or_left_behind():
    graph = Graph([0, 1], [1, 1])
    graph.edges["w"], graph.nodes["x"] = [1.0, 2.0], [3.0, 4.0]
    lazy = reorder(graph, "degree", sort_edges="target", features="lazy").graph
    graph.nodes["x"][0] = 9.0
    assert lazy.nodes["x"].tolist() == [4, 9]
    assert not reorder(graph, "degree", features="none").graph.nodes


def test_wrong_orders_are_refused():
    graph = Graph([0], [1])
    with pytest.raises(OptionError, match="reorder: expected `order`, `parts` or `sort_edges`, got none of them"):
        reorder(graph)
    with pytest.raises(OptionError, match='`order` of "degree", "rcm" or ids of nodes, got \'random\''):
        reorder(graph, "random")
    with pytest.raises(OptionError, match='`sort_edges` of "source", "target" or None, got \'both\''):
        reorder(graph, sort_edges="both")
    with pytest.raises(OptionError, match='`order` to name each "node" node once, got node 0 2 times'):
        reorder(graph, [0, 0])
    with pytest.raises(OptionError, match="got node 1 0 times"):
        reorder(graph, [0])
    with pytest.raises(IdError, match="`order` within the graph, got 2"):
        reorder(graph, [0, 2])
    with pytest.raises(ShapeError, match=r"`parts` of shape \(2,\), got \(3,\)"):
        reorder(graph, parts=[0, 1, 1])
    with pytest.raises(DtypeError, match=r"integers|int32 or int64"):
        reorder(graph, parts=[0.5, 1.0])
    with pytest.raises(OptionError, match="reorder: expected `order` for each node type"):
        reorder(Graph({("a", "to", "b"): ([0], [0])}), [0])


def test_nothing_has_an_order():
    for order in ("degree", "rcm"):
        assert reorder(Graph({}), order).graph.num_nodes == 0
        assert reorder(Graph([], []), order).graph.num_nodes == 0
