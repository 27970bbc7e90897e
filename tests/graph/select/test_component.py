"""Largest components."""

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.select.parts import assert_part, ends_of, larger_graphs
from tests.graph.select.test_nodes import induced_edges
from tests.graph.strategies import graphs, typed_graphs
from weft.errors import OptionError
from weft.graph import Graph, batch
from weft.graph.select import largest_component


def components(graph):
    """Sets of (type, node), the largest first, then by their first node."""
    whole = nx.Graph()
    whole.add_nodes_from((name, node) for name, found in graph.node_sets.items() for node in range(found.count))
    for name, ends in ends_of(graph).items():
        whole.add_edges_from(((name[0], first), (name[2], last)) for first, last in ends)
    return sorted(
        nx.connected_components(whole), key=len, reverse=True
    )  # NetworkX begins at the first node that is left


@given(st.one_of(graphs(), typed_graphs(), larger_graphs()), st.integers(1, 3))
def test_networkx_finds_the_same_components(graph, count):
    chosen = set().union(*components(graph)[:count])
    nodes = {
        name: [node for node in range(found.count) if (name, node) in chosen] for name, found in graph.node_sets.items()
    }
    assert_part(largest_component(graph, count=count), graph, nodes, induced_edges(graph, nodes))


def test_of_equal_components_the_first_is_taken():
    assert largest_component(Graph([3, 1], [2, 0])).node_ids["node"].tolist() == [0, 1]
    assert largest_component(Graph([], [], 4), count=2).node_ids["node"].tolist() == [0, 1]


def test_empty_graphs_have_no_component():
    assert largest_component(Graph([], [], 0)).graph.num_nodes == 0
    assert largest_component(Graph({}, num_nodes={"user": 0, "item": 2})).node_ids["item"].tolist() == [0]


def test_a_batch_is_one_graph_of_many_components():
    part = largest_component(batch([Graph([0], [1]), Graph([0, 1], [1, 2])]))
    assert part.node_ids["node"].tolist() == [2, 3, 4]
    assert part.graph.nodes.offsets.tolist() == [0, 0, 3]


@pytest.mark.parametrize("wide", ["source", "target"])
def test_ids_of_two_dtypes_give_the_same(wide):
    source, target = torch.tensor([3, 0, 3]), torch.tensor([1, 0, 3])
    ends = (source, target.int()) if wide == "source" else (source.int(), target)
    assert largest_component(Graph(*ends, 5)).node_ids["node"].tolist() == [1, 3]
    loves, knows = ("a", "loves", "b"), ("b", "knows", "b")
    part = largest_component(Graph({loves: ends, knows: ends[::-1]}, num_nodes={"a": 4, "b": 5}))
    assert {name: ids.tolist() for name, ids in part.node_ids.items()} == {"a": [3], "b": [1, 3]}


def test_no_component_at_all_is_refused():
    with pytest.raises(OptionError, match="largest_component: expected `count` of at least 1, got 0"):
        largest_component(Graph([0], [1]), count=0)
