"""Graphs from and to igraph."""

import igraph
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import DtypeError, FeatureError, ShapeError, StructureError
from weft.graph import Adjacency, Graph
from weft.graph.convert import from_igraph, to_edge_list, to_igraph


@given(graphs())
def test_every_graph_comes_back_as_it_was(graph):
    made = to_igraph(graph, node_features="all", edge_features="all")
    assert (made.vcount(), made.ecount(), made.is_directed()) == (graph.num_nodes, graph.num_edges, True)
    back = from_igraph(made, node_features="all", edge_features="all")
    assert back.same_structure(graph)
    for sets, others in ((back.nodes, graph.nodes), (back.edges, graph.edges)):
        for name, values in sets.items():
            assert torch.equal(values, others[name])
    assert (set(back.nodes), set(back.edges)) == (
        {"x"} if graph.num_nodes else set(),
        {"w"} if graph.num_edges else set(),
    )


@given(typed_graphs())
def test_a_graph_of_several_types_comes_back_but_for_types_without_members(graph):
    made = to_igraph(graph, node_features="all", edge_features="all")
    types = {"node_type": "type", "edge_type": "type"}
    back = from_igraph(made, node_features="all", edge_features="all", **types) if graph.num_nodes else Graph({})
    for sets, others in ((graph.node_sets, back.node_sets), (graph.edge_sets, back.edge_sets)):
        assert set(others) == {name for name, found in sets.items() if found.count}
        for name, found in others.items():
            assert {feature: values.tolist() for feature, values in found.items()} == {
                feature: values.tolist() for feature, values in sets[name].items()
            }


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_an_undirected_graph_comes_back(pairs):
    graph = igraph.Graph(n=5, edges=pairs)
    graph.vs["name"] = list("abcde")
    graph.es["w"] = [float(at) for at in range(len(pairs))]
    made = from_igraph(graph, node_features="all", edge_features=["w"] if pairs else [])
    assert not made.nodes
    assert made.num_edges == sum(1 if first == last else 2 for first, last in pairs)
    back = to_igraph(made, edge_features="all", directed=False)
    assert not back.is_directed()
    weights = graph.es["w"] if pairs else []
    expected = sorted((*sorted(pair), weight) for pair, weight in zip(pairs, weights, strict=True))
    found = back.es["w"] if pairs else []
    assert (
        sorted((*pair, weight) for pair, weight in zip(map(sorted, back.get_edgelist()), found, strict=True))
        == expected
    )


def test_degenerate_graphs_come_back():
    for graph in (Graph([], [], 3), Graph([], []), Graph([1], [1], 2)):
        assert_same(from_igraph(to_igraph(graph)), graph)
        assert_same(from_igraph(to_igraph(graph, directed=False)), graph)
    assert to_edge_list(from_igraph(to_igraph(Adjacency([0, 0], [1, 1], num_sources=2)))) == [(0, 1), (0, 1)]


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: from_igraph([(0, 1)]), DtypeError, "from_igraph: expected an igraph graph, got list"),
        (lambda: from_igraph(igraph.Graph.Ring(3), edge_features=["w"]), FeatureError,
         'from_igraph: edge (0, 1) has no attribute "w"; known: none'),
        (lambda: to_igraph(Graph([0], [1]), node_features=["x"]), FeatureError, 'to_igraph: there is no node feature "x"'),
        (lambda: to_igraph(Graph([0], [1]), directed=False), StructureError, "to_igraph: expected edges in both directions"),
        (lambda: to_igraph(Adjacency([0], [0], num_sources=1, num_targets=2)), ShapeError, "edges within one set of nodes"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)
