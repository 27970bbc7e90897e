"""Parts that consist of whole types."""

import pytest
import torch
from hypothesis import given

from tests.graph.strategies import typed_graphs
from weft.errors import FeatureError, OptionError
from weft.graph import Graph, batch
from weft.graph.select import type_subgraph

RATES, FOLLOWS = ("user", "rates", "item"), ("user", "follows", "user")


@given(typed_graphs())
def test_node_types_bring_the_edge_types_between_them(graph):
    people = type_subgraph(graph, node_types=["user"]).graph
    assert (people.node_types, people.edge_types) == (("user",), (FOLLOWS,))
    assert people["follows"].adjacency is graph["follows"].adjacency
    assert type_subgraph(graph, node_types=["brand", "item"]).graph.edge_types == ()
    assert type_subgraph(graph, node_types=["item", "user"]).graph.node_types == ("user", "item")


@given(typed_graphs())
def test_edge_types_bring_the_node_types_that_they_touch(graph):
    part = type_subgraph(graph, edge_types=["rates"])
    assert (part.graph.node_types, part.graph.edge_types) == (("user", "item"), (RATES,))
    assert part.graph["item"]["price"] is graph["item"]["price"]
    assert part.graph["rates"]["stars"] is graph["rates"]["stars"]
    assert part.node_ids["item"].tolist() == list(range(graph["item"].count))
    assert part.edge_ids[RATES].tolist() == list(range(graph["rates"].count))
    assert type_subgraph(graph, edge_types=[FOLLOWS, "rates"]).graph.edge_types == (RATES, FOLLOWS)


def test_both_kinds_may_be_named():
    graph = Graph({RATES: ([0], [0]), FOLLOWS: ([0], [0])}, num_nodes={"brand": 2})
    found = type_subgraph(graph, node_types=["brand", "user"], edge_types=[FOLLOWS]).graph
    assert (found.node_types, found.edge_types) == (("brand", "user"), (FOLLOWS,))
    assert type_subgraph(graph, node_types=["user"], edge_types=[]).graph.edge_types == ()
    assert type_subgraph(graph, edge_types=[]).graph.node_types == ()


def test_a_batch_stays_one_and_features_may_stay_behind():
    graph = Graph({RATES: ([0], [0]), FOLLOWS: ([0], [0])})
    graph["user"]["x"] = torch.ones(1)
    found = type_subgraph(batch([graph, graph]), edge_types=["follows"], features="none").graph
    assert found.num_graphs == 2
    assert found["follows"].offsets.tolist() == [0, 1, 2]
    assert not found["user"]


def test_types_that_do_not_fit_are_refused():
    graph = Graph({RATES: ([0], [0]), ("user", "likes", "item"): ([0], [0]), ("user", "likes", "user"): ([0], [0])})
    with pytest.raises(OptionError, match="`node_types`, `edge_types` or both, got neither"):
        type_subgraph(graph)
    with pytest.raises(FeatureError, match='one of the node types "user", "item", got "shop"'):
        type_subgraph(graph, node_types=["shop"])
    with pytest.raises(FeatureError, match='got "likes"; hint: name the edge type in full'):
        type_subgraph(graph, edge_types=["likes"])
    with pytest.raises(OptionError, match=r'both ends of \("user", "rates", "item"\) among the node types, got "user"'):
        type_subgraph(graph, node_types=["user"], edge_types=["rates"])
