"""Edges added and taken away, against a model in lists."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import edges, graphs, typed_graphs
from weft.errors import DtypeError, FeatureError, IdError, OptionError, ShapeError
from weft.graph import Graph, batch, unbatch
from weft.graph.change import add_edges, remove_edges

EDGE = ("node", "edge", "node")


@given(graph=graphs(), data=st.data())
def test_new_edges_stand_behind_the_old_ones(graph, data):
    source, target = data.draw(edges(graph.num_nodes, graph.num_nodes))
    made = add_edges(graph, source, target, features={"w": torch.full((len(source),), 5)})
    assert made.adjacency.source.tolist() == graph.adjacency.source.tolist() + source
    assert made.adjacency.target.tolist() == graph.adjacency.target.tolist() + target
    assert made.edges["w"].tolist() == graph.edges["w"].tolist() + [5] * len(source)
    assert made.nodes["x"] is graph.nodes["x"]
    removed = remove_edges(made, range(graph.num_edges, made.num_edges))
    assert removed.graph.same_structure(graph)
    assert removed.graph.edges["w"].tolist() == graph.edges["w"].tolist()


def test_what_is_not_given_is_zero_on_either_side():
    graph = Graph([0], [1])
    graph.edges["w"] = [[1.0, 2.0]]
    made = add_edges(graph, [1], [0], features={"kind": [3]})
    assert made.edges["w"].tolist() == [[1, 2], [0, 0]]
    assert made.edges["kind"].tolist() == [0, 3]


@given(graph=typed_graphs(), data=st.data())
def test_edges_of_one_type_are_added_and_a_new_type_is_made(graph, data):
    source, target = data.draw(edges(graph["user"].count, graph["item"].count))
    made = add_edges(graph, source, target, edge_type="rates")
    assert made["rates"].adjacency.target.tolist() == graph["rates"].adjacency.target.tolist() + target
    assert made["rates"]["stars"].tolist() == graph["rates"]["stars"].tolist() + [0] * len(source)
    assert made["follows"].adjacency is graph["follows"].adjacency
    other = add_edges(
        graph, target, source, edge_type=("item", "liked_by", "user"), features={"w": [0.5] * len(source)}
    )
    assert other.edge_types == (*graph.edge_types, ("item", "liked_by", "user"))
    assert other["liked_by"].adjacency.source.tolist() == target
    assert other["liked_by"]["w"].tolist() == [0.5] * len(source)


def test_ids_keep_their_dtype():
    ids = torch.tensor([0, 1], dtype=torch.int32)
    assert add_edges(Graph(ids, ids), [0], [1]).adjacency.target.dtype is torch.int32


def test_edges_of_a_batch_stand_behind_those_of_their_graph():
    both = batch([Graph([0], [1]), Graph([0], [1])])
    both.edges["w"] = [1, 2]
    made = add_edges(both, [3, 1], [2, 0], features={"w": [20, 10]})
    assert [part.edges["w"].tolist() for part in unbatch(made)] == [[1, 10], [2, 20]]
    assert [part.adjacency.source.tolist() for part in unbatch(made)] == [[0, 1], [0, 1]]
    with pytest.raises(OptionError, match="one graph of the batch, got an edge from 1 to 2, in graphs 0 and 1"):
        add_edges(both, [0, 1], [1, 2])
    new = add_edges(both, [3, 1], [2, 0], edge_type=("node", "new", "node"), features={"w": [20, 10]})
    assert [part["new"]["w"].tolist() for part in unbatch(new)] == [[10], [20]]


def test_wrong_ends_types_and_rows_are_refused():
    graph = Graph([0], [1])
    graph.edges["w"] = [1.0]
    with pytest.raises(IdError, match="add_edges: expected `target` within the graph, got 2, but ids are 0 to 1"):
        add_edges(graph, [0], [2])
    with pytest.raises(ShapeError, match=r"add_edges: expected as many sources as targets, .*, got 1 and 2"):
        add_edges(graph, [0], [1, 1])
    with pytest.raises(FeatureError, match=r'add_edges: expected one of the edge types .*, got "likes"'):
        add_edges(graph, [0], [1], edge_type="likes")
    with pytest.raises(FeatureError, match='add_edges: expected one of the node types "node", got "user"'):
        add_edges(graph, [0], [1], edge_type=("user", "likes", "node"))
    with pytest.raises(OptionError, match="three strings, got"):
        add_edges(graph, [0], [1], edge_type=("user", "likes"))
    with pytest.raises(ShapeError, match=r'feature "w" of 1 edge .*: expected shape \(1, ...\), got \(2,\)'):
        add_edges(graph, [0], [1], features={"w": [1.0, 2.0]})
    with pytest.raises(DtypeError, match=r'add_edges: expected "w" of torch.float32, .*, got torch.int64'):
        add_edges(graph, [0], [1], features={"w": [1]})


@given(graph=graphs(), data=st.data())
def test_removed_edges_leave_all_nodes(graph, data):
    gone = data.draw(st.lists(st.sampled_from(range(graph.num_edges)))) if graph.num_edges else []
    part = remove_edges(graph, gone)
    kept = [edge for edge in range(graph.num_edges) if edge not in gone]
    assert part.edge_ids[EDGE].tolist() == kept
    assert part.graph.adjacency.source.tolist() == graph.adjacency.source[kept].tolist()
    assert part.graph.adjacency.target.tolist() == graph.adjacency.target[kept].tolist()
    assert part.graph.edges["w"].tolist() == graph.edges["w"][kept].tolist()
    assert part.node_ids["node"].tolist() == list(range(graph.num_nodes))


def test_edges_go_by_relation_and_mask():
    graph = Graph({("a", "to", "b"): ([0, 1], [0, 0]), ("a", "by", "b"): ([0], [0])})
    part = remove_edges(graph, {"to": torch.tensor([True, False])})
    assert part.edge_ids["a", "to", "b"].tolist() == [1]
    assert part.edge_ids["a", "by", "b"].tolist() == [0]


def test_edges_outside_and_unnamed_types_are_refused():
    with pytest.raises(IdError, match="remove_edges: expected `edges` within the graph, got 1, but ids are 0 to 0"):
        remove_edges(Graph([0], [1]), [1])
    with pytest.raises(OptionError, match=r"remove_edges: expected `edges` for each edge type, .* 0 edge types"):
        remove_edges(Graph({}), [0])
