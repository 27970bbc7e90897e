"""Values go to the rows they name, and wrong rows are refused."""

import pytest
import torch

import weft
from weft.errors import DtypeError, IdError, ShapeError
from weft.ops import REGISTRY

place_values = REGISTRY["place_values"]


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("row", [-2, 7, 2**31 - 1])
def test_a_row_that_is_not_there_is_refused(backend, row):
    index = torch.tensor([[0, 1], [2, row]])
    with weft.ops.using(backend), pytest.raises(IdError, match="`index` holds"):
        place_values(index, torch.ones(2, 2), 7)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="`index`"):
        place_values(torch.zeros(2, dtype=torch.int64), torch.ones(2, 2), 7)
    with pytest.raises(ShapeError, match="`index`"):
        place_values(torch.zeros(3, 2, dtype=torch.int64), torch.ones(2, 2), 7)
    with pytest.raises(DtypeError, match="int32 or int64"):
        place_values(torch.zeros(2, 2, dtype=torch.int16), torch.ones(2, 2), 7)


def test_large_results_are_zero_where_nothing_is_put():
    index = torch.full((1000, 64), -1, dtype=torch.int32)
    index[::7, ::3] = torch.arange(1000, dtype=torch.int32)[::7, None] * 5
    values = torch.randn(1000, 64)
    with weft.ops.using("native"):
        out = place_values(index, values, 5000)
    assert torch.equal(out[::5][::7, ::3], values[::7, ::3])
    assert int((out != 0).sum()) == values[::7, ::3].numel()
