"""Self loops added and taken away."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tests.graph.strategies import graphs, typed_graphs
from weft.errors import DtypeError, FeatureError, OptionError, ShapeError
from weft.graph import Graph, batch, unbatch
from weft.graph.change import add_self_loops, remove_self_loops

EDGE = ("node", "edge", "node")
SHOP = Graph({("user", "rates", "item"): ([0], [0])})


@given(graph=graphs(), only_missing=st.booleans())
def test_loops_stand_behind_the_edges(graph, only_missing):
    made = add_self_loops(graph, only_missing=only_missing, fill={"w": 7})
    ends = list(zip(graph.adjacency.source.tolist(), graph.adjacency.target.tolist(), strict=True))
    new = [node for node in range(graph.num_nodes) if not only_missing or (node, node) not in ends]
    assert made.adjacency.source.tolist() == graph.adjacency.source.tolist() + new
    assert made.adjacency.target.tolist() == graph.adjacency.target.tolist() + new
    assert made.edges["w"].tolist() == graph.edges["w"].tolist() + [7] * len(new)
    assert made.nodes["x"] is graph.nodes["x"]


@given(graph=graphs())
def test_what_has_no_loops_left_gets_each_once(graph):
    part = remove_self_loops(graph)
    straight = (graph.adjacency.source != graph.adjacency.target).nonzero().flatten()
    assert part.edge_ids[EDGE].tolist() == straight.tolist()
    assert part.graph.edges["w"].tolist() == graph.edges["w"][straight].tolist()
    both = add_self_loops(graph, only_missing=True)
    assert add_self_loops(both, only_missing=True).same_structure(both)
    assert remove_self_loops(both).graph.same_structure(part.graph)


@given(graph=graphs(), reduce=st.sampled_from(["sum", "mean", "max", "min", "mul", "var", "std"]))
def test_a_loop_takes_what_enters_its_node(graph, reduce):
    graph.edges["f"] = graph.edges["w"].double()
    target, found = graph.adjacency.target, add_self_loops(graph, fill={"f": reduce}).edges["f"][graph.num_edges :]
    by_name = {
        "sum": torch.sum, "mean": torch.mean, "max": torch.max, "min": torch.min, "mul": torch.prod,
        "var": lambda x: x.var(unbiased=False), "std": lambda x: x.std(unbiased=False),
    }  # fmt: skip
    for node in range(graph.num_nodes):
        entering = graph.edges["f"][target == node]
        assert_close(found[node], by_name[reduce](entering) if len(entering) else torch.tensor(0.0).double())


def test_fill_takes_numbers_rows_and_a_row_for_each_node():
    graph = Graph([0, 1], [1, 1])
    graph.edges["w"] = torch.ones(2, 2)
    graph.edges["kind"] = [4, 5]
    made = add_self_loops(graph, only_missing=True, fill={"w": torch.tensor([2.0, 3.0]), "kind": [8, 9]})
    assert made.edges["w"].tolist() == [[1, 1], [1, 1], [2, 3]]
    assert made.edges["kind"].tolist() == [4, 5, 8]
    assert add_self_loops(graph).edges["kind"].tolist() == [4, 5, 0, 0]


@given(graph=typed_graphs())
def test_only_types_within_a_node_type_have_loops(graph):
    made = add_self_loops(graph)
    count = graph["user"].count
    assert made["follows"].count == graph["follows"].count + count
    assert made["rates"].adjacency is graph["rates"].adjacency
    assert made["rates"]["stars"] is graph["rates"]["stars"]
    assert add_self_loops(graph, "follows").same_structure(made)
    assert remove_self_loops(made).graph.same_structure(remove_self_loops(graph).graph)


def test_loops_of_a_batch_stand_in_their_graph():
    both = batch([Graph([0], [1]), Graph([0], [0])])
    both.edges["w"] = [1, 2]
    parts = unbatch(add_self_loops(both, fill={"w": 9}))
    assert [part.edges["w"].tolist() for part in parts] == [[1, 9, 9], [2, 9]]
    assert [part.edges["w"].tolist() for part in unbatch(remove_self_loops(both).graph)] == [[1], []]


def test_empty_graphs_have_no_loops():
    assert add_self_loops(Graph({})).num_edges == 0
    assert add_self_loops(Graph([], [])).num_edges == 0
    assert remove_self_loops(Graph([], [], 3)).graph.num_nodes == 3


def test_wrong_types_names_and_values_are_refused():
    graph = Graph([0], [1])
    graph.edges["w"] = torch.ones(1, 2)
    with pytest.raises(OptionError, match=r'add_self_loops: expected an edge type within one node type, got \("user"'):
        add_self_loops(SHOP, "rates")
    with pytest.raises(OptionError, match="remove_self_loops: expected an edge type within one node type"):
        remove_self_loops(SHOP, "rates")
    with pytest.raises(FeatureError, match='got "likes"'):
        add_self_loops(SHOP, "likes")
    with pytest.raises(OptionError, match='`fill` for edge features among "w", got "x"'):
        add_self_loops(graph, fill={"x": 1.0})
    with pytest.raises(ShapeError, match=r'`fill` of "w": expected a number, a row of shape \(2,\), or .*, got \(3,\)'):
        add_self_loops(graph, fill={"w": [1.0, 2.0, 3.0]})
    with pytest.raises(OptionError, match="reduce"):
        add_self_loops(graph, fill={"w": "median"})
    graph.edges["kind"] = [1]
    with pytest.raises(DtypeError, match="mean"):
        add_self_loops(graph, fill={"kind": "mean"})
