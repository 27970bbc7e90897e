"""Parts that nodes induce."""

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.select.parts import assert_part, choices, ends_of, larger_graphs
from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import FeatureError, IdError, OptionError, ShapeError
from weft.graph import Adjacency, Graph, batch, to_networkx, unbatch
from weft.graph.select import in_subgraph, node_subgraph, out_subgraph

EDGE = ("node", "edge", "node")


def induced_edges(graph, nodes):
    return {
        name: [at for at, (first, last) in enumerate(ends) if first in nodes[name[0]] and last in nodes[name[2]]]
        for name, ends in ends_of(graph).items()
    }


@given(graphs(), st.data())
def test_nodes_come_in_the_order_given_with_all_edges_between_them(graph, data):
    nodes = data.draw(choices(graph.num_nodes))
    kept = {"node": nodes.tolist()}
    assert_part(node_subgraph(graph, nodes), graph, kept, induced_edges(graph, kept))


@given(st.one_of(larger_graphs(), typed_graphs()), st.data())
def test_few_nodes_and_many_of_several_types_are_treated_alike(graph, data):
    nodes = {name: data.draw(choices(found.count)) for name, found in graph.node_sets.items()}
    kept = {name: ids.tolist() for name, ids in nodes.items()}
    assert_part(node_subgraph(graph, nodes), graph, kept, induced_edges(graph, kept))


@given(larger_graphs(), st.data())
def test_networkx_finds_the_same_edges(graph, data):
    people = Graph(graph["follows"].adjacency)
    nodes = data.draw(choices(people.num_nodes)).tolist()
    expected = to_networkx(people).subgraph(nodes)
    found = nx.relabel_nodes(to_networkx(node_subgraph(people, nodes).graph), dict(enumerate(nodes)))
    assert sorted(found.edges()) == sorted(expected.edges())
    assert set(found) == set(expected)


@pytest.mark.parametrize("size", [2, 12, 120, 300, 2000])
@pytest.mark.parametrize("is_sorted", [False, True])
def test_however_few_or_many_nodes_there_are(size, is_sorted):
    generator = torch.Generator().manual_seed(size)
    source, target = torch.randint(2000, (2, 20000), generator=generator)
    graph = Graph(source, target.sort().values if is_sorted else target, 2000)
    nodes = torch.randperm(2000, generator=generator)[:size]
    mask = torch.zeros(2000, dtype=torch.bool)
    mask[nodes] = True
    expected = mask[graph.adjacency.source], mask[graph.adjacency.target]
    kept = {"node": nodes.tolist()}
    assert_part(node_subgraph(graph, nodes), graph, kept, {EDGE: (expected[0] & expected[1]).nonzero()[:, 0].tolist()})
    every = {"node": list(range(2000))}
    assert_part(in_subgraph(graph, nodes), graph, every, {EDGE: expected[1].nonzero()[:, 0].tolist()})
    assert_part(out_subgraph(graph, nodes), graph, every, {EDGE: expected[0].nonzero()[:, 0].tolist()})


@given(larger_graphs(), st.data())
def test_a_mask_gives_nodes_from_low_to_high(graph, data):
    people = Graph(graph["follows"].adjacency)
    nodes = data.draw(choices(people.num_nodes, is_ordered=True))
    mask = torch.zeros(people.num_nodes, dtype=torch.bool)
    mask[nodes] = True
    assert_same(node_subgraph(people, mask).graph, node_subgraph(people, nodes).graph)


@given(st.lists(graphs(), min_size=1, max_size=4), st.data())
def test_a_part_of_a_batch_is_the_batch_of_the_parts(parts, data):
    chosen = [data.draw(choices(part.num_nodes, is_ordered=True)) for part in parts]
    together = batch(parts)
    begins = together.nodes.offsets
    nodes = torch.cat([ids + begin for ids, begin in zip(chosen, begins[:-1], strict=True)])
    found = node_subgraph(together, nodes).graph
    expected = [node_subgraph(part, ids).graph for part, ids in zip(parts, chosen, strict=True)]
    assert found.num_graphs == len(parts)
    for one, other in zip(unbatch(found), expected, strict=True):
        assert_same(one, other)


def test_a_type_that_is_not_named_keeps_no_nodes_and_stays():
    shop = Graph({("user", "rates", "item"): ([0, 1], [1, 1]), ("user", "follows", "user"): ([0, 1], [1, 0])})
    part = node_subgraph(shop, {"user": [1, 0]})
    assert_part(
        part, shop, {"user": [1, 0], "item": []}, {("user", "rates", "item"): [], ("user", "follows", "user"): [0, 1]}
    )


def test_empty_graphs_have_empty_parts():
    assert node_subgraph(Graph([], [], 0), []).graph.same_structure(Graph([], [], 0))
    assert node_subgraph(Graph([0], [0]), []).graph.num_nodes == 0
    assert node_subgraph(Graph({}, num_nodes={"user": 3}), {"user": [2]}).node_ids["user"].tolist() == [2]


def test_structures_that_were_built_are_used_and_none_is_built_for_many_nodes():
    adjacency = Adjacency([0, 1, 2, 3], [1, 2, 3, 0])
    node_subgraph(Graph(adjacency), [0, 1, 2])
    assert adjacency._compressed is None


def test_features_come_lazily_or_not_at_all():
    graph = Graph([0, 1], [1, 2])
    graph.nodes["x"], graph.edges["w"] = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([5, 6])
    lazy, without = (node_subgraph(graph, [2, 1], features=features).graph for features in ("lazy", "none"))
    assert (lazy.nodes["x"].tolist(), lazy.edges["w"].tolist()) == ([3.0, 2.0], [6])
    assert not without.nodes
    assert not without.edges


def test_gradients_flow_to_the_features_of_the_graph():
    graph = Graph([0, 1], [1, 2])
    x = torch.ones(3, requires_grad=True)
    graph.nodes["x"] = x
    node_subgraph(graph, [2, 1]).graph.nodes["x"].sum().backward()
    assert x.grad.tolist() == [0, 1, 1]


def test_a_node_that_comes_twice_is_refused():
    with pytest.raises(IdError, match=r'each "node" node once, got node 3 twice; hint: nodes.unique\(\)'):
        node_subgraph(Graph([0], [4]), [1, 3, 0, 3])


def test_what_names_no_nodes_is_refused():
    graph, typed = Graph([0], [1]), Graph({("user", "rates", "item"): ([0], [0])})
    with pytest.raises(IdError, match="node_subgraph: expected `nodes` within the graph, got 2"):
        node_subgraph(graph, [2])
    with pytest.raises(ShapeError, match=r"a mask of shape \(2,\)"):
        node_subgraph(graph, torch.tensor([True]))
    with pytest.raises(OptionError, match="`nodes` for each node type"):
        node_subgraph(typed, [0])
    with pytest.raises(FeatureError, match='"shop"'):
        node_subgraph(typed, {"shop": [0]})
    with pytest.raises(OptionError, match="nodes of a batch, graph after graph"):
        node_subgraph(batch([graph, graph]), [3, 0])
    with pytest.raises(OptionError, match="copy, lazy, none"):
        node_subgraph(graph, [0], features="all")
