"""The winning row of each segment, against argmax of each."""

import pytest
import torch

import weft
from weft.ops import segment_argmax, segment_argmin, segment_reduce


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int32, torch.int64])
@pytest.mark.parametrize("is_permuted", [False, True])
def test_the_first_of_the_best_rows_wins(dtype, is_permuted, isa, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    lengths = torch.tensor([4, 0, 1, 200, 5000])
    indptr = torch.cat((torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)))
    x = torch.randint(-99, 99, (5205, 37)).to(dtype)
    listed = torch.randperm(5205) if is_permuted else torch.arange(5205)
    for call, best in ((segment_argmax, torch.amax), (segment_argmin, torch.amin)):
        found = call(indptr, x, listed if is_permuted else None)
        assert found.dtype is torch.int64
        assert (found[1] == -1).all()
        for i in (0, 2, 3, 4):
            mine = listed[indptr[i] : indptr[i + 1]]
            first = (x[mine] == best(x[mine], 0)).int().argmax(0)
            assert torch.equal(found[i], mine[first])


def test_nan_wins_and_the_first_of_them():
    x = torch.tensor([1.0, float("nan"), float("inf"), float("nan"), -float("inf"), -float("inf")])
    indptr = torch.tensor([0, 4, 6])
    assert segment_argmax(indptr, x).tolist() == [1, 4]
    assert segment_argmin(indptr, x).tolist() == [1, 4]


def test_it_names_the_row_that_segment_reduce_takes():
    indptr, x = torch.tensor([0, 3, 9]), torch.randn(9, 5)
    assert torch.equal(x.gather(0, segment_argmax(indptr, x)), segment_reduce(indptr, x, None, "max"))
