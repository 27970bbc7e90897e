"""Graphs of walks, against powers and products of dense matrices."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import FeatureError, OptionError
from weft.graph import Graph, batch, unbatch
from weft.graph.change import add_edges, add_reverse_edges, khop_graph, metapath_graph


def dense(adjacency):
    made = torch.zeros(adjacency.num_sources, adjacency.num_targets, dtype=torch.float64)
    ones = torch.ones(adjacency.num_edges, dtype=torch.float64)
    return made.index_put((adjacency.source.long(), adjacency.target.long()), ones, accumulate=True)


def check(found, edges, expected):
    assert found.counts.dtype is torch.float64
    assert torch.stack([edges.adjacency.source, edges.adjacency.target]).tolist() == expected.nonzero().T.tolist()
    assert_close(found.counts, expected[expected > 0])
    assert not edges


@given(graph=graphs(), k=st.integers(0, 4))
def test_walks_of_k_edges_are_powers(graph, k):
    found = khop_graph(graph, k)
    check(found, found.graph.edges, torch.linalg.matrix_power(dense(graph.adjacency), k))
    assert found.graph.nodes["x"] is graph.nodes["x"]
    assert found.graph.adjacency.by_source.edge is None


@given(graph=typed_graphs())
def test_walks_along_types_are_products(graph):
    both = add_reverse_edges(graph).graph
    rates, follows = dense(graph["rates"].adjacency), dense(graph["follows"].adjacency)
    follows = follows + follows.T - follows.diag().diag()
    found = metapath_graph(both, ["follows", "rates", ("item", "rev_rates", "user")])
    check(found, found.graph["user", "follows.rates.rev_rates", "user"], follows @ rates @ rates.T)
    assert found.graph.node_types == ("user",)
    other = metapath_graph(graph, ["rates"], relation="has")
    check(other, other.graph["user", "has", "item"], rates)
    assert other.graph["item"]["price"] is graph["item"]["price"]
    hops = khop_graph(both, 2, edge_type="follows")
    check(hops, hops.graph["follows"], follows @ follows)


def test_walks_become_edges_of_the_first_graph():
    graph = Graph({("a", "to", "b"): ([0, 0, 1], [0, 1, 0]), ("b", "in", "c"): ([0, 1], [0, 0])})
    found = metapath_graph(graph, ["to", "in"])
    adjacency = found.graph.adjacency
    made = add_edges(
        graph, adjacency.source, adjacency.target, edge_type=("a", "reaches", "c"), features={"walks": found.counts}
    )
    assert made["reaches"]["walks"].tolist() == [2, 1]


@given(graphs(), graphs())
def test_walks_of_a_batch_stay_in_their_graph(first, second):
    found = khop_graph(batch([first, second]), 2)
    for part, graph in zip(unbatch(found.graph), (first, second), strict=True):
        expected = khop_graph(graph, 2).graph
        assert_same(part, expected)


def test_ids_keep_their_dtype_and_numbers_do_not_overflow():
    ids = torch.zeros(2, dtype=torch.int32)
    found = khop_graph(Graph(ids, ids), 80)
    assert found.counts.tolist() == [2.0**80]
    assert found.graph.adjacency.source.dtype is torch.int32


def test_wrong_steps_are_refused():
    shop = Graph({("user", "rates", "item"): ([0], [0]), ("item", "of", "brand"): ([0], [0])})
    with pytest.raises(OptionError, match="khop_graph: expected k of at least 0, got -1"):
        khop_graph(Graph([0], [1]), -1)
    with pytest.raises(OptionError, match="khop_graph: expected an edge type within one node type"):
        khop_graph(shop, 2, edge_type="rates")
    with pytest.raises(FeatureError, match="khop_graph: expected one of the edge types"):
        khop_graph(shop, 2)
    with pytest.raises(OptionError, match=r"metapath_graph: expected a list of at least one edge type, got \[\]"):
        metapath_graph(shop, [])
    with pytest.raises(OptionError, match="a list of at least one edge type, got 'rates'"):
        metapath_graph(shop, "rates")
    with pytest.raises(OptionError, match=r'begins at "item" after \("user", "rates", "item"\), got \("user"'):
        metapath_graph(shop, ["rates", "rates"])
    with pytest.raises(FeatureError, match='got "likes"'):
        metapath_graph(shop, ["likes"])
