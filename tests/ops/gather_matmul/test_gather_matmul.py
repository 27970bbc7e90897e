"""Typed linear maps of rows in any order, with bases and with blocks, against a matrix gathered for every row."""

import pytest
import torch

import weft
from weft.errors import IdError, OptionError, ShapeError
from weft.ops import basis_matmul, block_matmul, gather_matmul, type_order


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def product(x, weight, type_):
    return torch.einsum("nk,nkm->nm", x, weight[type_.long()])


def same_gradients(found, expected, inputs):
    grad = torch.randn_like(expected)
    torch.testing.assert_close(found, expected)
    for f, e in zip(torch.autograd.grad(found, inputs, grad), torch.autograd.grad(expected, inputs, grad), strict=True):
        torch.testing.assert_close(f, e)


def leaf(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_each_row_meets_the_matrix_of_its_type(dtype):
    type_, x, weight, bias = torch.randint(4, (60,)).to(dtype), leaf(60, 7), leaf(5, 7, 9), leaf(5, 9)
    expected = product(x, weight, type_) + bias[type_.long()]
    same_gradients(gather_matmul(x, weight, type_, bias=bias), expected, (x, weight, bias))


def test_a_kept_order_gives_the_same():
    type_, x, weight = torch.randint(4, (60,)), leaf(60, 7), leaf(5, 7, 9)
    assert torch.equal(gather_matmul(x, weight, order=type_order(type_, 5)), gather_matmul(x, weight, type_))


@pytest.mark.parametrize("types", [2, 50])
def test_bases_give_the_sum_of_their_products(types):
    type_, x, bases, coefficients = torch.randint(types, (20,)), leaf(20, 6), leaf(3, 6, 4), leaf(types, 3)
    expected = product(x, torch.einsum("tb,bkm->tkm", coefficients, bases), type_)
    same_gradients(basis_matmul(x, bases, coefficients, type=type_), expected, (x, bases, coefficients))


def test_blocks_give_the_product_with_the_block_diagonal_matrix():
    type_, x, weight = torch.randint(3, (20,)), leaf(20, 6), leaf(3, 2, 3, 4)
    full = torch.stack([torch.block_diag(*blocks) for blocks in weight])
    same_gradients(block_matmul(x, weight, type_), product(x, full, type_), (x, weight))


def test_no_rows_and_no_types_are_ordinary():
    none = torch.zeros(0, dtype=torch.int64)
    assert gather_matmul(torch.randn(0, 3), torch.randn(2, 3, 4), none).shape == (0, 4)
    assert gather_matmul(torch.randn(0, 3), torch.randn(0, 3, 4), none).shape == (0, 4)


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("wrong", [-1, 5, 2**31 - 1])
def test_a_wrong_type_is_an_id_error_even_if_it_was_right_before(wrong, backend):
    type_ = torch.zeros(30, dtype=torch.int32)
    x, weight = torch.randn(30, 4), torch.randn(5, 4, 3)
    with weft.ops.using(backend):
        gather_matmul(x, weight, type_)
        type_[7] = wrong
        with pytest.raises(IdError, match=f"`type` holds {wrong} at position 7, but there are 5 types"):
            gather_matmul(x, weight, type_)


def test_wrong_arguments_get_the_typed_error():
    type_ = torch.zeros(5, dtype=torch.int64)
    with pytest.raises(OptionError, match="`type` or `order`"):
        gather_matmul(torch.randn(5, 4), torch.randn(2, 4, 3))
    with pytest.raises(ShapeError, match="num_bases alike"):
        basis_matmul(torch.randn(5, 4), torch.randn(2, 4, 3), torch.randn(3, 3), type=type_)
    with pytest.raises(ShapeError, match=r"num_blocks \* in_block columns"):
        block_matmul(torch.randn(5, 4), torch.randn(2, 3, 2, 2), type_)


def test_it_compiles_whole():
    type_, x, weight = torch.randint(4, (60,)), torch.randn(60, 7), torch.randn(5, 7, 9)
    compiled = torch.compile(gather_matmul, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(x, weight, type_), gather_matmul(x, weight, type_))
