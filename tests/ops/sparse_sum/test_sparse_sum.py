"""Sums and elementwise products of sparse matrices against SciPy."""

import numpy as np
import pytest
import scipy.sparse
import torch

import weft
from weft.ops import Compressed, sparse_lookup, sparse_multiply, sparse_sum
from weft.ops._sparse_samples import random_matrix, sample_pairs


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def to_scipy(matrix):
    triple = (matrix.filled().detach().numpy(), matrix.column.numpy(), matrix.indptr.numpy())
    return scipy.sparse.csr_matrix(triple, shape=(matrix.num_rows, matrix.num_columns))


@pytest.mark.parametrize("at", range(7))
def test_values_and_places_are_those_of_scipy(at):
    left, right = list(sample_pairs())[at]
    found = sparse_sum(left, right)
    np.testing.assert_allclose(
        to_scipy(found).toarray(), to_scipy(left).toarray() + to_scipy(right).toarray(), atol=1e-12
    )
    ones = [to_scipy(m._replace(value=torch.ones(m.num_entries))) for m in (left, right)]
    places = (ones[0] + ones[1]).tocsr()
    places.sort_indices()
    assert np.array_equal(found.indptr, places.indptr)
    assert np.array_equal(found.column, places.indices)
    assert found.column.dtype is left.column.dtype


def test_a_matrix_and_its_negative_leave_explicit_zeros():
    matrix = random_matrix(5, 6, 12, is_sorted=True)
    found = sparse_sum(matrix, matrix._replace(value=-matrix.value))
    assert torch.equal(found.column, matrix.column)
    assert not found.value.any()


def test_an_entry_of_one_side_keeps_its_bits():
    left = Compressed(torch.tensor([0, 1]), torch.tensor([0]), torch.tensor([-0.0]), 2)
    right = Compressed(torch.tensor([0, 1]), torch.tensor([1]), torch.tensor([float("inf")]), 2)
    assert sparse_sum(left, right).value.signbit().tolist() == [True, False]


@pytest.mark.parametrize("is_sorted", [True, False])
def test_gradients_are_those_of_the_dense_sum(is_sorted):
    left, right = random_matrix(6, 9, 20, is_sorted=is_sorted), random_matrix(6, 9, 20, seed=1, is_sorted=is_sorted)
    factor = torch.randn(6, 9, dtype=torch.float64)

    def call(a, b):
        indptr, column, value, _ = sparse_sum(left._replace(value=a), right._replace(value=b))
        row = torch.repeat_interleave(torch.arange(6), indptr.diff())
        return value.square() * factor[row, column]

    inputs = (left.value.clone().requires_grad_(), right.value.clone().requires_grad_())
    assert torch.autograd.gradcheck(call, inputs)
    assert torch.autograd.gradgradcheck(call, inputs)


def test_elementwise_product_is_that_of_scipy_at_the_places_of_the_left():
    for left, right in sample_pairs():
        found = sparse_multiply(left, right)
        expected = to_scipy(left).toarray() * to_scipy(right).toarray()
        np.testing.assert_allclose(to_scipy(found).toarray(), expected, atol=1e-12)
        assert torch.equal(found.column, left.column)


def test_elementwise_product_has_both_gradients():
    left, right = random_matrix(4, 5, 9), random_matrix(4, 5, 9, seed=1)

    def call(a, b):
        return sparse_multiply(left._replace(value=a), right._replace(value=b)).value

    inputs = (left.value.clone().requires_grad_(), right.value.clone().requires_grad_())
    assert torch.autograd.gradcheck(call, inputs)
    assert torch.autograd.gradgradcheck(call, inputs)


def test_matrices_without_values_are_ones():
    square = Compressed(torch.tensor([0, 1, 2]), torch.tensor([0, 1]), None, 2)
    assert sparse_sum(square, square).value.tolist() == [2.0, 2.0]
    assert sparse_multiply(square, square).value.tolist() == [1.0, 1.0]


def test_a_lookup_of_a_missing_place_is_zero_beside_a_nan():
    held = Compressed(torch.tensor([0, 1]), torch.tensor([1]), torch.tensor([float("nan")]), 3)
    found = sparse_lookup(held.indptr, held.column, held.value, torch.tensor([0, 3]), torch.tensor([0, 1, 2]), 3)
    assert found.isnan().tolist() == [False, True, False]
    assert found[[0, 2]].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("columns", [64, 65, 4097, 262145])
def test_large_sums_have_the_same_bits_on_any_number_of_threads(columns):
    left, right = random_matrix(9000, columns, 40000, seed=1), random_matrix(9000, columns, 30000, seed=2)
    before, results = torch.get_num_threads(), []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        results.append(sparse_sum(left, right))
    torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(*pair) for pair in zip(results[0][:3], other[:3], strict=True))
    difference = to_scipy(results[0]) - (to_scipy(left) + to_scipy(right))
    assert abs(difference).max() < 1e-12


def test_different_widths_are_a_shape_error():
    with pytest.raises(weft.errors.ShapeError, match="matrices of as many columns, got 5 and 6"):
        sparse_sum(random_matrix(4, 5, 3), random_matrix(4, 6, 3))
    with pytest.raises(weft.errors.ShapeError, match="`right_indptr` of 4 rows, got 3 rows"):
        sparse_sum(random_matrix(4, 5, 3), random_matrix(3, 5, 3))
