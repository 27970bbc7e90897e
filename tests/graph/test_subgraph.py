"""Graphs made from parts of others: features, original ids, batches."""

import pickle

import pytest
import torch
from torch.testing import assert_close

from weft.errors import OptionError
from weft.graph import Adjacency, Graph, batch, unbatch
from weft.graph._naming import EDGE, NODE
from weft.graph._subgraph import derive


def ring(count):
    graph = Graph(torch.arange(count), (torch.arange(count) + 1) % max(count, 1), count)
    graph.nodes["x"] = torch.arange(count * 2.0).reshape(count, 2)
    graph.edges["w"] = torch.arange(count) + 10
    return graph


def part_of(graph, nodes, edges, adjacency, **options):
    return derive(
        "test",
        graph,
        {NODE: adjacency.num_sources},
        {EDGE: adjacency},
        node_ids={NODE: nodes},
        edge_ids={EDGE: edges},
        **options,
    )


def test_rows_follow_ids_and_new_ones_are_zero():
    found = part_of(ring(4), torch.tensor([3, -1]), torch.tensor([2, -1, 0]), Adjacency([0, 1, 0], [1, 1, 0]))
    assert_close(found.graph.nodes["x"], torch.tensor([[6.0, 7.0], [0.0, 0.0]]))
    assert found.graph.edges["w"].tolist() == [12, 0, 10]
    assert found.node_ids[NODE].tolist() == [3, -1]
    assert found.edge_ids[EDGE].tolist() == [2, -1, 0]


def test_rows_that_stay_share_their_tensor_and_ids_are_written_out():
    graph = ring(3)
    found = part_of(graph, None, None, graph.adjacency)
    assert found.graph.nodes["x"] is graph.nodes["x"]
    assert found.node_ids[NODE].tolist() == [0, 1, 2]


def test_lazy_features_are_taken_at_the_first_look_and_once():
    graph = ring(4)
    found = part_of(graph, torch.tensor([1, 2]), torch.tensor([1]), Adjacency([0], [1]), features="lazy").graph
    assert "x (2, 2) float32" in repr(found)
    graph.nodes["x"][1] = 7.0
    graph.nodes["x"] = torch.zeros(4, 2)
    assert_close(found.nodes["x"], torch.tensor([[7.0, 7.0], [4.0, 5.0]]))
    assert found.nodes["x"] is found.nodes["x"]
    assert found.to("cpu") is found


def test_features_stay_behind_when_asked():
    found = part_of(
        ring(4),
        torch.tensor([1]),
        torch.tensor([], dtype=torch.int64),
        Adjacency([], [], num_sources=1, num_targets=1),
        features="none",
    )
    assert not found.graph.nodes
    assert not found.graph.edges


def test_another_word_for_features_is_refused():
    graph = ring(2)
    with pytest.raises(OptionError, match="`features` to be one of copy, lazy, none, got 'eager'"):
        part_of(graph, None, None, graph.adjacency, features="eager")


def test_bool_and_complex_features_come_along():
    graph = ring(3)
    graph.nodes["seen"] = torch.tensor([True, False, True])
    graph.nodes["z"] = torch.tensor([1j, 2j, 3j])
    found = part_of(graph, torch.tensor([2, -1]), torch.tensor([0]), Adjacency([0], [1])).graph
    assert found.nodes["seen"].tolist() == [True, False]
    assert found.nodes["z"].tolist() == [3j, 0j]


def test_gradients_flow_to_the_first_graph():
    graph = ring(3)
    graph.nodes["x"] = graph.nodes["x"].requires_grad_()
    part_of(graph, torch.tensor([2, 2, -1]), torch.tensor([0]), Adjacency([0], [2])).graph.nodes["x"].sum().backward()
    assert graph.nodes["x"].grad.tolist() == [[0, 0], [0, 0], [2, 2]]


def test_a_batch_stays_one():
    both = batch([ring(3), ring(0), ring(2)])
    found = part_of(
        both, torch.tensor([0, 2, 4]), torch.tensor([4, 2]), Adjacency([2, 0], [2, 1], num_sources=3, num_targets=3)
    )
    assert found.graph.num_graphs == 3
    assert found.graph.nodes.offsets.tolist() == [0, 2, 2, 3]
    assert found.graph.edges.offsets.tolist() == [0, 1, 1, 2]
    assert found.edge_ids[EDGE].tolist() == [2, 4]
    assert [part.num_nodes for part in unbatch(found.graph)] == [2, 0, 1]
    assert [part.edges["w"].tolist() for part in unbatch(found.graph)] == [[12], [], [11]]


def test_mixed_or_new_nodes_of_a_batch_are_refused():
    both = batch([ring(2), ring(2)])
    for nodes in ([2, 0], [0, -1]):
        with pytest.raises(OptionError, match="nodes of a batch, graph after graph"):
            part_of(both, torch.tensor(nodes), torch.tensor([0]), Adjacency([0], [1]))


def test_given_features_take_the_place_of_others_and_follow_the_order_of_a_batch():
    both = batch([ring(2), ring(2)])
    mixed = Adjacency([2, 0], [3, 1], num_sources=4, num_targets=4)
    new = ("node", "new", "node")
    found = derive(
        "test",
        both,
        {NODE: 4},
        {EDGE: mixed, new: mixed},
        node_ids={NODE: None},
        edge_ids={EDGE: torch.tensor([2, 0])},
        given={EDGE: {"v": torch.tensor([20, 10])}, new: {"w": torch.tensor([2, 1])}},
    )
    assert found.graph.edge_sets[EDGE]["v"].tolist() == [10, 20]
    assert found.graph.edge_sets[EDGE]["w"].tolist() == [10, 10]
    assert found.graph.edge_sets[new]["w"].tolist() == [1, 2]
    assert found.edge_ids[EDGE].tolist() == [0, 2]
    assert found.edge_ids[new].tolist() == [-1, -1]


def test_a_type_that_no_ids_name_comes_without_features():
    graph = ring(2)
    found = derive("test", graph, {NODE: 2}, {EDGE: graph.adjacency}, node_ids={NODE: None}, edge_ids={})
    assert not found.graph.edges
    assert found.graph.nodes["x"] is graph.nodes["x"]
    assert found.edge_ids[EDGE].tolist() == [-1, -1]


def test_original_ids_are_a_mapping_of_the_types_that_are_there_and_can_be_pickled():
    found = part_of(ring(3), None, torch.tensor([2]), Adjacency([2], [0], num_sources=3, num_targets=3))
    assert dict(found.node_ids)[NODE].tolist() == [0, 1, 2]
    assert found.node_ids[NODE] is found.node_ids[NODE]
    with pytest.raises(KeyError):
        found.node_ids["item"]
    assert pickle.loads(pickle.dumps(found)).edge_ids[EDGE].tolist() == [2]
