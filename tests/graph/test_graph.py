"""Graphs of one type and of many: construction, lookup, places, comparison."""

import copy
import inspect
import pickle
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import DeviceError, DtypeError, FeatureError, IdError, OptionError, ShapeError
from weft.graph import Adjacency, Graph

RATES = ("user", "rates", "item")
FOLLOWS = ("user", "follows", "user")


def shop():
    return Graph({RATES: ([0, 0, 1], [1, 2, 2]), FOLLOWS: ([0], [1])}, num_nodes={"user": 2, "item": 4, "brand": 1})


def test_one_type_of_nodes_and_edges():
    graph = Graph([0, 1, 2], [1, 2, 2], num_nodes=5)
    assert (graph.num_nodes, graph.num_edges, graph.num_graphs) == (5, 3, 1)
    assert (graph.node_types, graph.edge_types) == (("node",), (("node", "edge", "node"),))
    assert graph.nodes is graph["node"] is graph.node_sets["node"]
    assert graph.edges is graph["edge"] is graph["node", "edge", "node"]
    assert (graph.adjacency.num_sources, graph.adjacency.num_targets) == (5, 5)


def test_num_nodes_is_one_more_than_the_largest_id():
    assert Graph([0, 7], [1, 2]).num_nodes == 8
    assert Graph([0, 1], [1, 9]).num_nodes == 10
    assert Graph([], []).num_nodes == 0
    assert Graph([], [], 3).num_nodes == 3


def test_an_adjacency_is_taken_as_it_is():
    adjacency = Adjacency([0], [1], num_sources=2, num_targets=2)
    assert Graph(adjacency).adjacency is adjacency
    assert Graph(adjacency, num_nodes=2).adjacency is adjacency
    rates = Adjacency([0], [1], num_sources=2, num_targets=3)
    assert Graph({RATES: rates})["rates"].adjacency is rates


def test_many_types_in_order():
    graph = shop()
    assert graph.node_types == ("user", "item", "brand")
    assert graph.edge_types == (RATES, FOLLOWS)
    assert [nodes.count for nodes in graph.node_sets.values()] == [2, 4, 1]
    assert (graph.num_nodes, graph.num_edges) == (7, 4)
    assert (graph["rates"].adjacency.num_sources, graph["rates"].adjacency.num_targets) == (2, 4)


def test_counts_of_many_types_come_from_all_edges():
    graph = Graph({RATES: ([0], [5]), FOLLOWS: ([3], [1])})
    assert {name: nodes.count for name, nodes in graph.node_sets.items()} == {"user": 4, "item": 6}
    assert graph["rates"].adjacency.num_sources == 4
    assert graph["follows"].adjacency.num_targets == 4


def test_sets_are_found_by_type_and_relation():
    graph = shop()
    assert graph["user"] is graph.node_sets["user"]
    assert graph["rates"] is graph[RATES] is graph.edge_sets[RATES]
    assert "user" in graph
    assert "rates" in graph
    assert RATES in graph
    assert "likes" not in graph


def test_an_ambiguous_relation_is_told():
    graph = Graph({RATES: ([0], [0]), ("user", "rates", "shop"): ([0], [0])})
    says = '"rates" is the name of several sets: ("user", "rates", "item"), ("user", "rates", "shop"); hint: name the edge type'
    with pytest.raises(FeatureError, match=re.escape(says)):
        graph["rates"]
    assert graph["user", "rates", "shop"].count == 1


def test_a_relation_with_the_name_of_a_node_type_is_ambiguous():
    graph = Graph({("paper", "cites", "cites"): ([0], [0])})
    with pytest.raises(FeatureError, match='"cites" is the name of several sets: "cites", '):
        graph["cites"]
    assert graph.node_sets["cites"].count == 1


@pytest.mark.parametrize("name", ["likes", ("user", "likes", "item"), ("user",), 0])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(FeatureError) as caught:
        shop()[name]
    assert 'node types: "user", "item", "brand"; edge types: ("user", "rates", "item"), (' in str(caught.value)


def test_a_graph_is_no_iterable():
    with pytest.raises(TypeError, match="not iterable"):
        iter(shop())


