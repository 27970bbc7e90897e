"""Graphs from and to edge lists, edge_index, SciPy and NetworkX."""

import sys

import networkx as nx
import numpy as np
import pytest
import scipy.sparse
import torch

from tests.graph.strategies import adjacencies, assert_same, for_all, graphs
from weft.errors import DtypeError, FeatureError, IdError, MissingExtraError, ShapeError
from weft.graph import (
    Block,
    Graph,
    from_edge_index,
    from_edge_list,
    from_networkx,
    from_scipy,
    to_edge_index,
    to_edge_list,
    to_networkx,
    to_scipy,
)


@for_all(graphs())
def test_edge_list_and_edge_index_come_back(graph):
    assert from_edge_list(to_edge_list(graph), graph.num_nodes).same_structure(graph)
    assert from_edge_index(to_edge_index(graph), graph.num_nodes).same_structure(graph)
    assert to_edge_index(graph).shape == (2, graph.num_edges)
    assert to_edge_index(graph).dtype is torch.int64


def test_edge_list_may_be_any_iterable():
    assert from_edge_list((at, at + 1) for at in range(3)).num_nodes == 4
    assert from_edge_list([]).num_nodes == 0


def test_edge_index_is_not_copied():
    edge_index = torch.tensor([[0, 1], [1, 0]])
    assert from_edge_index(edge_index).adjacency.source.data_ptr() == edge_index.data_ptr()


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: from_edge_list([(0, 1), (0, 1, 2)]), ShapeError, "(source, target) for every edge, got 3 values at edge 1"),
        (lambda: from_edge_list([(0, 5)], 3), IdError, "edge 0 has target 5, but there are 3 targets"),
        (lambda: from_edge_index([[0], [1]]), DtypeError, "from_edge_index: expected a tensor, got list"),
        (lambda: from_edge_index(torch.zeros(3, 2).long()), ShapeError,
         "expected shape (2, num_edges), got (3, 2); hint: edge_index.T turns a list of pairs round"),
        (lambda: from_scipy(np.eye(2)), DtypeError, "from_scipy: expected a sparse matrix of two dimensions, got ndarray"),
        (lambda: from_scipy(scipy.sparse.csr_array((2, 3))), ShapeError,
         "expected a square matrix, got 2 rows and 3 columns; hint: name both ends"),
        (lambda: from_scipy(scipy.sparse.csr_array((2, 3)), edge_type=("a", "b", "a")), ShapeError, "2 rows and 3 columns"),
        (lambda: to_scipy(Graph([0], [1]), weight=torch.zeros(2)), ShapeError, "one weight for each of 1 edge, got (2,)"),
        (lambda: from_networkx({0: [1]}), DtypeError, "from_networkx: expected a NetworkX graph, got dict"),
        (lambda: from_networkx(nx.path_graph(2), node_features=["x"]), FeatureError,
         'from_networkx: node 0 has no attribute "x"; known: none'),
        (lambda: from_networkx(nx.path_graph(2), edge_features=["w"]), FeatureError, "edge (0, 1) has no attribute"),
        (lambda: to_networkx(Graph([0], [1]), node_features=["x"]), FeatureError, 'there is no node feature "x"; known: none'),
        (lambda: to_networkx(Graph([0], [1]).adjacency, edge_features=["w"]), FeatureError, 'there is no edge feature "w"'),
        (lambda: to_networkx(Graph({("a", "b", "c"): ([0], [0])})), ShapeError, "edges within one set of nodes"),
        (lambda: to_networkx(Block([0], [0], node_ids=[4], num_targets=1)), ShapeError, "edges within one set of nodes"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)


@for_all(adjacencies())
def test_scipy_has_an_entry_for_every_edge_in_order(adjacency):
    weight = torch.arange(1.0, adjacency.num_edges + 1)
    matrix = to_scipy(adjacency, weight=weight)
    assert matrix.shape == (adjacency.num_sources, adjacency.num_targets)
    assert list(zip(matrix.row, matrix.col, strict=True)) == to_edge_list(adjacency)
    dense = np.zeros(matrix.shape)
    np.add.at(dense, (adjacency.source.numpy(), adjacency.target.numpy()), weight.numpy())
    np.testing.assert_array_equal(matrix.toarray(), dense)


@for_all(graphs())
def test_scipy_comes_back_with_its_values(graph):
    back = from_scipy(to_scipy(graph, weight=graph.edges["w"].double()), weight="w")
    assert back.same_structure(graph)
    assert torch.equal(back.edges["w"], graph.edges["w"].double())


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok"])
def test_every_form_of_scipy_gives_the_same_edges(form):
    dense = np.array([[0.0, 2.0, 0.0], [3.0, 0.0, 4.0], [0.0, 0.0, 5.0]])
    graph = from_scipy(scipy.sparse.csr_array(dense).asformat(form), weight="w")
    found = dict(zip(to_edge_list(graph), graph.edges["w"].tolist(), strict=True))
    assert found == {(0, 1): 2, (1, 0): 3, (1, 2): 4, (2, 2): 5}


