"""Counts, against bincount."""

import pytest
import torch

import weft
from weft.ops import degree


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize(("num", "count"), [(0, 0), (5, 0), (5, 12), (300, 100000), (100000, 40000)])
def test_counts_agree_with_bincount(num, count, dtype):
    index = torch.randint(max(num, 1), (count,), generator=torch.Generator().manual_seed(num)).to(dtype)
    with weft.ops.using("native"):
        found = degree(index, num)
    assert torch.equal(found, torch.bincount(index, minlength=num))
    assert found.dtype is torch.int64