def test_shorthand_is_for_one_type():
    graph = shop()
    says = '`graph.nodes` is for a graph of one node type, this one has 3 node types: "user", "item", "brand"; hint: choose one'
    with pytest.raises(FeatureError, match=re.escape(says + ', as in graph["user"]')):
        _ = graph.nodes
    with pytest.raises(FeatureError, match=r"`graph\.edges` is for a graph of one edge type"):
        _ = graph.edges


def test_sets_cannot_be_replaced():
    graph = shop()
    with pytest.raises(TypeError):
        graph.node_sets["user"] = graph["item"]
    with pytest.raises(
        AttributeError, match=re.escape('`x` of a Graph cannot be set; hint: a feature is assigned as graph.nodes["x"]')
    ):
        graph.x = torch.zeros(3)
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del graph.device


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: Graph([0, 5], [0, 0], 3), IdError, "edge 1 has source 5, but there are 3 sources; hint: raise"),
        (lambda: Graph([0]), OptionError, "expected source and target, got one argument; hint: edges in a (2, num"),
        (lambda: Graph([0], [0], {"user": 1}), OptionError, "`num_nodes` as one count for a graph of one type, got a mapping"),
        (lambda: Graph({RATES: ([0], [0])}, [0]), OptionError, "expected a mapping of edge types alone"),
        (lambda: Graph({RATES: ([0], [0])}, num_nodes=3), OptionError, "`num_nodes` to map node types to counts, got 3"),
        (lambda: Graph({RATES: ([0], [0])}, num_nodes={"user": -1}), OptionError, 'a count of at least 0 for "user", got -1'),
        (lambda: Graph({}, num_nodes={3: 1}), OptionError, "node types in `num_nodes` to be strings, got 3"),
        (lambda: Graph({RATES: [0, 1, 2]}), OptionError, '(source, target) for ("user", "rates", "item"), got list'),
        (lambda: Graph({RATES: torch.zeros(2, 3)}), OptionError, "got Tensor"),
        (lambda: Graph({"rates": ([0], [0])}), OptionError, "three strings, got 'rates'"),
        (lambda: Graph({RATES: ([0, 9], [0, 0])}, num_nodes={"user": 3}), IdError,
         'Graph, ("user", "rates", "item"): Adjacency: edge 1 has source 9, but there are 3 sources'),
        (lambda: Graph({RATES: ([0.5], [0])}), DtypeError, 'Graph, ("user", "rates", "item"): Adjacency: expected int32'),
        (lambda: Graph(Adjacency([0], [1])), ShapeError, "as many sources as targets, got 1 sources and 2 targets; hint: two"),
        (lambda: Graph(Adjacency([0], [0]), num_nodes=2), ShapeError, "an Adjacency on 2 nodes, got 1 sources and 1 targets"),
        (lambda: Graph(Adjacency([0], [0]), [1]), OptionError, "expected an Adjacency alone"),
        (lambda: Graph({RATES: Adjacency([0], [0])}, num_nodes={"user": 4}), ShapeError,
         '("user", "rates", "item") with 4 sources and 1 target, got an Adjacency with 1 and 1'),
        (lambda: Graph({RATES: ([0], [0]), FOLLOWS: 2 * (torch.zeros(1, device="meta").long(),)}, num_nodes={"user": 1}),
         DeviceError, "all edges on one device, got cpu and meta"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)


def test_public_names_are_few():
    public = [name for name, _ in inspect.getmembers(Graph) if not name.startswith("_")]
    assert len(public) <= 25


def test_counts_may_be_numpy_integers():
    assert Graph({RATES: ([0], [0])}, num_nodes={"user": np.int64(3)})["user"].count == 3


@pytest.mark.parametrize(
    "graph",
    [
        Graph([], []),
        Graph([], [], 4),
        Graph([0, 0, 0], [0, 0, 0]),
        Graph({}),
        Graph({}, num_nodes={"user": 3}),
        Graph({RATES: ([], [])}, num_nodes={"user": 0, "item": 3}),
    ],
    ids=["empty", "no edges", "parallel self loops", "no types", "no edge types", "no edges between types"],
)
def test_degenerate_graphs_are_ordinary(graph):
    assert graph.to("cpu") is graph
    assert_same(pickle.loads(pickle.dumps(graph)), graph)
    assert len(graph.digest()) == 64
    assert repr(graph).startswith("Graph(")
    for edges in graph.edge_sets.values():
        assert edges.adjacency.by_target.num_edges == edges.count


