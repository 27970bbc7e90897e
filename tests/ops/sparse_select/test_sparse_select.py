"""Transpose, rows and columns of sparse matrices against SciPy."""

import numpy as np
import pytest
import scipy.sparse
import torch

import weft
from weft.ops import Compressed, gather_segments, select_columns, select_rows, transpose
from weft.ops._sparse_samples import random_matrix, sample_pairs

MATRICES = [matrix for matrix, _ in sample_pairs()]


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def to_scipy(matrix):
    triple = (matrix.filled().detach().numpy(), matrix.column.numpy(), matrix.indptr.numpy())
    return scipy.sparse.csr_matrix(triple, shape=(matrix.num_rows, matrix.num_columns))


def some(count, of, seed=0):
    return torch.randint(max(of, 1), (count if of else 0,), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("matrix", MATRICES)
def test_the_transpose_is_that_of_scipy(matrix):
    found = transpose(matrix)
    assert np.array_equal(to_scipy(found).toarray(), to_scipy(matrix).toarray().T)
    assert (found.num_entries, found.column.dtype) == (matrix.num_entries, matrix.column.dtype)
    for row in range(found.num_rows):
        columns = found.column[found.indptr[row] : found.indptr[row + 1]]
        assert torch.equal(columns, columns.sort().values)


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_rows_are_those_of_scipy(matrix, dtype):
    rows = some(11, matrix.num_rows).to(dtype)
    found = select_rows(matrix, rows)
    assert np.array_equal(to_scipy(found).toarray(), to_scipy(matrix).toarray()[rows.numpy()])
    mask = torch.arange(matrix.num_rows) % 2 == 0
    assert np.array_equal(to_scipy(select_rows(matrix, mask)).toarray(), to_scipy(matrix).toarray()[mask.numpy()])


@pytest.mark.parametrize("rows", [slice(1, 4), slice(None), slice(-2, None), slice(3, 1), slice(0, 99), slice(2, 2)])
def test_a_stretch_of_rows_is_a_view(rows):
    matrix = random_matrix(6, 7, 20)
    found = select_rows(matrix, rows)
    assert np.array_equal(to_scipy(found).toarray(), to_scipy(matrix).toarray()[rows])
    assert found.column.untyped_storage().data_ptr() == matrix.column.untyped_storage().data_ptr()


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_columns_are_those_of_scipy(matrix, dtype):
    columns = some(11, matrix.num_columns).to(dtype)
    found = select_columns(matrix, columns)
    np.testing.assert_allclose(to_scipy(found).toarray(), to_scipy(matrix).toarray()[:, columns.numpy()], atol=1e-12)
    mask = torch.arange(matrix.num_columns) % 3 == 0
    expected = to_scipy(matrix).toarray()[:, mask.numpy()]
    np.testing.assert_allclose(to_scipy(select_columns(matrix, mask)).toarray(), expected, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("kind", ["rising", "once", "often", "rare"])
def test_columns_of_sorted_rows_short_and_long_are_copied(kind, dtype):
    matrix = random_matrix(40, 900, 9000, is_sorted=True, dtype=dtype)
    wide = random_matrix(3, 900, 2000, seed=1, is_sorted=True, dtype=dtype)
    indptr = torch.cat((matrix.indptr, wide.indptr[1:] + matrix.num_entries))
    matrix = Compressed(indptr, torch.cat((matrix.column, wide.column)), torch.cat((matrix.value, wide.value)), 900)
    once = torch.randperm(900)[:500]
    columns = {"rising": once.sort().values, "once": once, "often": some(700, 900), "rare": once[:2]}[kind]
    expected = to_scipy(matrix).toarray()[:, columns.numpy()]
    found = select_columns(matrix, columns)
    assert np.array_equal(to_scipy(found).toarray(), expected)
    rows = found.rows()
    assert (found.column.diff()[rows.diff() == 0] > 0).all()


@pytest.mark.parametrize(
    "change",
    [
        transpose,
        lambda m: select_rows(m, torch.tensor([2, 0, 2])),
        lambda m: select_rows(m, slice(1, 3)),
        lambda m: select_columns(m, torch.tensor([3, 1, 3])),
    ],
)
def test_gradients_go_to_the_values_that_remain(change):
    matrix = random_matrix(4, 5, 12)

    def call(value):
        return change(matrix._replace(value=value)).value.square()

    value = matrix.value.clone().requires_grad_()
    assert torch.autograd.gradcheck(call, value)
    assert torch.autograd.gradgradcheck(call, value)


def test_values_of_several_features_go_along():
    matrix = random_matrix(4, 5, 12)._replace(value=torch.randn(12, 2, 3))
    torch.testing.assert_close(transpose(matrix).value.sum(0), matrix.value.sum(0))
    taken = select_rows(matrix, torch.tensor([1]))
    assert torch.equal(taken.value, matrix.value[matrix.indptr[1] : matrix.indptr[2]])


def test_a_matrix_without_values_stays_without():
    matrix = random_matrix(4, 5, 12)._replace(value=None)
    assert transpose(matrix).value is None
    assert select_rows(matrix, torch.tensor([1, 2])).value is None
    assert select_rows(matrix, slice(1, 2)).value is None


def test_wrong_choices_are_typed_errors():
    matrix = random_matrix(4, 5, 12)
    with pytest.raises(weft.errors.IdError, match="holds 4 at position 1"):
        select_rows(matrix, torch.tensor([0, 4]))
    with pytest.raises(weft.errors.IdError, match="holds -1 at position 0"):
        select_columns(matrix, torch.tensor([-1]))
    with pytest.raises(weft.errors.ShapeError, match="of length 4 if it is bool"):
        select_rows(matrix, torch.ones(5, dtype=torch.bool))
    with pytest.raises(weft.errors.DtypeError, match="int32, int64 or bool"):
        select_columns(matrix, torch.ones(2))
    with pytest.raises(weft.errors.OptionError, match="a slice of step 1, got step 2"):
        select_rows(matrix, slice(0, 4, 2))
    with pytest.raises(weft.errors.IdError, match="`column` holds 7"):
        transpose(Compressed(torch.tensor([0, 1]), torch.tensor([7]), None, 5))


def test_segments_check_what_they_follow():
    indptr, x, chosen = torch.tensor([0, 2, 2, 5]), torch.randn(5), torch.tensor([2, 0])
    with pytest.raises(weft.errors.StructureError, match="differ in the segment at position 0"):
        gather_segments(indptr, x, chosen, torch.tensor([0, 2, 5]), 5)
    with pytest.raises(weft.errors.StructureError, match="`out_indptr` runs from 0 to 5, expected 0 to 6"):
        gather_segments(indptr, x, chosen, torch.tensor([0, 3, 5]), 6)
    with pytest.raises(weft.errors.StructureError, match="outside the 4 rows of `x`"):
        gather_segments(indptr, x[:4], chosen, torch.tensor([0, 3, 5]), 5)
    with pytest.raises(weft.errors.IdError, match="`chosen` holds 3 at position 1, but there are 3 segments"):
        gather_segments(indptr, x, torch.tensor([2, 3]), torch.tensor([0, 3, 5]), 5)


@pytest.mark.parametrize("dtype", [torch.bool, torch.int32, torch.float16])
def test_segments_of_any_dtype_are_copied(dtype):
    x = torch.arange(10).reshape(5, 2).to(dtype)
    found = gather_segments(torch.tensor([0, 2, 2, 5]), x, torch.tensor([2, 1, 0]), torch.tensor([0, 3, 3, 5]), 5)
    assert torch.equal(found, x[[2, 3, 4, 0, 1]])
