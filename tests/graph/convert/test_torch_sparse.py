"""Graphs from and to sparse tensors of torch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import adjacencies, assert_same, graphs
from weft.errors import DtypeError, FeatureError, OptionError, ShapeError, StructureError
from weft.graph import Adjacency, Graph
from weft.graph.convert import from_torch_sparse, to_edge_list, to_torch_sparse


def without_parallel_edges(adjacency):
    pairs = list(dict.fromkeys(to_edge_list(adjacency)))
    sizes = {"num_sources": adjacency.num_sources, "num_targets": adjacency.num_targets}
    return Adjacency([pair[0] for pair in pairs], [pair[1] for pair in pairs], **sizes)


@given(graphs())
def test_coo_form_comes_back_with_its_values(graph):
    back = from_torch_sparse(to_torch_sparse(graph, weight="w"), weight="w")
    graph.nodes.clear()
    assert_same(back, graph)


@given(adjacencies(), st.sampled_from(["csr", "csc"]))
def test_compressed_forms_come_back_sorted(adjacency, layout):
    adjacency = without_parallel_edges(adjacency)
    weight = torch.arange(1.0, adjacency.num_edges + 1)
    matrix = to_torch_sparse(adjacency, weight=weight, layout=layout)
    assert matrix.layout is {"csr": torch.sparse_csr, "csc": torch.sparse_csc}[layout]
    torch.testing.assert_close(matrix.to_dense(), to_torch_sparse(adjacency, weight=weight).to_dense())
    back = from_torch_sparse(matrix, weight="w", edge_type=("a", "to", "b"))["to"]
    edges = dict(zip(to_edge_list(adjacency), weight.tolist(), strict=True))
    assert dict(zip(to_edge_list(back.adjacency), back["w"].tolist(), strict=True)) == edges
    key = (lambda pair: pair) if layout == "csr" else (lambda pair: pair[::-1])
    assert to_edge_list(back.adjacency) == sorted(edges, key=key)


@pytest.mark.parametrize("layout", ["coo", "csr", "csc"])
def test_values_may_have_several_numbers_and_carry_gradients(layout):
    weight = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    graph = Graph([1, 0, 2], [0, 2, 2])
    if layout == "coo":
        assert torch.equal(from_torch_sparse(to_torch_sparse(graph, weight=weight), weight="w").edges["w"], weight)
    out = to_torch_sparse(graph, weight=weight[:, 0], layout=layout)
    (out.values() if layout != "coo" else out.coalesce().values()).sum().backward()
    assert weight.grad.tolist() == [[1, 0]] * 3


def test_parallel_edges_stay_in_coo_form():
    assert to_edge_list(from_torch_sparse(to_torch_sparse(Graph([0, 0], [1, 1])))) == [(0, 1), (0, 1)]


def test_graphs_without_edges_are_empty_matrices():
    for layout in ("coo", "csr", "csc"):
        assert from_torch_sparse(to_torch_sparse(Graph([], [], 3), layout=layout)).num_nodes == 3


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: from_torch_sparse([[1]]), DtypeError, "from_torch_sparse: expected a sparse tensor, got list"),
        (lambda: from_torch_sparse(torch.eye(2)), DtypeError,
         "got (2, 2) in torch.strided; hint: matrix.to_sparse() makes one of a dense matrix"),
        (lambda: from_torch_sparse(torch.ones(2).to_sparse()), DtypeError, "expected two dimensions in the layout"),
        (lambda: from_torch_sparse(torch.ones(2, 3).to_sparse()), ShapeError, "expected a square matrix, got 2 rows and 3"),
        (lambda: to_torch_sparse(Graph([0, 0], [1, 1]), layout="csr"), StructureError,
         'one edge at each place for csr, got parallel edges; hint: merge parallel edges before, or take layout="coo"'),
        (lambda: to_torch_sparse(Graph([0], [1]), layout="dense"), OptionError, "`layout` to be one of"),
        (lambda: to_torch_sparse(Graph([0], [1]), weight=torch.ones(2)), ShapeError, "one weight for each of 1 edge, got (2,)"),
        (lambda: to_torch_sparse(Graph([0], [1]), weight="w"), FeatureError, 'have no feature "w"'),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)
