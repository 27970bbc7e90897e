"""Coalescing of edges against SciPy and against formulas."""

import numpy as np
import pytest
import scipy.sparse
import torch

import weft
from weft.ops import coalesce, segment_reduce
from weft.ops.coalesce import coalesce_entries, sort_edges


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def random_edges(count, rows, columns, dtype=torch.int64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    ends = [torch.randint(n, (count,), generator=generator).to(dtype) for n in (rows, columns)]
    return *ends, torch.randn(count, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize(
    ("count", "rows", "columns"), [(60, 7, 8), (1, 1, 1), (5, 1, 1), (0, 3, 4), (300, 40, 9000), (50000, 300, 70)]
)
def test_sums_are_those_of_scipy(count, rows, columns, dtype):
    row, column, value = random_edges(count, rows, columns, dtype)
    found = coalesce(row, column, value, num_rows=rows, num_columns=columns).matrix
    expected = scipy.sparse.coo_matrix((value.numpy(), (row.numpy(), column.numpy())), (rows, columns)).tocsr()
    expected.sum_duplicates()
    assert np.array_equal(found.indptr, expected.indptr)
    assert np.array_equal(found.column, expected.indices)
    np.testing.assert_allclose(found.value, expected.data, atol=1e-12)
    assert found.column.dtype is dtype


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min", "mul"])
def test_every_reducer_and_its_gradient_follow_the_formula(reduce):
    row, column, value = random_edges(40, 4, 5)
    found = coalesce(row, column, value.requires_grad_(), num_rows=4, num_columns=5, reduce=reduce).matrix
    place = row * 5 + column
    _, number = torch.unique(place, return_inverse=True)
    kind = {"max": "amax", "min": "amin", "mul": "prod"}.get(reduce, reduce)
    expected = torch.zeros(found.num_entries, dtype=torch.float64)
    expected = expected.scatter_reduce(0, number, value, kind, include_self=False)
    torch.testing.assert_close(found.value, expected)
    factor = torch.randn(found.num_entries, dtype=torch.float64)
    torch.testing.assert_close(
        torch.autograd.grad((found.value * factor).sum(), value), torch.autograd.grad((expected * factor).sum(), value)
    )


def test_second_derivatives_agree_with_finite_differences():
    row, column, value = random_edges(12, 3, 3)

    def call(x):
        return coalesce(row, column, x, num_rows=3, num_columns=3).matrix.value.square()

    assert torch.autograd.gradcheck(call, value.requires_grad_())
    assert torch.autograd.gradgradcheck(call, value)


def test_the_map_names_the_entry_of_each_edge_and_the_edges_of_each_entry():
    row, column, _ = random_edges(200, 9, 9, torch.int32)
    found = coalesce(row, column, num_rows=9, num_columns=9)
    matrix, slots = found.matrix, found.slots()
    assert matrix.value is None
    assert torch.equal(matrix.rows()[slots], row)
    assert torch.equal(matrix.column[slots], column)
    for entry in range(matrix.num_entries):
        edges = found.order[found.segments[entry] : found.segments[entry + 1]]
        assert edges.tolist() == (slots == entry).nonzero().flatten().tolist()


def test_features_of_any_shape_are_reduced_by_the_map():
    row, column, _ = random_edges(30, 4, 4)
    x = torch.randn(30, 2, 3)
    found = coalesce(row, column, x, num_rows=4, num_columns=4)
    assert torch.equal(found.matrix.value, segment_reduce(found.segments, x, found.order))
    expected = torch.zeros(found.matrix.num_entries, 2, 3).index_add(0, found.slots(), x)
    torch.testing.assert_close(found.matrix.value, expected)


def test_of_equal_values_the_first_edge_takes_the_gradient():
    value = torch.ones(3, requires_grad=True)
    row = torch.zeros(3, dtype=torch.int64)
    coalesce(row, row, value, num_rows=1, num_columns=1, reduce="max").matrix.value.sum().backward()
    assert value.grad.tolist() == [1, 0, 0]


def test_wrong_ids_are_named():
    row, column, value = random_edges(30, 4, 4)
    column[7] = 4
    with pytest.raises(weft.errors.IdError, match="column` holds 4 at position"):
        coalesce(row, column, value, num_rows=4, num_columns=4)
    with pytest.raises(weft.errors.IdError, match="`key` holds 3"):
        coalesce(row, column, value, num_rows=3, num_columns=5)
    with pytest.raises(weft.errors.ShapeError, match="`value` for each of 30 edges"):
        coalesce(row, column, value[1:], num_rows=4, num_columns=5)
    with pytest.raises(weft.errors.OptionError, match="`num_columns` of at least 0"):
        coalesce(row, column, value, num_rows=4, num_columns=-1)


def test_pointers_of_others_and_columns_that_are_not_there_are_refused():
    edge_indptr, column, edge = torch.tensor([0, 1, 3]), torch.tensor([2, 0, 0]), torch.tensor([1, 0, 2])
    for indptr in ([0, 0, 2], [0, 2, 2], [0, 1, 3]):
        with pytest.raises(weft.errors.StructureError, match="no room for exactly the columns of row"):
            coalesce_entries(edge_indptr, column, torch.tensor(indptr), indptr[-1])
    with pytest.raises(weft.errors.IdError, match="`column` holds 2 at position 0, but there are 2 columns"):
        sort_edges(edge_indptr, column, edge, 2)
    long = torch.full((500,), 3)
    long[400] = -1
    with pytest.raises(weft.errors.IdError, match="`column` holds -1 at position 400"):
        sort_edges(torch.tensor([0, 500]), long, torch.arange(500), 4)
