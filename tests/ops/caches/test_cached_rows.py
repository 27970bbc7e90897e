"""Rows in and out of the slots of a cache: against indexing, on threads, and what bad input gets."""

import pytest
import torch

from weft import native, settings
from weft.errors import DeviceError, DtypeError, IdError, ShapeError
from weft.ops import keep_rows, take_cached_rows


def rows(count, width):
    return torch.randint(256, (count, width), dtype=torch.uint8)


@pytest.mark.parametrize("width", [0, 1, 7, 64, 500])
@pytest.mark.parametrize("count", [0, 1, 3000])
def test_rows_are_those_that_slots_point_to(width, count, monkeypatch):
    held, fetched = rows(90, width), rows(40, width)
    slots = torch.randint(-40, 90, (count,))
    expected = torch.cat([held, fetched.flip(0)])[slots]  # the last row is -1
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            for isa in native.instruction_sets():
                monkeypatch.setattr(settings, "isa", isa)
                assert torch.equal(take_cached_rows(held, fetched, slots), expected)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("width", [0, 1, 7, 500])
def test_rows_are_kept_where_they_have_a_place(width):
    held, new = rows(3000, width), rows(2000, width)
    places = torch.randperm(3000)[:2000]
    places[::3] = -1
    expected = held.clone()
    expected[places[places >= 0]] = new[places >= 0]
    keep_rows(held, new, places)
    assert torch.equal(held, expected)


def test_slots_that_hold_nothing_are_refused():
    held, fetched = rows(3, 2), rows(2, 2)
    for wrong in (3, -3, 2**40, -(2**62)):
        with pytest.raises(IdError, match=f"`slots` holds {wrong} at position 1, where nothing lies"):
            take_cached_rows(held, fetched, torch.tensor([0, wrong, 0]))
    with pytest.raises(IdError, match="`places` holds 3 at position 0"):
        keep_rows(held, fetched, torch.tensor([3, 0]))


def test_other_forms_are_refused():
    held, fetched, slots = rows(3, 2), rows(2, 2), torch.tensor([0])
    for arguments, error, text in (
        ((held.float(), fetched, slots), DtypeError, "rows of bytes, uint8, got torch.float32"),
        ((held, rows(2, 3), slots), ShapeError, "rows of one width"),
        ((held[0], fetched, slots), ShapeError, "rows of one width"),
        ((held, fetched, slots.float()), DtypeError, "`slots` of int32 or int64"),
        ((held, fetched, slots.to("meta")), DeviceError, "`slots` on the CPU"),
        ((held.to("meta"), fetched, slots), DeviceError, "rows on the CPU"),
    ):
        with pytest.raises(error, match=text):
            take_cached_rows(*arguments)
    with pytest.raises(ShapeError, match="contiguous `held`, which is written to"):
        keep_rows(rows(4, 4)[:, :2], fetched, torch.tensor([0, 1]))
    with pytest.raises(ShapeError, match="3 `rows`, as many as places, got 2"):
        keep_rows(held, fetched, torch.tensor([0, 1, 2]))
