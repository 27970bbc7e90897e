"""Line graphs and Levi graphs."""

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import OptionError
from weft.graph import Graph, batch, to_networkx, unbatch
from weft.graph.change import levi_graph, line_graph


def pairs(edges):
    return list(zip(edges.adjacency.source.tolist(), edges.adjacency.target.tolist(), strict=True))


@given(graph=graphs(), backtracking=st.booleans())
def test_an_edge_leads_to_those_that_follow_it(graph, backtracking):
    found, edges = line_graph(graph, backtracking=backtracking), pairs(graph.edges)
    assert found.num_nodes == graph.num_edges
    assert pairs(found.edges) == [
        (e, f)
        for e, (a, b) in enumerate(edges)
        for f, (c, d) in enumerate(edges)
        if b == c and (backtracking or d != a)
    ]
    assert found.nodes["w"].tolist() == graph.edges["w"].tolist()
    assert found.node_types == ("node",)
    assert not found.edges


@given(graph=graphs())
def test_line_graphs_are_those_of_networkx(graph):
    # The key of an edge is its id there.
    expected = {(e[2], f[2]) for e, f in nx.line_graph(to_networkx(graph)).edges()}
    assert set(pairs(line_graph(graph).edges)) == expected


@given(graph=typed_graphs(), backtracking=st.booleans())
def test_edge_types_become_node_types(graph, backtracking):
    found = line_graph(graph, backtracking=backtracking)
    assert found.node_types == ("rates", "follows")
    assert found.edge_types == (("follows", "user", "rates"), ("follows", "user", "follows"))
    rates, follows = pairs(graph["rates"]), pairs(graph["follows"])
    assert pairs(found["follows", "user", "rates"]) == [
        (e, f) for e, (_, b) in enumerate(follows) for f, (c, _) in enumerate(rates) if b == c
    ]
    assert pairs(found["follows", "user", "follows"]) == [
        (e, f)
        for e, (a, b) in enumerate(follows)
        for f, (c, d) in enumerate(follows)
        if b == c and (backtracking or d != a)
    ]
    assert found["rates"]["stars"].tolist() == graph["rates"]["stars"].tolist()


def test_backtracking_across_types_is_left_out():
    graph = Graph({("a", "to", "b"): ([0, 1], [0, 0]), ("b", "back", "a"): ([0], [1])})
    assert pairs(line_graph(graph)["to", "b", "back"]) == [(0, 0), (1, 0)]
    assert pairs(line_graph(graph, backtracking=False)["to", "b", "back"]) == [(0, 0)]


def test_names_that_are_taken_are_written_in_full():
    graph = Graph({("a", "to", "b"): ([0], [0]), ("b", "to", "a"): ([0], [0]), ("a", "b", "a"): ([0], [0])})
    assert line_graph(graph).node_types == ("a.to.b", "b.to.a", "a.b.a")
    assert levi_graph(graph).node_types == ("a", "b", "a.to.b", "b.to.a", "a.b.a")


@given(graph=graphs())
def test_each_edge_becomes_a_node_between_its_ends(graph):
    found = levi_graph(graph)
    edges = list(range(graph.num_edges))
    assert pairs(found["node", "begins", "edge"]) == list(zip(graph.adjacency.source.tolist(), edges, strict=True))
    assert pairs(found["edge", "ends", "node"]) == list(zip(edges, graph.adjacency.target.tolist(), strict=True))
    assert found["node"]["x"] is graph.nodes["x"]
    assert found["edge"]["w"] is graph.edges["w"]


@given(graph=typed_graphs())
def test_levi_graphs_of_types_have_all_of_them(graph):
    found = levi_graph(graph)
    assert found.node_types == ("user", "item", "brand", "rates", "follows")
    assert found.num_edges == 2 * graph.num_edges
    assert found["user", "begins", "rates"].adjacency.source is graph["rates"].adjacency.source
    assert found["rates", "ends", "item"].adjacency.target is graph["rates"].adjacency.target
    assert found["rates"]["stars"] is graph["rates"]["stars"]


@given(graphs(), graphs())
def test_batches_change_graph_by_graph(first, second):
    both = batch([first, second])
    for change in (line_graph, levi_graph, lambda graph: line_graph(graph, backtracking=False)):
        for part, graph in zip(unbatch(change(both)), (first, second), strict=True):
            assert_same(part, change(graph))


def test_ids_keep_their_dtype_and_features_stay_behind():
    ids = torch.tensor([0, 1, 2], dtype=torch.int32)
    graph = Graph(ids, ids)
    graph.edges["w"] = [1, 2, 3]
    assert line_graph(graph).adjacency.source.dtype is torch.int32
    assert levi_graph(graph)["ends"].adjacency.source.dtype is torch.int32
    assert not line_graph(graph, features="none").nodes
    assert not levi_graph(graph, features="none")["edge"]
    with pytest.raises(OptionError, match="levi_graph: expected `features`"):
        levi_graph(graph, features="some")


def test_nothing_becomes_nothing():
    assert line_graph(Graph({})).num_nodes == 0
    assert levi_graph(Graph({})).num_nodes == 0
    assert line_graph(Graph([], [], 3)).num_nodes == 0
