"""Features, edges and nodes dropped at random."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tests.graph.strategies import graphs, typed_graphs
from weft.errors import OptionError
from weft.graph import Graph, batch, unbatch
from weft.graph.transforms import drop_edges, drop_features, drop_nodes


def numbered(graph):
    """Ids as features, for all sets."""
    for found in (*graph.node_sets.values(), *graph.edge_sets.values()):
        found["id"] = torch.arange(found.count)
    return graph


def assert_part(found, graph):
    """The graph is a part of the other, by the ids that it carries; and holds every edge whose ends it has, if asked."""
    for edge_type, edges in found.edge_sets.items():
        whole = graph.edge_sets[edge_type].adjacency
        ids = edges["id"]
        assert_close(found.node_sets[edge_type[0]]["id"][edges.adjacency.source].long(), whole.source[ids].long())
        assert_close(found.node_sets[edge_type[2]]["id"][edges.adjacency.target].long(), whole.target[ids].long())


SHARES = st.sampled_from([0.0, 0.3, 0.7, 1.0])


@given(graph=graphs(), p=SHARES, seed=st.integers(0, 5))
def test_edges_that_stay_keep_order_and_features(graph, p, seed):
    found = drop_edges(numbered(graph), p, seed=seed)
    assert found.num_nodes == graph.num_nodes
    assert_part(found, graph)
    ids = found.edges["id"]
    assert torch.equal(ids, ids.sort().values)
    assert torch.equal(found.edges["w"], graph.edges["w"][ids])
    assert found.num_edges == {0.0: graph.num_edges, 1.0: 0}.get(p, found.num_edges)


@given(graph=graphs(), p=SHARES, seed=st.integers(0, 5))
def test_both_ways_fall_together(graph, p, seed):
    source, target = graph.adjacency.source, graph.adjacency.target
    found = drop_edges(numbered(graph), p, both_ways=True, seed=seed)
    pairs = {
        frozenset(pair) for pair in zip(found.adjacency.source.tolist(), found.adjacency.target.tolist(), strict=True)
    }
    expected = [frozenset(pair) in pairs for pair in zip(source.tolist(), target.tolist(), strict=True)]
    assert found.num_edges == sum(expected)


@given(graph=typed_graphs(), p=SHARES, seed=st.integers(0, 5))
def test_nodes_of_one_type_take_their_edges_with_them(graph, p, seed):
    found = drop_nodes(numbered(graph), {"item": p}, seed=seed)
    assert_part(found, graph)
    assert torch.equal(found["user"]["id"], graph["user"]["id"])
    stays = torch.isin(graph["item"]["id"], found["item"]["id"])
    assert found["rates"]["id"].tolist() == stays[graph["rates"].adjacency.target.long()].nonzero().flatten().tolist()
    assert found["follows"].adjacency.same_structure(graph["follows"].adjacency)


@given(graph=graphs(), p=SHARES, seed=st.integers(0, 5))
def test_nodes_that_stay_keep_the_edges_between_them(graph, p, seed):
    found = drop_nodes(numbered(graph), p, seed=seed)
    assert_part(found, graph)
    stays = torch.isin(torch.arange(graph.num_nodes), found.nodes["id"])
    both = stays[graph.adjacency.source] & stays[graph.adjacency.target]
    assert found.edges["id"].tolist() == both.nonzero().flatten().tolist()


def test_shares_are_right_and_seeds_matter():
    count = 20000
    graph = Graph(torch.arange(count), torch.arange(count), count)
    graph.nodes["x"] = torch.ones(count, 2)
    for found in (drop_edges(graph, 0.3, seed=0).num_edges, drop_nodes(graph, 0.3, seed=0).num_nodes):
        assert abs(found - 0.7 * count) < 300
    assert abs(float(drop_features(graph, 0.3, seed=0).nodes["x"].mean()) - 0.7) < 0.01
    assert abs(float(drop_features(graph, 0.3, rescale=True, seed=0).nodes["x"].mean()) - 1) < 0.02
    assert not drop_edges(graph, 0.3, seed=0).same_structure(drop_edges(graph, 0.3, seed=1))
    assert drop_edges(graph, 0.3, seed=0).same_structure(drop_edges(graph, 0.3, seed=0))


def test_values_rows_or_columns_fall_as_one():
    graph = Graph([0], [49])
    graph.nodes["x"] = torch.ones(50, 40, 2)
    by_row = drop_features(graph, 0.5, each="row", seed=0).nodes["x"]
    assert torch.equal(by_row, by_row[:, :1, :1].expand_as(by_row))
    assert 0 < by_row.mean() < 1
    by_column = drop_features(graph, 0.5, each="column", seed=0).nodes["x"]
    assert torch.equal(by_column, by_column[:1].expand_as(by_column))
    assert 0 < by_column.mean() < 1
    assert 0 < drop_features(graph, 0.5, seed=0).nodes["x"][0].mean() < 1


def test_graphs_of_a_batch_stay_apart():
    graphs = [
        numbered(Graph(torch.arange(9), torch.arange(1, 10))),
        numbered(Graph([], [], 0)),
        numbered(Graph([0], [0])),
    ]
    together = batch(graphs)
    for found in (drop_nodes(together, 0.5, seed=2), drop_edges(together, 0.5, seed=2)):
        assert found.num_graphs == 3
        for part, whole in zip(unbatch(found), graphs, strict=True):
            assert_part(part, whole)


def test_errors_teach():
    graph = Graph({("a", "to", "b"): ([0], [0]), ("a", "in", "a"): ([0], [0])})
    with pytest.raises(OptionError, match=r"drop_edges: expected `p` from 0 to 1, got 1\.5"):
        drop_edges(graph, {"to": 1.5}, seed=0)
    with pytest.raises(OptionError, match="drop_edges: expected `p` for each edge type"):
        drop_edges(graph, 0.5, seed=0)
    with pytest.raises(OptionError, match="drop_edges: expected an edge type that joins nodes of one type"):
        drop_edges(graph, {"to": 0.5}, both_ways=True, seed=0)
    with pytest.raises(OptionError, match="drop_nodes: expected `p` from 0 to 1, got -1"):
        drop_nodes(graph, {"a": -1}, seed=0)
    graph["a"]["x"] = torch.ones(1)
    with pytest.raises(OptionError, match="drop_features: expected `each` to be one of value, row, column, got 'node'"):
        drop_features(graph, 0.5, each="node", of="a", seed=0)
    with pytest.raises(OptionError, match="drop_features: expected `p` from 0 to 1, got 2"):
        drop_features(graph, 2, of="a", seed=0)
