"""Rows of an open file: against the bytes that were written, on threads, at the end of the file, and for bad input."""

import os

import pytest
import torch

from weft import native, settings
from weft.errors import DeviceError, DtypeError, IdError, ShapeError
from weft.ops import ReadFailure, gather_mapped, hint_rows, read_rows


def stored(tmp_path, count, width, offset):
    rows = torch.randint(256, (count, width), dtype=torch.uint8)
    path = tmp_path / "rows"
    path.write_bytes(bytes(offset) + rows.numpy().tobytes())
    return path, rows


@pytest.mark.parametrize("width", [1, 3, 512, 9000])
@pytest.mark.parametrize("offset", [0, 77])
def test_rows_are_read_by_id(tmp_path, width, offset, monkeypatch):
    path, rows = stored(tmp_path, 300, width, offset)
    run = torch.arange(20, 290)
    ids = torch.cat([torch.randint(300, (2500,)), run, run.flip(0), torch.tensor([299, 299, 0])])
    before = torch.get_num_threads()
    with path.open("rb") as file:
        number = file.fileno()
        try:
            for threads in (1, 2, 4):
                torch.set_num_threads(threads)
                for isa in native.instruction_sets():
                    monkeypatch.setattr(settings, "isa", isa)
                    for given in (ids, ids.int()):
                        hint_rows(number, given, offset=offset, num_rows=300, row_bytes=width)
                        out = torch.full((len(ids), width), 255, dtype=torch.uint8)
                        assert read_rows(number, given, out, offset=offset, num_rows=300) is None
                        assert torch.equal(out, rows[ids])
        finally:
            torch.set_num_threads(before)
        assert file.tell() == 0


def test_the_first_row_behind_the_end_is_named(tmp_path):
    path, rows = stored(tmp_path, 10, 4, 0)
    os.truncate(path, 22)  # five rows and a half
    with path.open("rb") as file:
        out = torch.empty(6, 4, dtype=torch.uint8)
        found = read_rows(file.fileno(), torch.tensor([4, 0, 5, 9, 3, 5]), out, offset=0, num_rows=10)
        assert found == ReadFailure(2, 0)
        assert torch.equal(out[:2], rows[[4, 0]])
        # rows that follow each other are read together, and the first of them that fails is named
        out = torch.empty(5, 4, dtype=torch.uint8)
        assert read_rows(file.fileno(), torch.arange(3, 8), out, offset=0, num_rows=10) == ReadFailure(2, 0)


def test_what_the_system_refuses_is_told(tmp_path):
    path, _ = stored(tmp_path, 10, 4, 0)
    with path.open("ab") as file:  # not open for reading
        found = read_rows(file.fileno(), torch.tensor([1]), torch.empty(1, 4, dtype=torch.uint8), offset=0, num_rows=10)
        assert found == ReadFailure(0, 9)
    hint_rows(10**6, torch.tensor([1]), offset=0, num_rows=10, row_bytes=4)  # no such file: a hint is a hint


def test_rows_without_bytes_are_nothing(tmp_path):
    path, _ = stored(tmp_path, 10, 4, 0)
    with path.open("rb") as file:
        out = torch.empty(3, 0, dtype=torch.uint8)
        assert read_rows(file.fileno(), torch.tensor([1, 2, 9]), out, offset=0, num_rows=10) is None


def test_wrong_ids_and_other_forms_are_refused(tmp_path):
    path, rows = stored(tmp_path, 10, 4, 0)
    out = torch.empty(3, 4, dtype=torch.uint8)
    with path.open("rb") as file:
        calls = (
            lambda ids: read_rows(file.fileno(), ids, out, offset=0, num_rows=10),
            lambda ids: hint_rows(file.fileno(), ids, offset=0, num_rows=10, row_bytes=4),
            lambda ids: gather_mapped(rows.data_ptr(), ids, out, num_rows=10),
        )
        for call in calls:
            for wrong in (10, -1, 2**31 - 1, -(2**31)):
                with pytest.raises(IdError, match=f"holds {wrong} at position 1, but there are 10 rows"):
                    call(torch.tensor([0, wrong, 0]))
                with pytest.raises(IdError):
                    call(torch.tensor([9, wrong, 9], dtype=torch.int32))
            with pytest.raises(IdError):
                call(torch.tensor([8, 9, 10]))  # a run that leads out
            with pytest.raises(DtypeError, match="of int32 or int64"):
                call(torch.zeros(3))
            with pytest.raises(ShapeError, match="one-dimensional"):
                call(torch.zeros(3, 1, dtype=torch.int64))
            with pytest.raises(DeviceError, match="on the CPU"):
                call(torch.zeros(3, dtype=torch.int64, device="meta"))
        for wrong in (out[:2], out.int(), torch.empty(4, 3, dtype=torch.uint8).t(), out.flatten()):
            with pytest.raises(ShapeError, match=r"contiguous `out` of \(3, row_bytes\), uint8"):
                read_rows(file.fileno(), torch.tensor([1, 2, 3]), wrong, offset=0, num_rows=10)
            with pytest.raises(ShapeError, match=r"contiguous `out` of \(3, row_bytes\), uint8"):
                gather_mapped(rows.data_ptr(), torch.tensor([1, 2, 3]), wrong, num_rows=10)
