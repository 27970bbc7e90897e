"""The best of each segment, against torch.topk of each, and rows chosen by a score."""

import math

import pytest
import torch

import weft
from weft.errors import DtypeError, OptionError, ShapeError
from weft.ops import gather_rows, segment_topk, top_rows


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def pointers(lengths):
    return torch.cat((torch.zeros(1, dtype=torch.int64), torch.tensor(lengths).cumsum(0)))


def assert_best(lengths, x, k, order=None, largest=True):
    indptr = pointers(lengths)
    values, index = segment_topk(indptr, x, k, order, largest)
    listed = torch.arange(len(x)) if order is None else order.long()
    for i, count in enumerate(lengths):
        mine = listed[indptr[i] : indptr[i + 1]]
        expected, at = x[mine].sort(dim=0, stable=True, descending=largest)
        found = min(k, count)
        torch.testing.assert_close(values[i, :found], expected[:found], rtol=0, atol=0, equal_nan=True)
        assert torch.equal(index[i, :found], mine[at[:found]])
        assert (values[i, found:] == 0).all()
        assert (index[i, found:] == -1).all()


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int32])
def test_each_segment_gives_its_best_and_pads(dtype, isa, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    lengths = [5, 0, 64, 160, 161, 900, 1]
    for features, k, largest in (((), 3, True), ((2, 9), 7, False), ((3,), 200, True), ((), 1, False)):
        x = torch.randint(-50, 50, (sum(lengths), *features)).to(dtype)
        if dtype.is_floating_point:
            x.view(-1)[::40] = float("nan")
        assert_best(lengths, x, k, None, largest)
        assert_best(lengths, x, k, torch.randperm(len(x)).int(), largest)


@pytest.mark.parametrize("k", [1, 100, 20000, 60000])
def test_a_long_segment_is_searched_in_pieces(k):
    assert_best([40000, 2], torch.randn(40002), k)
    assert_best([40000, 2], torch.randint(3, (40002,)), k, torch.randperm(40002), False)


def test_the_gradient_goes_to_the_chosen_rows():
    x = torch.tensor([1.0, 3.0, 2.0, 5.0], requires_grad=True)
    values, index = segment_topk(pointers([3, 0, 1]), x, 2)
    assert index.tolist() == [[1, 2], [-1, -1], [3, -1]]
    (values * torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])).sum().backward()
    assert x.grad.tolist() == [0.0, 1.0, 2.0, 5.0]


@pytest.mark.parametrize("k", [0, 2, 100, 0.5, 0.1, 1.0, torch.tensor([1, 7, 0, 4])])
@pytest.mark.parametrize("is_permuted", [False, True])
def test_top_rows_are_those_of_a_loop(k, is_permuted):
    lengths = [10, 0, 3, 30]
    indptr, score = pointers(lengths), torch.randn(43)
    order = torch.randperm(43) if is_permuted else None
    listed = torch.arange(43) if order is None else order
    found, rows = top_rows(indptr, score, k, order=order)
    for i, count in enumerate(lengths):
        # 0.1 of 30 rows are 3 rows, though 0.1 * 30 lies above 3 in floating point.
        wanted = (
            int(k[i]) if isinstance(k, torch.Tensor) else math.ceil(round(k * count, 6)) if isinstance(k, float) else k
        )
        mine = listed[indptr[i] : indptr[i + 1]]
        expected = mine[score[mine].argsort(stable=True, descending=True)[:wanted]]
        assert rows[found[i] : found[i + 1]].tolist() == expected.tolist()


def test_rows_that_were_chosen_pass_gradients_when_they_are_gathered():
    x, score = torch.randn(4, 2, requires_grad=True), torch.tensor([0.0, 1.0, 2.0, 3.0], requires_grad=True)
    _, rows = top_rows(pointers([3, 1]), score, 1)
    gather_rows(x, rows).sum().backward()
    assert x.grad.tolist() == [[0, 0], [0, 0], [1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda p: top_rows(p, torch.randn(4, 2), 1), ShapeError, r"`score` of shape \(num_rows,\)"),
        (lambda p: top_rows(p, torch.randn(4), -1), OptionError, "`k` of at least 0, got -1"),
        (lambda p: top_rows(p, torch.randn(4), float("nan")), OptionError, "`k` of at least 0, got nan"),
        (lambda p: top_rows(p, torch.randn(4), torch.tensor([1, -2])), OptionError, "`k` of at least 0, got -2"),
        (lambda p: top_rows(p, torch.randn(4), torch.tensor([1.0, 2.0])), DtypeError, "`k` of int64"),
        (lambda p: top_rows(p, torch.randn(4), torch.tensor([1])), ShapeError, "each of 2 segments"),
        (lambda p: segment_topk(p, torch.randn(4), -1), OptionError, "`k` of at least 0"),
    ],
)
def test_a_wrong_number_of_rows_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call(pointers([3, 1]))
