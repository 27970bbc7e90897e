"""Sorting within segments, against torch.sort of each."""

import itertools

import pytest
import torch

import weft
from weft.ops import segment_sort

DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int32, torch.int64]


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def pointers(lengths):
    return torch.cat((torch.zeros(1, dtype=torch.int64), torch.tensor(lengths).cumsum(0)))


def awkward(count, features, dtype, seed=0):
    """Values with many ties and, in floating point, NaN, infinities and both zeros."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(-9, 9, (count, *features), generator=generator).to(dtype)
    if dtype.is_floating_point and x.numel() > 50:
        flat = x.view(-1)
        flat[::17], flat[1::19], flat[2::23], flat[3::29] = -0.0, float("nan"), float("inf"), -float("inf")
    return x


def assert_sorted(lengths, x, order, descending):
    indptr = pointers(lengths)
    values, index = segment_sort(indptr, x, order, descending)
    listed = torch.arange(len(x)) if order is None else order.long()
    for begin, end in itertools.pairwise(indptr):
        mine = listed[begin:end]
        expected, at = x[mine].sort(dim=0, stable=True, descending=descending)
        assert torch.equal(index[begin:end], mine[at])
        torch.testing.assert_close(values[begin:end], expected, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("dtype", DTYPES)
def test_each_segment_is_sorted_as_torch_sorts_it(dtype, isa, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    lengths = [5, 0, 1, 63, 64, 65, 159, 160, 161, 700]
    for features, descending in (((), False), ((3,), True), ((2, 9), False)):
        x = awkward(sum(lengths), features, dtype)
        assert_sorted(lengths, x, None, descending)
        assert_sorted(lengths, x, torch.randperm(len(x)).int(), descending)


def test_a_segment_sorted_by_all_threads_is_sorted_as_torch_sorts_it():
    for dtype in (torch.float32, torch.int64):
        x = awkward(70003, (2,), dtype)
        assert_sorted([3, 70000], x, None, False)
        assert_sorted([3, 70000], x, torch.randperm(70003), True)


def test_extreme_integers_keep_their_places():
    x = torch.tensor([2**31 - 1, -(2**31), 0, -1, 2**31 - 1], dtype=torch.int32)
    assert_sorted([5], x, None, False)
    assert_sorted([5], x, None, True)
    assert_sorted([400], x.repeat(80), None, True)


def test_the_gradient_goes_back_to_the_row_it_came_from():
    x = torch.randn(9, 2, dtype=torch.float64, requires_grad=True)
    order = torch.randperm(9)
    values, index = segment_sort(pointers([4, 0, 5]), x, order)
    grad = torch.randn_like(values)
    (found,) = torch.autograd.grad(values, x, grad)
    torch.testing.assert_close(found, torch.zeros_like(x).scatter(0, index, grad))
    assert not index.requires_grad
