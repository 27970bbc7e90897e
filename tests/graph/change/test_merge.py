"""Parallel edges merged, and graphs made symmetric, against dictionaries of places."""

from collections import Counter, defaultdict

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import DtypeError, FeatureError, OptionError
from weft.graph import Adjacency, Graph, batch, to_networkx, unbatch
from weft.graph.change import simplify, to_bidirected

EDGE = ("node", "edge", "node")
REDUCERS = st.sampled_from(["first", "sum", "max", "min", "mul"])
REDUCE = {"first": lambda x: x[0], "sum": torch.sum, "max": torch.max, "min": torch.min, "mul": torch.prod}


def pairs(edges):
    return list(zip(edges.adjacency.source.tolist(), edges.adjacency.target.tolist(), strict=True))


def by_place(edges):
    found = defaultdict(list)
    for edge, place in enumerate(pairs(edges)):
        found[place].append(edge)
    return found


@given(graph=graphs(), reduce=REDUCERS)
def test_one_edge_remains_for_each_place(graph, reduce):
    found, places = simplify(graph, reduce=reduce), by_place(graph.edges)
    assert pairs(found.graph.edges) == sorted(places)
    assert found.counts[EDGE].tolist() == [len(places[place]) for place in sorted(places)]
    assert [sorted(places)[edge] for edge in found.merged_ids[EDGE].tolist()] == pairs(graph.edges)
    expected = [int(REDUCE[reduce](graph.edges["w"][places[place]])) for place in sorted(places)]
    assert found.graph.edges["w"].tolist() == expected
    assert found.graph.edges["w"].dtype is torch.int64
    assert found.graph.nodes["x"] is graph.nodes["x"]


@given(graph=graphs())
def test_simple_graphs_are_those_of_networkx(graph):
    found = simplify(graph).graph
    assert set(pairs(found.edges)) == set(nx.DiGraph(to_networkx(graph)).edges)
    assert_same(simplify(found).graph, found)


def test_words_by_name_and_first_for_the_others():
    graph = Graph([0, 1, 0], [1, 0, 1])
    graph.edges["w"], graph.edges["x"] = [1.0, 2.0, 5.0], torch.tensor([[1.0], [2.0], [3.0]])
    graph.edges["seen"] = [True, False, False]
    found = simplify(graph, reduce={"w": "mean", "x": "std"}).graph
    assert found.edges["w"].tolist() == [3, 2]
    assert found.edges["x"].tolist() == [[1], [0]]
    assert found.edges["seen"].tolist() == [True, False]


@given(graph=typed_graphs())
def test_all_types_or_one_are_merged(graph):
    found = simplify(graph)
    for name in graph.edge_types:
        assert pairs(found.graph.edge_sets[name]) == sorted(by_place(graph.edge_sets[name]))
    one = simplify(graph, "rates")
    assert one.graph["follows"].adjacency is graph["follows"].adjacency
    assert list(one.counts) == [("user", "rates", "item")]


def test_gradients_reach_merged_features():
    graph = Graph([0, 0], [1, 1])
    graph.edges["w"] = weight = torch.tensor([1.0, 3.0], requires_grad=True)
    simplify(graph, reduce="mean").graph.edges["w"].sum().backward()
    assert weight.grad.tolist() == [0.5, 0.5]


def test_features_stay_behind_or_are_lazy():
    graph = Graph([0, 0], [1, 1])
    graph.edges["w"] = [1.0, 3.0]
    for change in (lambda graph, **options: simplify(graph, **options).graph, to_bidirected):
        assert not change(graph, reduce="sum", features="none").edges
        lazy = change(graph, features="lazy")
        graph.edges["w"] *= 2
        assert lazy.edges["w"][0] == graph.edges["w"][0]


@given(graph=graphs(), reduce=REDUCERS)
def test_both_directions_have_all_that_joins_their_nodes(graph, reduce):
    found, joins = to_bidirected(graph, reduce=reduce), defaultdict(list)
    for edge, (a, b) in enumerate(pairs(graph.edges)):
        for place in {(a, b), (b, a)}:
            joins[place].append(edge)
    assert pairs(found.edges) == sorted(joins)
    expected = [int(REDUCE[reduce](graph.edges["w"][joins[place]])) for place in sorted(joins)]
    assert found.edges["w"].tolist() == expected
    assert found.nodes["x"] is graph.nodes["x"]


@given(graph=graphs())
def test_symmetric_graphs_are_those_of_networkx_and_know_it(graph):
    found = to_bidirected(graph)
    assert set(pairs(found.edges)) == set(nx.Graph(to_networkx(graph)).to_directed().edges)
    rows, columns = found.adjacency.by_target, found.adjacency.by_source
    assert rows.source is columns.source
    assert rows.indptr is columns.indptr
    assert columns.edge is None
    plain = Graph(found.adjacency.source, found.adjacency.target, found.num_nodes).adjacency
    for made, expected in ((rows, plain.by_target), (columns, plain.by_source)):
        assert_close(made.source, expected.source)
        assert_close(made.indptr, expected.indptr)
        assert (made.edge is None) == (expected.edge is None)
        if made.edge is not None:
            assert_close(made.edge, expected.edge)


