"""Pointers and order of batch vectors."""

import pytest
import torch

import weft
from weft.errors import DtypeError, IdError, OptionError, ShapeError
from weft.ops import segment_reduce, segments_of, sorted_pointers


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


@pytest.mark.parametrize(("count", "num_segments"), [(0, 0), (0, 4), (1, 1), (90, 7), (90, 400), (100000, 50)])
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_rows_are_grouped_by_their_segment(count, num_segments, dtype):
    batch = torch.randint(max(num_segments, 1), (count,)).to(dtype)
    counts = torch.bincount(batch, minlength=num_segments)[:num_segments]
    expected = torch.cat((torch.zeros(1, dtype=torch.int64), counts.cumsum(0)))
    indptr, order = segments_of(batch.sort().values, num_segments)
    assert torch.equal(indptr, expected)
    assert order is None
    indptr, order = segments_of(batch, num_segments)
    assert torch.equal(indptr, expected)
    if order is not None:
        assert order.dtype is dtype
        assert torch.equal(order.long(), batch.argsort(stable=True))


def test_a_single_fall_is_seen_wherever_it_is():
    for at in (1, 32767, 32768, 65536, 99999):
        batch = torch.arange(100000) // 10 + 1
        batch[at] = 0
        indptr, is_sorted = sorted_pointers(batch, 10001)
        assert not is_sorted
        assert not indptr.any()


@pytest.mark.parametrize("value", [-1, 5, 2**40])
@pytest.mark.parametrize("at", [0, 3, 5])
def test_an_id_without_a_segment_is_an_id_error(value, at):
    batch = torch.tensor([0, 4, 1, 1, 2, 3])
    batch[at] = value
    for backend in ("native", "reference"):
        with (
            weft.ops.using(backend),
            pytest.raises(IdError, match=f"`batch` holds {value} at position {at}, but there are 5"),
        ):
            segments_of(batch, 5)


@pytest.mark.parametrize(
    ("batch", "num_segments", "error", "text"),
    [
        (torch.zeros(3), 2, DtypeError, "int32 or int64"),
        (torch.zeros(3, 1, dtype=torch.int64), 2, ShapeError, r"\(num_rows,\)"),
        (torch.zeros(3, dtype=torch.int64), -1, OptionError, "at least 0"),
    ],
)
def test_what_is_no_batch_vector_is_refused(batch, num_segments, error, text):
    with pytest.raises(error, match=text):
        segments_of(batch, num_segments)


def test_a_compiled_function_always_has_an_order():
    def total(batch, x):
        return segment_reduce(*split(batch, x))

    def split(batch, x):
        indptr, order = segments_of(batch, 3)
        return indptr, x, order

    batch, x = torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 4.0])
    assert torch.compile(total, fullgraph=True, backend="aot_eager")(batch, x).tolist() == [3.0, 0.0, 4.0]
    assert total(batch, x).tolist() == [3.0, 0.0, 4.0]
