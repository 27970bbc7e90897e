"""Parts that consist of edges."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.select.parts import assert_part, choices, ends_of, larger_graphs
from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import FeatureError, IdError, OptionError
from weft.graph import Graph, batch, unbatch
from weft.graph.select import edge_subgraph, in_subgraph, out_subgraph

EDGE = ("node", "edge", "node")


def touched(graph, edges):
    ends = ends_of(graph)
    nodes = {name: set() for name in graph.node_types}
    for name, ids in edges.items():
        nodes[name[0]] |= {ends[name][at][0] for at in ids}
        nodes[name[2]] |= {ends[name][at][1] for at in ids}
    return {name: sorted(found) for name, found in nodes.items()}


def all_nodes(graph):
    return {name: list(range(nodes.count)) for name, nodes in graph.node_sets.items()}


@given(st.one_of(graphs(), larger_graphs(), typed_graphs()), st.data())
def test_edges_come_in_the_order_given_with_the_nodes_that_they_touch(graph, data):
    edges = {name: data.draw(choices(found.count)) for name, found in graph.edge_sets.items()}
    kept = {name: ids.tolist() for name, ids in edges.items()}
    assert_part(edge_subgraph(graph, edges), graph, touched(graph, kept), kept)
    assert_part(edge_subgraph(graph, edges, keep_nodes=True), graph, all_nodes(graph), kept)


@given(st.one_of(graphs(), larger_graphs(), typed_graphs()), st.data())
def test_all_edges_into_or_out_of_nodes_keep_their_order(graph, data):
    nodes = {name: data.draw(choices(found.count)) for name, found in graph.node_sets.items()}
    chosen = {name: set(ids.tolist()) for name, ids in nodes.items()}
    for select, end in ((in_subgraph, 1), (out_subgraph, 0)):
        kept = {
            name: [at for at, pair in enumerate(ends) if pair[end] in chosen[name[2 * end]]]
            for name, ends in ends_of(graph).items()
        }
        assert_part(select(graph, nodes), graph, all_nodes(graph), kept)
        assert_part(select(graph, nodes, keep_nodes=False), graph, touched(graph, kept), kept)


def test_an_edge_that_is_named_twice_comes_twice():
    part = edge_subgraph(Graph([0, 1], [1, 2]), [1, 1])
    assert_part(part, Graph([0, 1], [1, 2]), {"node": [1, 2]}, {EDGE: [1, 1]})


def test_a_node_that_is_named_twice_counts_once():
    graph = Graph([0, 1, 2], [1, 2, 1], num_nodes=40)
    assert in_subgraph(graph, [1, 1]).edge_ids[EDGE].tolist() == [0, 2]
    assert out_subgraph(graph, [1] * 20).edge_ids[EDGE].tolist() == [1]


def test_masks_and_relations_choose():
    shop = Graph({("user", "rates", "item"): ([0, 1], [1, 1]), ("user", "follows", "user"): ([0, 1], [1, 0])})
    part = edge_subgraph(shop, {"rates": torch.tensor([False, True])})
    kept = {("user", "rates", "item"): [1], ("user", "follows", "user"): []}
    assert_part(part, shop, {"user": [1], "item": [1]}, kept)


@given(st.lists(graphs(), min_size=1, max_size=3))
def test_a_batch_stays_one_even_if_edges_are_mixed(parts):
    together = batch(parts)
    edges = torch.arange(together.num_edges).flip(0)
    for one, part in zip(unbatch(edge_subgraph(together, edges, keep_nodes=True).graph), parts, strict=True):
        assert_same(one, edge_subgraph(part, torch.arange(part.num_edges).flip(0), keep_nodes=True).graph)


def test_all_nodes_kept_share_their_features():
    graph = Graph([0, 1], [1, 2])
    graph.nodes["x"] = torch.ones(3)
    assert in_subgraph(graph, [1]).graph.nodes["x"] is graph.nodes["x"]
    assert not in_subgraph(graph, [1], features="none").graph.nodes


def test_what_names_no_edges_or_nodes_is_refused():
    graph, typed = Graph([0], [1]), Graph({("user", "rates", "item"): ([0], [0])})
    with pytest.raises(IdError, match="edge_subgraph: expected `edges` within the graph, got 1"):
        edge_subgraph(graph, [1])
    with pytest.raises(FeatureError, match=r'edge_subgraph: expected one of the edge types .* got "sells"'):
        edge_subgraph(typed, {"sells": [0]})
    with pytest.raises(IdError, match="in_subgraph: expected `nodes`"):
        in_subgraph(graph, [2])
    with pytest.raises(OptionError, match="out_subgraph: expected `nodes` for each node type"):
        out_subgraph(typed, [0])