def test_scipy_keeps_stored_zeros_and_repeated_entries():
    matrix = scipy.sparse.coo_array(([0.0, 1.0, 2.0], ([0, 1, 1], [1, 0, 0])), shape=(2, 2))
    graph = from_scipy(matrix, weight="w")
    assert graph.edges["w"].tolist() == [0, 1, 2]
    assert to_edge_list(graph) == [(0, 1), (1, 0), (1, 0)]


def test_a_later_change_of_the_matrix_does_not_reach_the_graph():
    matrix = scipy.sparse.coo_array(([1.0, 2.0], ([0, 1], [1, 0])), shape=(2, 2))
    graph = from_scipy(matrix, weight="w")
    matrix.data[:] = 9
    matrix.row[:] = 1
    assert graph.edges["w"].tolist() == [1, 2]
    assert graph.adjacency.source.tolist() == [0, 1]


def test_a_rectangular_matrix_joins_two_node_types():
    graph = from_scipy(scipy.sparse.csr_array(np.ones((2, 3))), edge_type=("user", "rates", "item"), weight="stars")
    assert (graph["user"].count, graph["item"].count, graph["rates"].count) == (2, 3, 6)
    assert graph["rates"]["stars"].tolist() == [1] * 6
    square = from_scipy(scipy.sparse.csr_array(np.eye(2)), edge_type=("user", "follows", "user"))
    assert square["user"].count == 2


@for_all(graphs())
def test_networkx_comes_back(graph):
    made = to_networkx(graph, node_features=["x"], edge_features=["w"])
    assert (made.number_of_nodes(), made.number_of_edges()) == (graph.num_nodes, graph.num_edges)
    back = from_networkx(
        made, node_features=["x"] if graph.num_nodes else [], edge_features=["w"] if graph.num_edges else []
    )
    ends = sorted(zip(to_edge_list(graph), graph.edges["w"].tolist(), strict=True))
    if graph.num_edges:
        assert sorted(zip(to_edge_list(back), back.edges["w"].tolist(), strict=True)) == ends
    if graph.num_nodes:
        torch.testing.assert_close(back.nodes["x"], graph.nodes["x"])


def test_networkx_undirected_edges_go_both_ways_and_self_loops_stay_single():
    graph = nx.Graph()
    graph.add_node("c")
    graph.add_edge("a", "b", w=1.5)
    graph.add_edge("b", "b", w=2.5)
    made = from_networkx(graph, edge_features=["w"])
    assert list(graph) == ["c", "a", "b"]
    assert to_edge_list(made) == [(1, 2), (2, 2), (2, 1)]
    assert made.edges["w"].tolist() == [1.5, 2.5, 1.5]


def test_networkx_parallel_edges_stay_parallel():
    graph = nx.MultiDiGraph([(0, 1), (0, 1), (1, 0)])
    assert to_edge_list(from_networkx(graph)) == [(0, 1), (0, 1), (1, 0)]
    assert to_networkx(from_networkx(graph)).number_of_edges(0, 1) == 2


def test_networkx_attributes_of_several_numbers_become_rows():
    graph = nx.path_graph(2)
    for node in graph:
        graph.nodes[node]["x"] = [node, node + 0.5]
    assert from_networkx(graph, node_features=["x"]).nodes["x"].tolist() == [[0, 0.5], [1, 1.5]]
    graph.nodes[0]["x"] = [1]
    with pytest.raises(DtypeError, match='numbers for the attribute "x" of every node, or lists of one length'):
        from_networkx(graph, node_features=["x"])


@pytest.mark.parametrize(
    ("package", "call"),
    [
        ("scipy.sparse", lambda: from_scipy(None)),
        ("scipy.sparse", lambda: to_scipy(Graph([0], [1]))),
        ("networkx", lambda: from_networkx(None)),
        ("networkx", lambda: to_networkx(Graph([0], [1]))),
    ],
)
def test_a_missing_package_names_the_extra(monkeypatch, package, call):
    for name in [name for name in sys.modules if name.split(".")[0] == package.split(".")[0]]:
        monkeypatch.delitem(sys.modules, name)
    find = sys.meta_path[:]

    class Nothing:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.split(".")[0] == package.split(".")[0]:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sys, "meta_path", [Nothing, *find])
    with pytest.raises(MissingExtraError, match=r"is not installed; hint: pip install 'weft\[convert\]'"):
        call()


def test_conversions_of_a_degenerate_graph():
    graph = Graph([], [], 3)
    assert_same(from_networkx(to_networkx(graph)), graph)
    assert_same(from_scipy(to_scipy(graph)), graph)
