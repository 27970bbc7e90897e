"""Graphs without nodes that no edge touches."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import edges, graphs, typed_graphs
from weft.errors import IdError, OptionError, ShapeError
from weft.graph import Graph, batch, unbatch
from weft.graph.change import compact, compact_together


@given(graph=graphs(), data=st.data())
def test_nodes_without_edges_go_but_those_to_keep(graph, data):
    keep = data.draw(st.lists(st.sampled_from(range(graph.num_nodes)))) if graph.num_nodes else []
    part = compact(graph, keep=keep)
    source, target = graph.adjacency.source, graph.adjacency.target
    left = sorted({*source.tolist(), *target.tolist(), *keep})
    assert part.node_ids["node"].tolist() == left
    assert part.node_ids["node"][part.graph.adjacency.source].tolist() == source.tolist()
    assert part.node_ids["node"][part.graph.adjacency.target].tolist() == target.tolist()
    assert part.graph.nodes["x"].tolist() == graph.nodes["x"][left].tolist()
    assert part.graph.edges["w"] is graph.edges["w"]


@given(graph=typed_graphs())
def test_nodes_of_all_types_go(graph):
    part = compact(graph)
    users = {*graph["rates"].adjacency.source.tolist(), *graph["follows"].adjacency.source.tolist()}
    assert part.node_ids["user"].tolist() == sorted(users | {*graph["follows"].adjacency.target.tolist()})
    assert part.node_ids["item"].tolist() == sorted({*graph["rates"].adjacency.target.tolist()})
    assert part.graph["brand"].count == 0
    everything = {name: range(nodes.count) for name, nodes in graph.node_sets.items()}
    assert compact(graph, keep=everything).graph.same_structure(graph)


@given(st.integers(0, 6), st.data())
def test_graphs_on_the_same_nodes_get_the_same_ids(count, data):
    both = [Graph(*data.draw(edges(count, count)), count) for _ in range(2)]
    found = compact_together(both)
    touched = {
        end for graph in both for ends in (graph.adjacency.source, graph.adjacency.target) for end in ends.tolist()
    }
    for part, graph in zip(found, both, strict=True):
        assert part.node_ids["node"].tolist() == sorted(touched)
        assert part.node_ids["node"][part.graph.adjacency.source].tolist() == graph.adjacency.source.tolist()


def test_a_batch_stays_one():
    part = compact(batch([Graph([2], [2]), Graph([0], [3])]))
    assert [graph.num_nodes for graph in unbatch(part.graph)] == [1, 2]


def test_graphs_that_differ_are_refused():
    graph = Graph([0], [1])
    with pytest.raises(OptionError, match=r"compact_together: expected a list of at least one graph, got \[\]"):
        compact_together([])
    with pytest.raises(OptionError, match="a list of at least one graph, got Graph"):
        compact_together(graph)
    with pytest.raises(ShapeError, match='compact_together: expected 2 nodes "node" as in graph 0, got 3 in graph 1'):
        compact_together([graph, Graph([0], [2])])
    with pytest.raises(OptionError, match='node types of graph 0, "node", in graph 1, got "a"'):
        compact_together([graph, Graph({("a", "to", "a"): ([0], [0])})])
    with pytest.raises(IdError, match="compact: expected `keep` within the graph, got 2"):
        compact(graph, keep=[2])
    with pytest.raises(OptionError, match="compact: expected `keep` for each node type"):
        compact(Graph({("a", "to", "b"): ([0], [0])}), keep=[0])
    assert compact(Graph({})).graph.num_nodes == 0
    assert compact(graph, keep=torch.tensor([True, True])).graph.num_nodes == 2


def test_what_is_no_graph_is_refused():
    with pytest.raises(OptionError, match="a list of at least one graph"):
        compact_together([Graph([0], [1]), 3])