@given(st.one_of(graphs(), typed_graphs()))
def test_copies_carry_structure_and_features(graph):
    for other in (pickle.loads(pickle.dumps(graph)), copy.deepcopy(graph)):
        assert_same(other, graph)
        assert other.digest() == graph.digest()
        assert repr(other) == repr(graph)
        assert other != graph


def test_a_deep_copy_has_features_of_its_own():
    graph = Graph([0], [1])
    graph.nodes["x"] = torch.zeros(2)
    other = copy.deepcopy(graph)
    other.nodes["x"] += 1
    other.nodes["y"] = torch.zeros(2)
    assert graph.nodes["x"].tolist() == [0, 0]
    assert "y" not in graph.nodes


@pytest.mark.parametrize(
    "other",
    [
        Graph({RATES: ([0, 0, 1], [1, 2, 2]), FOLLOWS: ([0], [1])}, num_nodes={"user": 2, "item": 5, "brand": 1}),
        Graph({RATES: ([0, 0, 1], [1, 2, 2]), FOLLOWS: ([0], [1])}, num_nodes={"item": 4, "user": 2, "brand": 1}),
        Graph({RATES: ([0, 0, 1], [1, 2, 3]), FOLLOWS: ([0], [1])}, num_nodes={"user": 2, "item": 4, "brand": 1}),
        Graph({RATES: ([0, 0, 1], [1, 2, 2])}, num_nodes={"user": 2, "item": 4, "brand": 1}),
        Graph({("user", "buys", "item"): ([0, 0, 1], [1, 2, 2]), FOLLOWS: ([0], [1])},
              num_nodes={"user": 2, "item": 4, "brand": 1}),
    ],
    ids=["count", "order", "edge", "fewer types", "another type"],
)  # fmt: skip
def test_digest_and_same_structure_see_every_part(other):
    assert shop().same_structure(shop())
    assert shop().digest() == shop().digest()
    assert not shop().same_structure(other)
    assert shop().digest() != other.digest()


def test_digest_does_not_see_features():
    graph = shop()
    graph["user"]["age"] = [3, 4]
    assert graph.digest() == shop().digest()
    assert graph.same_structure(shop())


def test_moving_moves_everything_into_a_new_graph():
    graph = shop()
    graph["user"]["age"] = [3, 4]
    graph["rates"]["stars"] = [1.0, 2.0, 3.0]
    moved = graph.to("meta")
    assert moved.device.type == "meta"
    assert graph.device.type == "cpu"
    assert {moved["user"]["age"].device.type, moved["rates"]["stars"].device.type, moved["user"].device.type} == {
        "meta"
    }
    assert moved["rates"].adjacency.device.type == "meta"
    assert Graph({}, num_nodes={"user": 1}).to("meta").device.type == "meta"


def test_shared_memory_holds_structure_and_features():
    graph = shop()
    graph["user"]["age"] = [3, 4]
    assert graph.share_memory_() is graph
    assert graph["user"]["age"].is_shared()
    assert graph["rates"].adjacency.source.is_shared()


def test_pinning_gives_a_graph_with_every_tensor_pinned(monkeypatch):
    graph = shop()
    graph["user"]["age"] = [3, 4]
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor + 0)
    pinned = graph.pin_memory()
    assert pinned["user"]["age"] is not graph["user"]["age"]
    assert_same(pinned, graph)


def test_repr_of_one_type():
    graph = Graph([0, 1], [1, 2], num_nodes=3)
    assert repr(graph) == "Graph(3 nodes, 2 edges, on cpu)"
    graph.nodes["x"], graph.edges["w"] = torch.zeros(3, 4), torch.zeros(2).double()
    assert repr(graph) == "Graph(3 nodes, 2 edges, on cpu; nodes: x (3, 4) float32; edges: w (2,) float64)"


def test_repr_of_many_types():
    graph = shop()
    graph["user"]["age"] = [3, 4]
    assert repr(graph).splitlines() == [
        "Graph(3 node types, 2 edge types, on cpu)",
        '  "user": 2 nodes; age (2,) int64',
        '  "item": 4 nodes',
        '  "brand": 1 node',
        '  ("user", "rates", "item"): 3 edges',
        '  ("user", "follows", "user"): 1 edge',
    ]
