"""Products of sparse matrices against SciPy, and what they promise beyond agreeing with their references."""

import numpy as np
import pytest
import scipy.sparse
import torch

import weft
from weft.ops import Compressed, masked_product, sparse_product
from weft.ops._sparse_samples import random_matrix, sample_factors
from weft.ops.sparse_product import sparse_contract, sparse_product_entries, sparse_product_indptr


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def to_scipy(matrix):
    shape = (matrix.num_rows, matrix.num_columns)
    triple = (matrix.filled().detach().numpy(), matrix.column.numpy(), matrix.indptr.numpy())
    return scipy.sparse.csr_matrix(triple, shape=shape)


def pattern_of(matrix):
    """Ones at the places of a matrix, several entries of one place merged."""
    ones = to_scipy(matrix._replace(value=torch.ones(matrix.num_entries, dtype=torch.float64)))
    ones.sum_duplicates()
    ones.data[:] = 1
    return ones


def assert_same_product(found, left, right, tolerance):
    exact = [to_scipy(m._replace(value=m.value.double())) for m in (found, left, right)]
    np.testing.assert_allclose(
        (exact[0] - exact[1] @ exact[2]).data, 0, atol=tolerance * np.abs(exact[0].data).max(initial=1.0)
    )
    places = (pattern_of(left) @ pattern_of(right)).tocsr()  # SciPy leaves out sums that are zero
    places.sort_indices()
    assert np.array_equal(found.indptr, places.indptr)
    assert np.array_equal(found.column, places.indices)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("at", range(7))
def test_values_and_places_are_those_of_scipy(at, dtype):
    left, right = list(sample_factors())[at]
    left, right = (m._replace(value=m.value.to(dtype)) for m in (left, right))
    found = sparse_product(left, right)
    assert_same_product(found, left, right, sparse_product_entries.tolerances[dtype])
    assert (found.value.dtype, found.column.dtype) == (dtype, left.column.dtype)


@pytest.mark.parametrize("columns", [1, 63, 64, 65, 4096, 4097, 262144, 262145, 3_000_000])
def test_any_number_of_columns(columns):
    left = random_matrix(20, 30, 200, seed=1)
    right = random_matrix(30, columns, 4000, seed=2)
    assert_same_product(sparse_product(left, right), left, right, 1e-12)


@pytest.mark.parametrize(("order", "expected"), [([2, 1, 0], 1.0), ([2, 0, 1], 0.0)])
def test_terms_are_added_in_the_order_of_the_left_entries(order, expected):
    left = Compressed(torch.tensor([0, 3]), torch.tensor(order), None, 3)
    right = Compressed(torch.arange(4), torch.zeros(3, dtype=torch.int64), torch.tensor([1.0, -1e8, 1e8]), 1)
    assert sparse_product(left, right).value.tolist() == [expected]


def test_matrices_without_values_count_paths():
    square = Compressed(torch.tensor([0, 2, 4]), torch.tensor([0, 1, 0, 1]), None, 2)
    assert sparse_product(square, square).value.tolist() == [2.0] * 4
    halves = square._replace(value=torch.full((4,), 0.5, dtype=torch.float64))
    assert sparse_product(square, halves).value.dtype is torch.float64


def test_half_types_add_in_float32():
    many = 4096
    left = Compressed(torch.tensor([0, many]), torch.arange(many), torch.ones(many), many)
    right = Compressed(torch.arange(many + 1), torch.zeros(many, dtype=torch.int64), torch.ones(many), 1)
    for dtype in (torch.float16, torch.bfloat16):
        halves = [m._replace(value=m.value.to(dtype)) for m in (left, right)]
        assert sparse_product(*halves).value.tolist() == [4096.0]


def test_gradients_are_those_of_the_dense_product():
    left, right = random_matrix(8, 7, 20), random_matrix(7, 9, 22, seed=1)
    a, b = left.value.clone().requires_grad_(), right.value.clone().requires_grad_()

    def dense(matrix, value):
        empty = torch.zeros(matrix.num_rows, matrix.num_columns, dtype=value.dtype)
        return empty.index_put((matrix.rows().long(), matrix.column.long()), value, accumulate=True)

    product = sparse_product(left._replace(value=a), right._replace(value=b))
    found = torch.autograd.grad(product.value.square().sum(), (a, b), create_graph=True)
    expected = torch.autograd.grad((dense(left, a) @ dense(right, b)).square().sum(), (a, b), create_graph=True)
    torch.testing.assert_close(found, expected)
    second = [torch.autograd.grad(sum(g.square().sum() for g in grads), (a, b)) for grads in (found, expected)]
    torch.testing.assert_close(*second)


