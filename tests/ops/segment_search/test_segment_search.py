"""Search in segments."""

import pytest
import torch

import weft
from weft.errors import DtypeError, IdError, ShapeError, StructureError
from weft.ops import segment_search


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 100, 1000])
def test_searchsorted_finds_the_same_in_one_segment(dtype, length):
    x = torch.randint(length // 2 + 1, (length,)).sort().values.to(dtype)
    value = torch.arange(-1, length // 2 + 2).to(dtype)
    first, last = segment_search(torch.tensor([0, length]), x, torch.zeros_like(value, dtype=torch.int64), value)
    assert torch.equal(first, torch.searchsorted(x, value))
    assert torch.equal(last, torch.searchsorted(x, value, right=True))


def test_extreme_values_are_found():
    for dtype in (torch.int32, torch.int64):
        ends = torch.iinfo(dtype)
        x = torch.tensor([ends.min, 0, ends.max], dtype=dtype)
        first, last = segment_search(torch.tensor([0, 3]), x, torch.tensor([0, 0]), x[[0, 2]])
        assert (first.tolist(), last.tolist()) == ([0, 2], [1, 3])


def test_many_equal_rows_are_found_to_the_last():
    for count in range(70):
        x = torch.cat((torch.zeros(3), torch.ones(count), torch.full((2,), 2))).int()
        first, last = segment_search(torch.tensor([0, len(x)]), x, torch.tensor([0]), torch.tensor([1]).int())
        assert (first.item(), last.item()) == (3, 3 + count)


def test_rows_that_do_not_ascend_give_rows_of_the_segment():
    x = torch.randint(50, (300,))
    first, last = segment_search(
        torch.tensor([0, 100, 300]), x, torch.ones(200, dtype=torch.int64), torch.arange(200) % 60
    )
    assert first.min() >= 100
    assert last.max() <= 300


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_a_segment_that_is_not_there_is_an_id_error(backend):
    with (
        weft.ops.using(backend),
        pytest.raises(IdError, match="`segment` holds 2 at position 1, but there are 2 segments"),
    ):
        segment_search(torch.tensor([0, 1, 1]), torch.tensor([4]), torch.tensor([0, 2]), torch.tensor([4, 4]))


@pytest.mark.parametrize("indptr", [[0, 5, 2], [0, 2, 9], [-1, 1, 2], [0, 1, -(2**60)], [0, 1, 2**60]])
def test_pointers_outside_are_a_structure_error(indptr):
    with pytest.raises(StructureError, match=r"falls in segment \d, or it lies outside the 3 rows"):
        segment_search(
            torch.tensor(indptr), torch.tensor([1, 2, 3]), torch.tensor([0, 1] * 50), torch.tensor([2, 2] * 50)
        )


LONG = torch.tensor([0])


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((LONG, LONG.float(), LONG, LONG.float()), DtypeError, "both int32 or both int64"),
        ((LONG, LONG, LONG, LONG.int()), DtypeError, "both int32 or both int64"),
        ((LONG.int(), LONG, LONG, LONG), DtypeError, "int64 `indptr`"),
        ((LONG[:0], LONG, LONG, LONG), StructureError, "one-dimensional `indptr`"),
        ((LONG, LONG[None], LONG, LONG), ShapeError, "one-dimensional `x`"),
        ((LONG, LONG, LONG, LONG[:0]), ShapeError, "as many segments as values, got 1 and 0"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        segment_search(*arguments)
