"""Segments, empty ones and permuted ones, against a loop."""

import itertools

import pytest
import torch

import weft
from weft.errors import DtypeError
from weft.ops import segment_reduce

LOOPS = {
    "sum": lambda s: s.sum(0),
    "mean": lambda s: s.mean(0),
    "max": lambda s: s.amax(0),
    "min": lambda s: s.amin(0),
    "mul": lambda s: s.prod(0),
    "var": lambda s: s.var(0, unbiased=False),
    "std": lambda s: (s.var(0, unbiased=False) + 1e-200).sqrt(),  # a gradient of 0 at zero variance
}
ALL = torch.tensor([0, 4])


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def pointers(lengths):
    return torch.cat((torch.zeros(1, dtype=torch.int64), torch.tensor(lengths).cumsum(0)))


def loop(reduce, indptr, x, order):
    listed = x if order is None else x[order.long()]
    parts = [listed[begin:end] for begin, end in itertools.pairwise(indptr)]
    return torch.stack([LOOPS[reduce](part) if len(part) else listed.new_zeros(listed.shape[1:]) for part in parts])


@pytest.mark.parametrize("is_permuted", [False, True])
@pytest.mark.parametrize("reduce", LOOPS)
def test_each_segment_reduces_its_rows(reduce, is_permuted):
    indptr = pointers([3, 0, 1, 5, 0])
    for features in ((4,), ()):
        x = torch.randn(9, *features, dtype=torch.float64, requires_grad=True)
        order = torch.randperm(9) if is_permuted else None
        expected, found = loop(reduce, indptr, x, order), segment_reduce(indptr, x, order, reduce)
        torch.testing.assert_close(found, expected)
        g = torch.randn_like(expected)
        torch.testing.assert_close(torch.autograd.grad(found, x, g)[0], torch.autograd.grad(expected, x, g)[0])


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("reduce", LOOPS)
def test_long_and_wide_segments_agree_with_the_loop(reduce, isa, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    indptr = pointers([10000, 2, 300, 0, 129])
    for features in ((), (3,), (77,)):
        x = 1 + 0.01 * torch.randn(10431, *features, dtype=torch.float64)
        for order in (None, torch.randperm(10431).int()):
            torch.testing.assert_close(segment_reduce(indptr, x, order, reduce), loop(reduce, indptr, x, order))


@pytest.mark.parametrize("reduce", ["sum", "max", "min", "mul"])
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_integers_are_exact(reduce, dtype):
    indptr = pointers([3, 0, 5000, 40])
    for features in ((), (9,)):
        x = torch.randint(-9, 9, (5043, *features), dtype=dtype)
        x = x.where(x != 0, torch.ones_like(x)) if reduce == "mul" else x + 2**24
        for order in (None, torch.randperm(5043)):
            found = segment_reduce(indptr, x, order, reduce)
            assert found.dtype is dtype
            assert torch.equal(found, loop(reduce, indptr, x, order).to(dtype))


@pytest.mark.parametrize("reduce", ["mean", "var", "std"])
def test_integers_have_no_fractions(reduce):
    with pytest.raises(DtypeError, match=f"`x` in floating point for {reduce}, got torch.int64; hint: convert"):
        segment_reduce(ALL, torch.arange(4), None, reduce)


@pytest.mark.parametrize("reduce", LOOPS)
def test_nan_stays_in_its_segment(reduce):
    x = torch.tensor([1.0, float("nan"), 2.0, 3.0])
    assert segment_reduce(torch.tensor([0, 2, 4]), x, None, reduce).isnan().tolist() == [True, False]


def test_of_equal_values_the_first_of_the_segment_takes_the_gradient():
    x = torch.ones(4, 1, requires_grad=True)
    segment_reduce(ALL, x, torch.tensor([2, 0, 1, 3]), "max").sum().backward()
    assert x.grad.flatten().tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([2.0, 3.0, 4.0], [12, 8, 6]), ([2.0, 0.0, 4.0], [0, 8, 0]), ([0.0, 0.0, 4.0], [0, 0, 0])],
)
def test_the_gradient_of_a_product_is_right_with_zeros(values, expected):
    x = torch.tensor(values, requires_grad=True)
    segment_reduce(torch.tensor([0, 3]), x, None, "mul").sum().backward()
    assert x.grad.tolist() == expected


def test_the_gradient_of_std_at_zero_variance_is_zero():
    x = torch.full((4, 2), 0.1, requires_grad=True)  # whose mean rounds
    out = segment_reduce(ALL, x, None, "std")
    out.sum().backward()
    assert not out.any()
    assert not x.grad.any()


def test_a_variance_far_from_zero_keeps_its_digits():
    x = 1e6 + torch.arange(6000.0) % 4
    expected = torch.tensor([1.25])
    torch.testing.assert_close(segment_reduce(torch.tensor([0, 6000]), x, None, "var"), expected, rtol=1e-4, atol=0)


def test_a_sum_keeps_no_input_for_backward():
    x = torch.randn(4, 1, requires_grad=True)
    for reduce, count in (("sum", 0), ("mean", 0), ("var", 1)):
        saved = segment_reduce(ALL, x, None, reduce).grad_fn.saved_tensors
        assert sum(t is not None and t.data_ptr() == x.data_ptr() for t in saved) == count


def test_integers_wrap_as_those_of_torch_do():
    x = torch.full((40,), 2**30, dtype=torch.int32)
    assert segment_reduce(torch.tensor([0, 40]), x).item() == x.sum(dtype=torch.int32).item()
    assert segment_reduce(torch.tensor([0, 2]), x[:2], None, "mul").item() == (x[0] * x[1]).item()