@given(graph=graphs())
def test_what_is_known_of_merged_edges_holds(graph):
    for made in (simplify(graph).graph.adjacency, to_bidirected(graph).adjacency):
        fresh = Adjacency(made.source, made.target, num_sources=made.num_sources, num_targets=made.num_targets)
        assert {name: getattr(fresh, name) for name in made._facts} == made._facts


@given(graph=graphs())
def test_kept_edges_get_the_fewest_reverse_edges(graph):
    found = to_bidirected(graph, parallel="keep")
    before, after = Counter(pairs(graph.edges)), Counter(pairs(found.edges))
    assert after == Counter({(a, b): max(before[a, b], before[b, a]) for a, b in [*before, *(p[::-1] for p in before)]})
    assert pairs(found.edges)[: graph.num_edges] == pairs(graph.edges)
    turned = []
    for (a, b), edges in by_place(graph.edges).items():
        if a != b:
            turned += edges[before[b, a] :]
    assert pairs(found.edges)[graph.num_edges :] == [pairs(graph.edges)[edge][::-1] for edge in sorted(turned)]
    assert found.edges["w"].tolist() == graph.edges["w"].tolist() + graph.edges["w"][sorted(turned)].tolist()


@given(graphs(), graphs())
def test_batches_change_graph_by_graph(first, second):
    both = batch([first, second])
    changes = (
        lambda graph: simplify(graph, reduce="sum").graph,
        lambda graph: to_bidirected(graph, reduce="max"),
        lambda graph: to_bidirected(graph, parallel="keep"),
    )
    for change in changes:
        for part, graph in zip(unbatch(change(both)), (first, second), strict=True):
            assert_same(part, change(graph))


def test_many_edges_come_out_as_few():
    source, target = torch.randint(500, (2, 60000), generator=torch.Generator().manual_seed(1)).int()
    graph = Graph(source, target, 500)
    graph.edges["w"] = torch.ones(60000)
    found = simplify(graph, reduce="sum")
    place, times = torch.unique(source.long() * 500 + target, return_counts=True)
    assert_close(found.graph.adjacency.source.long() * 500 + found.graph.adjacency.target, place)
    assert_close(found.graph.edges["w"], times.float())
    assert found.graph.adjacency.source.dtype is torch.int32
    both = to_bidirected(graph, reduce="sum")
    dense = torch.zeros(500, 500).index_put((source.long(), target.long()), torch.ones(60000), accumulate=True)
    dense += dense.T - dense.diag().diag()
    assert_close(both.edges["w"], dense[both.adjacency.source.long(), both.adjacency.target.long()])
    assert both.num_edges == int((dense > 0).sum())


@given(graph=typed_graphs())
def test_one_type_becomes_symmetric(graph):
    found = to_bidirected(graph, "follows")
    places = set(pairs(graph["follows"])) | {(b, a) for a, b in pairs(graph["follows"])}
    assert pairs(found["follows"]) == sorted(places)
    assert found["rates"].adjacency is graph["rates"].adjacency


def test_wrong_types_and_words_are_refused():
    shop = Graph({("user", "rates", "item"): ([0], [0]), ("user", "follows", "user"): ([0], [0])})
    with pytest.raises(
        OptionError, match=r"to_bidirected: expected edge types within one node type, .*add_reverse_edges"
    ):
        to_bidirected(shop)
    with pytest.raises(OptionError, match="to_bidirected: expected an edge type within one node type"):
        to_bidirected(shop, "rates")
    with pytest.raises(FeatureError, match=r'simplify: .* got "likes"'):
        simplify(shop, "likes")
    graph = Graph([0], [1])
    graph.edges["kind"] = [1]
    with pytest.raises(OptionError, match="`parallel` to be one of merge, keep, got 'drop'"):
        to_bidirected(graph, parallel="drop")
    with pytest.raises(OptionError, match=r"simplify: expected `reduce` to be one of first, sum, mean, .* got 'last'"):
        simplify(graph, reduce="last")
    with pytest.raises(OptionError, match='`reduce` for edge features among "kind", got "w"'):
        simplify(graph, reduce={"w": "sum"})
    with pytest.raises(DtypeError, match="mean"):
        simplify(graph, reduce="mean")


def test_sorted_edges_are_kept_until_both_orders_are_built_also_turned_round():
    found = simplify(Graph([1, 0, 1], [0, 2, 0])).graph.adjacency
    rows = found._given[1]
    assert found.reversed()._given == (rows, None)
    assert found.reversed().by_target.indptr is rows.indptr
    assert found.by_source.indptr is rows.indptr
    assert found._given == (None, None)
