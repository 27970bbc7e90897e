"""A node that hears from all nodes of its graph."""

import pytest
import torch
from hypothesis import given

from tests.graph.strategies import graphs, typed_graphs
from weft.errors import OptionError
from weft.graph import Graph, batch, to_edge_list, unbatch
from weft.graph.transforms import add_virtual_nodes


@given(graph=graphs())
def test_the_last_node_is_joined_with_all_others(graph):
    found = add_virtual_nodes(graph)
    count = graph.num_nodes
    new = [(i, count) for i in range(count)] + [(count, i) for i in range(count)]
    assert to_edge_list(found) == to_edge_list(graph) + new
    assert found.nodes["x"].tolist() == [*graph.nodes["x"].tolist(), [0.0, 0.0]]
    assert found.edges["w"].tolist() == graph.edges["w"].tolist() + [0] * (2 * count)


@given(graph=typed_graphs())
def test_a_type_of_its_own_is_joined_with_all_types(graph):
    found = add_virtual_nodes(graph, "virtual")
    assert found["virtual"].count == 1
    assert found["rates"]["stars"] is graph["rates"]["stars"]
    for name, nodes in graph.node_sets.items():
        assert to_edge_list(found[name, "to_virtual", "virtual"].adjacency) == [(i, 0) for i in range(nodes.count)]
        assert to_edge_list(found["virtual", "from_virtual", name].adjacency) == [(0, i) for i in range(nodes.count)]


@given(graph=typed_graphs())
def test_one_edge_type_of_many_is_joined_and_the_others_follow(graph):
    found = add_virtual_nodes(graph, edge_type="follows")
    assert found["user"].count == graph["user"].count + 1
    assert to_edge_list(found["rates"].adjacency) == to_edge_list(graph["rates"].adjacency)
    assert found["follows"].count == graph["follows"].count + 2 * graph["user"].count


def test_each_graph_of_a_batch_has_its_own():
    parts = [Graph([0, 1], [1, 2]), Graph([], [], 0), Graph([0], [0], 2)]
    for part in parts:
        part.nodes["x"], part.edges["w"] = torch.arange(part.num_nodes) + 1.0, torch.arange(part.num_edges) + 1
    together = batch(parts)
    found = add_virtual_nodes(together)
    assert found.nodes["x"][found.nodes.offsets[1:] - 1].tolist() == [0, 0, 0]
    for part, alone in zip(unbatch(found), map(add_virtual_nodes, parts), strict=True):
        assert part.same_structure(alone)
        assert part.nodes["x"].tolist() == alone.nodes["x"].tolist()
        assert part.edges["w"].tolist() == alone.edges["w"].tolist()
    typed = add_virtual_nodes(together, "virtual")
    assert typed.num_graphs == 3
    for part, alone in zip(unbatch(typed), parts, strict=True):
        assert part.same_structure(add_virtual_nodes(alone, "virtual"))


def test_names_that_are_there_are_refused():
    graph = Graph([0], [1])
    with pytest.raises(
        OptionError, match='expected a `node_type` besides "node", or an `edge_type`, got "node", which is there'
    ):
        add_virtual_nodes(graph, "node")
    with pytest.raises(OptionError, match="got an `edge_type` too"):
        add_virtual_nodes(graph, "virtual", edge_type="edge")
