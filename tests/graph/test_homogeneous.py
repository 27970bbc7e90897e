"""Graphs of many types as graphs of one."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.graph import Adjacency, Graph, batch
from weft.graph._homogeneous import joined_adjacency, metagraph, to_heterogeneous, to_homogeneous

RATES, FOLLOWS = ("user", "rates", "item"), ("user", "follows", "user")


@given(st.one_of(graphs(), typed_graphs()))
def test_there_and_back_nothing_is_lost(graph):
    back = to_heterogeneous(to_homogeneous(graph))
    assert_same(back, graph)
    assert [list(found) for found in back.node_sets.values()] == [list(found) for found in graph.node_sets.values()]


@given(typed_graphs())
def test_nodes_and_edges_stand_type_after_type(graph):
    found = to_homogeneous(graph)
    nodes = [(at, i) for at, found in enumerate(graph.node_sets.values()) for i in range(found.count)]
    assert list(zip(found.node_type.tolist(), range(graph.num_nodes), strict=True)) == [
        (at, place) for place, (at, _) in enumerate(nodes)
    ]
    place = {(graph.node_types[at], i): place for place, (at, i) in enumerate(nodes)}
    ends, kinds = [], []
    for at, (name, edges) in enumerate(graph.edge_sets.items()):
        adjacency = edges.adjacency
        for first, last in zip(adjacency.source.tolist(), adjacency.target.tolist(), strict=True):
            ends.append((place[name[0], first], place[name[2], last]))
            kinds.append(at)
    made = found.graph.adjacency
    assert list(zip(made.source.tolist(), made.target.tolist(), strict=True)) == ends
    assert found.edge_type.tolist() == kinds
    assert found.node_offsets.tolist() == [
        0,
        *torch.tensor([n.count for n in graph.node_sets.values()]).cumsum(0).tolist(),
    ]
    assert found.edge_offsets.tolist() == [
        0,
        *torch.tensor([e.count for e in graph.edge_sets.values()]).cumsum(0).tolist(),
    ]


def shop():
    graph = Graph({RATES: ([0, 1], [2, 0]), FOLLOWS: ([0], [1])})
    graph["user"]["x"], graph["item"]["x"] = torch.ones(2, 4), torch.zeros(3, 4)
    graph["user"]["y"], graph["item"]["y"] = torch.ones(2, 3), torch.ones(3, 5)
    graph["user"]["z"], graph["item"]["z"] = torch.ones(2), torch.ones(3, dtype=torch.int64)
    graph["item"]["price"] = [1, 2, 3]
    graph["rates"]["w"], graph["follows"]["w"] = [1.0, 2.0], [3.0]
    return graph


def test_features_are_joined_where_all_types_have_them_alike():
    found = to_homogeneous(shop())
    assert set(found.graph.nodes) == {"x"}
    assert found.graph.nodes["x"].sum(1).tolist() == [4, 4, 0, 0, 0]
    assert found.graph.edges["w"].tolist() == [1, 2, 3]
    assert set(found.typed["item"]) == {"y", "z", "price"}
    assert_same(to_heterogeneous(found), shop())


def test_features_of_the_joined_graph_go_to_all_types():
    found = to_homogeneous(shop())
    found.graph.nodes["h"] = torch.arange(5)
    found.graph.nodes["price"] = torch.arange(5) * 10
    back = to_heterogeneous(found)
    assert back["user"]["h"].tolist() == [0, 1]
    assert back["item"]["price"].tolist() == [20, 30, 40]
    assert back["rates"].adjacency is found.typed["rates"].adjacency


def test_a_graph_of_one_type_keeps_its_structures():
    graph = Graph([0, 1], [1, 2])
    assert to_homogeneous(graph).graph.adjacency is graph.adjacency


def test_graphs_without_types_and_batches_come_back():
    for graph in (Graph({}), Graph({}, num_nodes={"user": 2}), batch([shop(), shop()])):
        found = to_homogeneous(graph)
        assert found.graph.num_graphs == 1
        assert found.graph.num_nodes == graph.num_nodes
        back = to_heterogeneous(found)
        assert_same(back, graph)
        assert back.num_graphs == graph.num_graphs


def test_ids_become_wide_where_one_type_has_wide_ones_or_all_nodes_need_them():
    narrow, wide = torch.tensor([0], dtype=torch.int32), torch.tensor([0])
    for follows, dtype in ((narrow, torch.int32), (wide, torch.int64)):
        graph = Graph({RATES: (narrow, narrow), FOLLOWS: (follows, follows)})
        assert to_homogeneous(graph).graph.adjacency.source.dtype is dtype
    users, items = 2**30, 2**31 - 1
    rates = Adjacency(narrow, narrow, num_sources=users, num_targets=items)
    follows = Adjacency(narrow, narrow, num_sources=users, num_targets=users)
    assert joined_adjacency(Graph({RATES: rates, FOLLOWS: follows})).target.tolist() == [users, 0]


@given(typed_graphs())
def test_types_make_a_graph_of_their_own(graph):
    found = metagraph(graph)
    ends = zip(found.adjacency.source.tolist(), found.adjacency.target.tolist(), strict=True)
    assert [(graph.node_types[a], graph.node_types[b]) for a, b in ends] == [
        (name[0], name[2]) for name in graph.edge_types
    ]
    assert found.nodes["count"].tolist() == [nodes.count for nodes in graph.node_sets.values()]
    assert found.edges["count"].tolist() == [edges.count for edges in graph.edge_sets.values()]
    assert metagraph(Graph({})).num_nodes == 0


def test_the_text_shows_both_graphs():
    graph = Graph([0], [1])
    assert repr(to_homogeneous(graph)) == f"Homogeneous({graph!r} of {graph!r})"


def test_types_are_counted_on_every_device():
    found = metagraph(Graph({RATES: ([0], [1])}).to("meta"))
    assert found.device.type == found.nodes["count"].device.type == "meta"
