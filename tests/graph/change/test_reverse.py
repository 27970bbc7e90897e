"""Edges turned round, and reverse edges beside their edges."""

import pytest
import torch
from hypothesis import given

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import OptionError
from weft.graph import Graph, batch, unbatch
from weft.graph.change import add_reverse_edges, reverse

EDGE = ("node", "edge", "node")
RATES, FOLLOWS = ("user", "rates", "item"), ("user", "follows", "user")


def pairs(edges):
    return list(zip(edges.adjacency.source.tolist(), edges.adjacency.target.tolist(), strict=True))


@given(graph=graphs())
def test_turning_twice_changes_nothing(graph):
    turned = reverse(graph)
    assert [(b, a) for a, b in pairs(turned.edges)] == pairs(graph.edges)
    assert_same(reverse(turned), graph)
    assert turned.edges["w"] is graph.edges["w"]


@given(graph=typed_graphs())
def test_types_turn_and_take_a_prefix(graph):
    turned = reverse(graph, prefix="of_")
    assert turned.edge_types == (("item", "of_rates", "user"), ("user", "of_follows", "user"))
    assert [(b, a) for a, b in pairs(turned["of_rates"])] == pairs(graph["rates"])
    assert turned["of_rates"]["stars"] is graph["rates"]["stars"]
    assert_same(reverse(reverse(graph)), graph)


def test_opposite_types_of_one_relation_keep_their_features():
    graph = Graph({("a", "to", "b"): ([0], [1]), ("b", "to", "a"): ([0, 1], [0, 0])}, num_nodes={"a": 1, "b": 2})
    graph["a", "to", "b"]["w"] = [1]
    turned = reverse(graph)
    assert turned["b", "to", "a"]["w"].tolist() == [1]
    assert "w" not in turned["a", "to", "b"]


def test_compressions_turn_too_and_features_stay_behind():
    graph = Graph([0, 0], [1, 2])
    graph.edges["w"] = [1, 2]
    rows = graph.adjacency.by_target
    assert reverse(graph).adjacency.by_source is rows
    assert not reverse(graph, features="none").edges
    with pytest.raises(OptionError, match="reverse: expected `features`"):
        reverse(graph, features="some")


def test_a_batch_turns_graph_by_graph():
    parts = unbatch(reverse(batch([Graph([0], [1]), Graph([0, 1], [1, 1])])))
    assert [part.adjacency.source.tolist() for part in parts] == [[1], [1, 1]]


def check_mapping(found):
    for name, edges in found.graph.edge_sets.items():
        other, ids = found.reverse_types[name], found.reverse_ids[name]
        there = pairs(found.graph.edge_sets[other])
        assert ids.dtype is torch.int64
        assert [(b, a) for a, b in pairs(edges)] == [there[edge] for edge in ids.tolist()]
        assert found.reverse_ids[other][ids].tolist() == list(range(edges.count))


@given(graph=graphs())
def test_each_edge_but_loops_gets_its_reverse(graph):
    found = add_reverse_edges(graph)
    turned = [edge for edge, (a, b) in enumerate(pairs(graph.edges)) if a != b]
    assert pairs(found.graph.edges) == pairs(graph.edges) + [pairs(graph.edges)[edge][::-1] for edge in turned]
    assert found.graph.edges["w"].tolist() == graph.edges["w"].tolist() + graph.edges["w"][turned].tolist()
    check_mapping(found)


@given(graph=graphs())
def test_separate_reverse_edges_are_a_type(graph):
    found = add_reverse_edges(graph, separate=True)
    assert pairs(found.graph["rev_edge"]) == [(b, a) for a, b in pairs(graph.edges)]
    assert found.graph["rev_edge"]["w"].tolist() == graph.edges["w"].tolist()
    check_mapping(found)


@given(graph=typed_graphs())
def test_edges_between_node_types_get_a_type(graph):
    found = add_reverse_edges(graph)
    assert found.graph.edge_types == (RATES, FOLLOWS, ("item", "rev_rates", "user"))
    assert found.graph["rates"].adjacency is graph["rates"].adjacency
    assert found.graph["rev_rates"]["stars"] is graph["rates"]["stars"]
    check_mapping(found)
    check_mapping(add_reverse_edges(graph, separate=True, prefix="of_"))


@given(graphs(), graphs())
def test_reverse_edges_of_a_batch_stand_in_their_graph(first, second):
    found = add_reverse_edges(batch([first, second]))
    for part, graph in zip(unbatch(found.graph), (first, second), strict=True):
        assert_same(part, add_reverse_edges(graph).graph)
    check_mapping(found)
    check_mapping(add_reverse_edges(batch([first, second]), separate=True))


def test_features_of_reverse_edges_are_lazy_or_left_behind():
    graph = Graph([0, 1], [1, 2])
    graph.edges["w"] = [1.0, 2.0]
    lazy = add_reverse_edges(graph, features="lazy").graph
    graph.edges["w"][0] = 7.0
    assert lazy.edges["w"].tolist() == [7, 2, 7, 2]
    assert not add_reverse_edges(graph, features="none").graph.edges
    assert not add_reverse_edges(graph, features="none", separate=True).graph["rev_edge"]


def test_a_name_that_is_taken_is_refused():
    graph = Graph({("a", "to", "b"): ([0], [0]), ("b", "rev_to", "a"): ([0], [0])})
    with pytest.raises(
        OptionError, match=r"add_reverse_edges: expected a new edge type .*; hint: choose another prefix"
    ):
        add_reverse_edges(graph)
