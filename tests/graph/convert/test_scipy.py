"""Graphs from and to sparse matrices of SciPy."""

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import adjacencies, assert_same, graphs
from weft.errors import DtypeError, FeatureError, OptionError, ShapeError
from weft.graph import Graph
from weft.graph.convert import from_scipy, to_edge_list, to_scipy


@given(adjacencies())
def test_scipy_has_an_entry_for_every_edge_in_order(adjacency):
    weight = torch.arange(1.0, adjacency.num_edges + 1)
    matrix = to_scipy(adjacency, weight=weight)
    assert matrix.shape == (adjacency.num_sources, adjacency.num_targets)
    assert list(zip(matrix.row, matrix.col, strict=True)) == to_edge_list(adjacency)
    dense = np.zeros(matrix.shape)
    np.add.at(dense, (adjacency.source.numpy(), adjacency.target.numpy()), weight.numpy())
    np.testing.assert_array_equal(matrix.toarray(), dense)


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


@given(graphs())
def test_what_is_made_comes_back_with_its_values(graph):
    back = from_scipy(to_scipy(graph, weight="w"), weight="w")
    graph.nodes.clear()
    assert_same(back, graph)


@given(adjacencies(), st.sampled_from(["csr", "csc"]))
def test_compressed_forms_have_every_edge_too_by_row_or_column(adjacency, layout):
    weight = torch.arange(1.0, adjacency.num_edges + 1)
    matrix = to_scipy(adjacency, weight=weight, layout=layout)
    assert matrix.format == layout
    assert matrix.nnz == adjacency.num_edges
    np.testing.assert_array_equal(matrix.toarray(), to_scipy(adjacency, weight=weight).toarray())
    back = from_scipy(matrix, weight="w", edge_type=("a", "to", "b"))
    key = adjacency.source if layout == "csr" else adjacency.target
    assert back["to"]["w"].tolist() == weight[key.long().argsort(stable=True)].tolist()


def test_a_graph_without_edges_or_nodes_is_an_empty_matrix():
    for layout in ("coo", "csr", "csc"):
        assert from_scipy(to_scipy(Graph([], [], 3), layout=layout)).num_nodes == 3
        assert to_scipy(Graph([], []), layout=layout).shape == (0, 0)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: from_scipy(np.eye(2)), DtypeError, "from_scipy: expected a sparse matrix of two dimensions, got ndarray"),
        (lambda: from_scipy(scipy.sparse.csr_array((2, 3))), ShapeError,
         "expected a square matrix, got 2 rows and 3 columns; hint: name both ends"),
        (lambda: from_scipy(scipy.sparse.csr_array((2, 3)), edge_type=("a", "b", "a")), ShapeError, "2 rows and 3 columns"),
        (lambda: to_scipy(Graph([0], [1]), weight=torch.zeros(2)), ShapeError, "one weight for each of 1 edge, got (2,)"),
        (lambda: to_scipy(Graph([0], [1]), weight=torch.zeros(1, 2)), ShapeError, "one weight for each of 1 edge, got (1, 2)"),
        (lambda: to_scipy(Graph([0], [1]), weight="w"), FeatureError, 'have no feature "w"; known: none'),
        (lambda: to_scipy(Graph([0], [1]).adjacency, weight="w"), OptionError,
         "to_scipy: expected a Graph for the name of a feature, got Adjacency; hint: pass the weights themselves"),
        (lambda: to_scipy(Graph([0], [1]), layout="bsr"), OptionError,
         """to_scipy: expected `layout` to be one of coo, csr, csc, got 'bsr'"""),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)
