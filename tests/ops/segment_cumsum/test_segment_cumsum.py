"""Cumulative sums of segments, against torch.cumsum of each."""

import itertools

import pytest
import torch

import weft
from weft.ops import segment_cumsum

LENGTHS = [3, 0, 1, 40, 9000, 2]


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def pointers(lengths):
    return torch.cat((torch.zeros(1, dtype=torch.int64), torch.tensor(lengths).cumsum(0)))


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("dtype", [torch.float64, torch.int32, torch.int64])
@pytest.mark.parametrize("reverse", [False, True])
def test_each_segment_adds_up_for_itself(reverse, dtype, isa, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    indptr, count = pointers(LENGTHS), sum(LENGTHS)
    for features in ((), (5,), (2, 17)):
        x = torch.randint(-9, 9, (count, *features)).to(dtype)  # exact in floating point, too
        for order in (None, torch.randperm(count), torch.randperm(count).int()):
            found = segment_cumsum(indptr, x, order, reverse)
            listed = torch.arange(count) if order is None else order.long()
            for begin, end in itertools.pairwise(indptr):
                mine = listed[begin:end]
                rows = x[mine].flip(0) if reverse else x[mine]
                expected = rows.cumsum(0).to(dtype)
                assert torch.equal(found[mine], expected.flip(0) if reverse else expected)


def test_the_gradient_is_the_sum_the_other_way_round():
    indptr, x = pointers([4, 0, 5]), torch.randn(9, 2, dtype=torch.float64, requires_grad=True)
    grad = torch.randn(9, 2, dtype=torch.float64)
    (found,) = torch.autograd.grad(segment_cumsum(indptr, x), x, grad)
    expected = torch.cat([g.flip(0).cumsum(0).flip(0) for g in (grad[:4], grad[4:])])
    torch.testing.assert_close(found, expected)


def test_a_segment_of_all_rows_has_the_same_bits_on_any_number_of_threads():
    x, results, before = torch.randn(50001, 3), [], torch.get_num_threads()
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        results.append(segment_cumsum(pointers([50001]), x))
    torch.set_num_threads(before)
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])


def test_nan_and_infinity_stay_in_their_segment():
    x = torch.tensor([1.0, float("nan"), 1.0, float("inf"), 2.0])
    assert segment_cumsum(torch.tensor([0, 2, 3, 4, 5]), x).isfinite().tolist() == [True, False, True, False, True]
