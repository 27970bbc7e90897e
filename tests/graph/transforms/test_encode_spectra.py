"""Eigenvectors and singular vectors as features."""

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import graphs, typed_graphs
from tests.graph.transforms.dense import assert_matrix, dense
from weft.errors import OptionError
from weft.graph import Graph, batch, to_networkx
from weft.graph.transforms import encode_laplacian, encode_svd


def laplacian(graph, norm, weight=None):
    matrix = dense(graph, weight)
    matrix = (matrix + matrix.T) / 2
    degree = matrix.sum(1)
    if norm == "none":
        return np.diag(degree) - matrix
    root = np.where(degree > 0, degree, np.inf) ** -0.5
    return np.diag((degree > 0) * 1.0) - root[:, None] * matrix * root[None]


def irregular(count, seed):
    """A connected graph without symmetries, so that no eigenvalue occurs twice."""
    generator = torch.Generator().manual_seed(seed)
    source = torch.arange(1, count)
    parent = (torch.rand(count - 1, generator=generator) * source).long()
    graph = Graph(torch.cat((source, parent)), torch.cat((parent, source)), count)
    graph.edges["w"] = (torch.rand(count - 1, generator=generator) + 0.5).repeat(2)
    return graph


def assert_signs(vectors):
    """Of the largest entries of each column the first is positive."""
    for column in vectors.double().T:
        largest = column.abs() >= column.abs().max() * (1 - 1e-5)
        assert not len(column) or not column.any() or column[largest][0] > 0


@pytest.mark.parametrize("norm", ["both", "none"])
@given(graph=graphs(), k=st.integers(1, 7))
def test_columns_are_eigenvectors_in_rising_order(norm, graph, k):
    graph.edges["w"] = graph.edges["w"] % 3 + 1
    found = encode_laplacian(graph, k, norm=norm, weight="w").nodes["laplacian"]
    count = graph.num_nodes
    assert found.shape == (count, k)
    if not count:
        return
    matrix = laplacian(graph, norm, "w")
    values = np.linalg.eigvalsh(matrix)[1 : k + 1]
    own = found[:, : len(values)].double().numpy()
    assert_matrix(matrix @ own, own * values, 2e-5)
    assert_matrix(own.T @ own, np.eye(len(values)))
    assert not found[:, len(values) :].any()
    assert_signs(found)


@pytest.mark.parametrize("norm", ["both", "none"])
def test_dense_and_sparse_solvers_agree(norm):
    graph = irregular(120, 3)
    expected = encode_laplacian(graph, 5, norm=norm, weight="w").nodes["laplacian"]
    for seed in (0, 1):
        found = encode_laplacian(graph, 5, norm=norm, weight="w", dense=10, seed=seed).nodes["laplacian"]
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_eigenvalues_are_those_of_networkx():
    graph = irregular(30, 1)
    vectors = encode_laplacian(graph, 4).nodes["laplacian"].double().numpy()
    matrix = nx.normalized_laplacian_matrix(nx.Graph(to_networkx(graph))).toarray()
    assert_matrix(np.diag(vectors.T @ matrix @ vectors), np.linalg.eigvalsh(matrix)[1:5])


@pytest.mark.parametrize("dense_limit", [1000, 6])
def test_graphs_of_a_batch_have_their_own_vectors(dense_limit):
    parts = [irregular(9, 0), Graph([], [], 0), irregular(3, 1), Graph([], [], 1), irregular(14, 2)]
    for part in parts:
        if "w" in part.edges:
            del part.edges["w"]
    together = batch(parts)
    found = encode_laplacian(together, 3, dense=dense_limit)
    expected = torch.cat([encode_laplacian(part, 3).nodes["laplacian"] for part in parts])
    torch.testing.assert_close(found.nodes["laplacian"], expected, rtol=1e-4, atol=1e-5)
    found = encode_svd(together, 2, dense=dense_limit).nodes["svd"]
    for at in range(len(parts)):
        low, high = together.nodes.offsets[at : at + 2].tolist()
        rows, alone = found[low:high], encode_svd(parts[at], 2).nodes["svd"]
        assert_matrix(rows[:, :2] @ rows[:, 2:].T, alone[:, :2] @ alone[:, 2:].T)


@given(graph=graphs(), k=st.integers(1, 7))
def test_products_of_singular_vectors_approximate_the_matrix(graph, k):
    found = encode_svd(graph, k, weight="w").nodes["svd"]
    assert found.shape == (graph.num_nodes, 2 * k)
    if not graph.num_nodes:
        return
    matrix = dense(graph, "w").T
    values = np.linalg.svd(matrix)[1]
    rest = np.linalg.norm(matrix - (found[:, :k] @ found[:, k:].T).numpy(), 2)
    assert abs(rest - (values[k] if k < len(values) else 0)) < 1e-4 * max(1, values[0])
    assert_signs(found[:, :k])


@given(graph=typed_graphs())
def test_two_node_types_get_one_side_each(graph):
    found = encode_svd(graph, 4, edge_type="rates")
    user, item = found["user"]["svd"], found["item"]["svd"]
    assert user.shape == (graph["user"].count, 4)
    assert_matrix(user @ item.T, dense(graph, None, "rates").T)


def test_a_large_bipartite_graph_goes_to_scipy():
    generator = torch.Generator().manual_seed(0)
    source, target = torch.randint(40, (300,), generator=generator), torch.randint(25, (300,), generator=generator)
    graph = Graph({("user", "rates", "item"): (source, target)}, num_nodes={"user": 40, "item": 25})
    expected, found = encode_svd(graph, 3), encode_svd(graph, 3, dense=10, seed=1)
    for name in ("user", "item"):
        torch.testing.assert_close(found[name]["svd"], expected[name]["svd"], rtol=1e-4, atol=1e-4)


def test_errors_teach():
    graph = Graph([0], [1])
    with pytest.raises(OptionError, match="encode_laplacian: expected `norm` to be one of both, none, got 'left'"):
        encode_laplacian(graph, 1, norm="left")
    with pytest.raises(OptionError, match="encode_laplacian: expected `k` of at least 1, got 0"):
        encode_laplacian(graph, 0)
    with pytest.raises(OptionError, match="encode_svd: expected `k` of at least 1, got 0"):
        encode_svd(graph, 0)
