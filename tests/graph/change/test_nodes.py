"""Nodes added and taken away, against a model in lists."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import graphs, typed_graphs
from weft.errors import DeviceError, DtypeError, FeatureError, IdError, OptionError, ShapeError
from weft.graph import Graph, batch, unbatch
from weft.graph.change import add_nodes, remove_nodes

EDGE = ("node", "edge", "node")


def pairs(graph, name=EDGE):
    adjacency = graph.edge_sets[name].adjacency
    return list(zip(adjacency.source.tolist(), adjacency.target.tolist(), strict=True))


@given(graph=graphs(), count=st.integers(0, 3))
def test_new_nodes_stand_behind_the_old_ones(graph, count):
    made = add_nodes(graph, count, features={"x": torch.ones(count, 2)})
    assert made.num_nodes == graph.num_nodes + count
    assert made.nodes["x"].tolist() == graph.nodes["x"].tolist() + [[1.0, 1.0]] * count
    assert pairs(made) == pairs(graph)
    assert made.adjacency.num_sources == made.adjacency.num_targets == made.num_nodes
    assert made.edges["w"] is graph.edges["w"]


def test_what_is_not_given_is_zero_on_either_side():
    graph = Graph([0], [1])
    graph.nodes["x"] = torch.tensor([1, 2], dtype=torch.int16)
    made = add_nodes(graph, 1, features={"seen": [True]})
    assert made.nodes["x"].tolist() == [1, 2, 0]
    assert made.nodes["x"].dtype is torch.int16
    assert made.nodes["seen"].tolist() == [False, False, True]
    assert set(graph.nodes) == {"x"}


def test_gradients_flow_to_old_and_new_rows():
    graph = Graph([0], [1])
    graph.nodes["x"] = old = torch.ones(2, requires_grad=True)
    new = torch.ones(1, requires_grad=True)
    add_nodes(graph, 1, features={"x": new}).nodes["x"].sum().backward()
    assert old.grad.tolist() == [1, 1]
    assert new.grad.tolist() == [1]


@given(graph=typed_graphs())
def test_nodes_of_one_type_are_added(graph):
    made = add_nodes(graph, 2, node_type="item")
    assert made["item"].count == graph["item"].count + 2
    assert made["rates"].adjacency.num_targets == made["item"].count
    assert made["user"].count == graph["user"].count
    assert made["follows"].adjacency is graph["follows"].adjacency
    assert made["item"]["price"].tolist() == [*graph["item"]["price"].tolist(), 0, 0]


def test_wrong_counts_types_and_rows_are_refused():
    graph = Graph([0], [1])
    graph.nodes["x"] = torch.ones(2, 3)
    with pytest.raises(OptionError, match="add_nodes: expected a count of at least 0, got -1"):
        add_nodes(graph, -1)
    with pytest.raises(FeatureError, match='add_nodes: expected one of the node types "node", got "user"'):
        add_nodes(graph, 1, node_type="user")
    with pytest.raises(FeatureError, match='node types "a", "b", got None'):
        add_nodes(Graph({("a", "to", "b"): ([0], [0])}), 1)
    with pytest.raises(ShapeError, match=r'feature "x" of 1 node "node": expected shape \(1, ...\), got \(2, 3\)'):
        add_nodes(graph, 1, features={"x": torch.ones(2, 3)})
    with pytest.raises(ShapeError, match=r'add_nodes: expected "x" with rows of shape \(3,\), .*, got \(2,\)'):
        add_nodes(graph, 1, features={"x": torch.ones(1, 2)})
    with pytest.raises(DtypeError, match=r'"x" of torch.float32, .* torch.int64; hint: convert it with .to'):
        add_nodes(graph, 1, features={"x": torch.ones(1, 3, dtype=torch.int64)})
    with pytest.raises(DeviceError, match="on cpu, where the graph is"):
        add_nodes(graph, 1, features={"x": torch.ones(1, 3, device="meta")})


def test_a_batch_takes_no_new_nodes():
    both = batch([Graph([0], [1]), Graph([0], [0])])
    with pytest.raises(OptionError, match="add_nodes: expected nodes of a batch, graph after graph"):
        add_nodes(both, 1)
    assert add_nodes(both, 0).num_graphs == 2


@given(graph=graphs(), data=st.data())
def test_removed_nodes_take_their_edges_along(graph, data):
    gone = data.draw(st.lists(st.sampled_from(range(graph.num_nodes)))) if graph.num_nodes else []
    part = remove_nodes(graph, gone)
    left = [node for node in range(graph.num_nodes) if node not in gone]
    kept = [edge for edge, (a, b) in enumerate(pairs(graph)) if a in left and b in left]
    assert part.node_ids["node"].tolist() == left
    assert part.edge_ids[EDGE].tolist() == kept
    assert [(left[a], left[b]) for a, b in pairs(part.graph)] == [pairs(graph)[edge] for edge in kept]
    assert part.graph.nodes["x"].tolist() == graph.nodes["x"][left].tolist()
    assert part.graph.edges["w"].tolist() == graph.edges["w"][kept].tolist()
    mask = torch.zeros(graph.num_nodes, dtype=torch.bool)
    mask[gone] = True
    assert remove_nodes(graph, mask).graph.same_structure(part.graph)


@given(graph=typed_graphs())
def test_nodes_of_one_type_are_removed(graph):
    count = graph["user"].count
    part = remove_nodes(graph, {"user": range(0, count, 2)})
    left = list(range(1, count, 2))
    for name in (("user", "rates", "item"), ("user", "follows", "user")):
        ends = [left if end == "user" else range(graph[end].count) for end in (name[0], name[2])]
        kept = [edge for edge, (a, b) in enumerate(pairs(graph, name)) if a in ends[0] and b in ends[1]]
        assert part.edge_ids[name].tolist() == kept
        assert [(ends[0][a], ends[1][b]) for a, b in pairs(part.graph, name)] == [pairs(graph, name)[e] for e in kept]
    assert part.graph["item"]["price"] is graph["item"]["price"]
    assert part.node_ids["brand"].tolist() == list(range(graph["brand"].count))


def test_ids_keep_their_dtype():
    ids = torch.tensor([0, 1, 2], dtype=torch.int32)
    assert remove_nodes(Graph(ids, ids), [1]).graph.adjacency.source.dtype is torch.int32
    assert add_nodes(Graph(ids, ids), 1).adjacency.source.dtype is torch.int32


def test_nodes_go_from_the_graphs_of_a_batch():
    both = batch([Graph([0, 1], [1, 2]), Graph([0], [1])])
    part = remove_nodes(both, [0, 4])
    assert [(graph.num_nodes, graph.num_edges) for graph in unbatch(part.graph)] == [(2, 1), (1, 0)]


def test_features_are_lazy_or_left_behind():
    graph = Graph([0, 1], [1, 1])
    graph.edges["w"] = torch.tensor([1.0, 2.0])
    lazy = remove_nodes(graph, [0], features="lazy").graph
    graph.edges["w"][1] = 7.0
    assert lazy.edges["w"].tolist() == [7.0]
    assert not remove_nodes(graph, [0], features="none").graph.edges


def test_nodes_outside_and_unnamed_types_are_refused():
    with pytest.raises(IdError, match="remove_nodes: expected `nodes` within the graph, got 2, but ids are 0 to 1"):
        remove_nodes(Graph([0], [1]), [2])
    with pytest.raises(OptionError, match="remove_nodes: expected `nodes` for each node type"):
        remove_nodes(Graph({("a", "to", "b"): ([0], [0])}), [0])
    assert remove_nodes(Graph({}), {}).graph.num_nodes == 0
