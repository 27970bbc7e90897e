"""Rows drawn from one list."""

import pytest
import torch

from weft.errors import OptionError
from weft.ops import Draws, Structure, draw_rows, weight_sums


def sums_of(weight):
    return weight_sums(Structure(torch.tensor([0, weight.shape[0]]), torch.arange(weight.shape[0])), weight)


def test_rows_come_once_unless_they_are_put_back():
    assert draw_rows(10, 10).sort().values.tolist() == list(range(10))
    assert draw_rows(10, 30).sort().values.tolist() == list(range(10))
    again = draw_rows(3, 30, replace=True)
    assert again.shape == (30,)
    assert again.unique().tolist() == [0, 1, 2]
    assert draw_rows(0, 5).tolist() == []


def test_rows_come_by_weight():
    weight = torch.tensor([1.0, 0.0, 3.0, 4.0])
    found = draw_rows(4, 40_000, sums=sums_of(weight), replace=True).bincount(minlength=4).double()
    expected = 40_000 * weight.double() / 8
    assert found[1] == 0
    assert (
        float(((found - expected)[[0, 2, 3]] ** 2 / expected[[0, 2, 3]]).sum()) < 18
    )  # 1 in 10,000, 2 degrees of freedom
    assert sorted(draw_rows(4, 9, sums=sums_of(weight)).tolist()) == [0, 2, 3]


def test_streams_and_batches_draw_anew():
    found = [
        draw_rows(1000, 5, draws=draws).tolist() for draws in (Draws(), Draws(stream=1), Draws(batch=1), Draws(seed=1))
    ]
    assert len({tuple(each) for each in found}) == 4
    with pytest.raises(OptionError, match="`stream"):
        draw_rows(3, 1, draws=Draws(stream=2**16))
