"""Rows of every dtype and size, and a gradient that adds repeats."""

import pytest
import torch

import weft
from weft.ops import gather_rows

DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int8, torch.uint8, torch.bool, torch.int64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("features", [(), (1,), (3,), (2, 33), (0,)])
def test_rows_are_copied_whole(dtype, features):
    x = (torch.randn(50, *features) * 10).to(dtype)
    index = torch.randint(50, (700,))
    with weft.ops.using("native"):
        assert torch.equal(gather_rows(x, index), x[index])
        assert torch.equal(gather_rows(x, index.int()), x[index])


def test_a_row_taken_twice_gets_both_gradients():
    x = torch.zeros(3, 2, requires_grad=True)
    gather_rows(x, torch.tensor([2, 0, 2])).backward(torch.tensor([[1.0, 2.0], [3.0, 4.0], [10.0, 20.0]]))
    assert x.grad.tolist() == [[3, 4], [0, 0], [11, 22]]