def test_whole_products_pass_gradcheck_and_gradgradcheck():
    left, right = random_matrix(4, 5, 9), random_matrix(5, 4, 9, seed=1)

    def call(a, b):
        return sparse_product(left._replace(value=a), right._replace(value=b)).value

    inputs = (left.value.clone().requires_grad_(), right.value.clone().requires_grad_())
    assert torch.autograd.gradcheck(call, inputs)
    assert torch.autograd.gradgradcheck(call, inputs)


def test_a_masked_product_reads_the_dense_product_at_the_mask():
    left, right, mask = random_matrix(9, 8, 30), random_matrix(8, 200, 60, seed=1), random_matrix(9, 200, 300, seed=2)
    product = (to_scipy(left) @ to_scipy(right)).toarray()
    np.testing.assert_allclose(masked_product(left, right, mask), product[mask.rows(), mask.column], atol=1e-12)


def test_an_infinity_outside_the_mask_touches_nothing():
    left = Compressed(torch.tensor([0, 1]), torch.tensor([0]), torch.tensor([1.0]), 1)
    right = Compressed(torch.tensor([0, 2]), torch.tensor([0, 1]), torch.tensor([float("inf"), 3.0]), 2)
    mask = Compressed(torch.tensor([0, 1]), torch.tensor([1]), torch.tensor([2.0]), 2)
    pattern = left.indptr, left.column, right.indptr, right.column, mask.indptr, mask.column
    assert masked_product(left, right, mask).tolist() == [3.0]
    assert sparse_contract(*pattern, right.value, mask.value, 2, "left").tolist() == [6.0]
    assert sparse_contract(*pattern, left.value, mask.value, 2, "right").tolist() == [0.0, 2.0]


@pytest.mark.parametrize("onto", ["product", "left", "right"])
def test_partial_sums_of_a_large_contraction_do_not_depend_on_threads(onto):
    left, right = random_matrix(900, 50, 6000, seed=1), random_matrix(50, 40, 400, seed=2)
    mask = random_matrix(900, 40, 9000, seed=3)
    pattern = left.indptr, left.column, right.indptr, right.column, mask.indptr, mask.column
    given = {"product": (left, right), "left": (right, mask), "right": (left, mask)}[onto]
    before, results = torch.get_num_threads(), []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        results.append(sparse_contract(*pattern, *(m.value.float() for m in given), 40, onto))
    torch.set_num_threads(before)
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])
    expected = sparse_contract.reference(*pattern, *(m.value for m in given), 40, onto)
    torch.testing.assert_close(results[0].double(), expected, rtol=1e-4, atol=1e-4)


def test_large_products_have_the_same_bits_on_any_number_of_threads():
    left, right = random_matrix(9000, 500, 40000, seed=1), random_matrix(500, 700, 5000, seed=2)
    before, results = torch.get_num_threads(), []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        results.append(sparse_product(*(m._replace(value=m.value.float()) for m in (left, right))))
    torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(*pair) for pair in zip(results[0][:3], other[:3], strict=True))


def test_pointers_of_another_product_are_refused():
    left, right = random_matrix(6, 7, 20), random_matrix(7, 8, 20)
    pattern = left.indptr, left.column, right.indptr, right.column
    indptr = sparse_product_indptr(*pattern, 8)
    wrong = indptr.clone()
    wrong[3] -= 1
    with pytest.raises(weft.errors.StructureError, match="`indptr` has no room for exactly the columns that row 2"):
        sparse_product_entries(*pattern, left.value, right.value, wrong, 8, int(indptr[-1]))
    with pytest.raises(weft.errors.StructureError, match="`indptr` runs from 0 to"):
        sparse_product_entries(*pattern, left.value, right.value, indptr, 8, int(indptr[-1]) - 1)


def test_a_result_beyond_memory_is_a_memory_error_that_tells_its_size():
    left, right = random_matrix(3, 3, 5), random_matrix(3, 3, 5)
    pattern = left.indptr, left.column, right.indptr, right.column
    indptr = sparse_product_indptr(*pattern, 3)
    with pytest.raises(MemoryError, match=r"sparse_product_entries: the result has 1152921504606846976 entries"):
        sparse_product_entries(*pattern, left.value, right.value, indptr, 3, 2**60)
    with pytest.raises(MemoryError, match="sets of 1152921504606846976 columns"):
        sparse_product_indptr(*pattern, 2**60)
