"""Segments, empty ones and permuted ones, against a loop."""

import pytest
import torch

import weft
from weft.ops import segment_reduce

LOOPS = {"sum": lambda s: s.sum(0), "mean": lambda s: s.mean(0), "max": lambda s: s.amax(0), "min": lambda s: s.amin(0)}


@pytest.mark.parametrize("is_permuted", [False, True])
@pytest.mark.parametrize("reduce", LOOPS)
def test_each_segment_reduces_its_rows(reduce, is_permuted):
    lengths = torch.tensor([3, 0, 1, 5, 0])
    indptr = torch.cat((torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)))
    x = torch.randn(9, 4, dtype=torch.float64, requires_grad=True)
    order = torch.randperm(9) if is_permuted else None
    listed = x if order is None else x[order]
    loop = [LOOPS[reduce](listed[indptr[i] : indptr[i + 1]]) if lengths[i] else listed.new_zeros(4) for i in range(5)]
    expected = torch.stack(loop)
    with weft.ops.using("native"):
        found = segment_reduce(indptr, x, order, reduce)
    torch.testing.assert_close(found, expected)
    g = torch.randn_like(expected)
    torch.testing.assert_close(torch.autograd.grad(found, x, g)[0], torch.autograd.grad(expected, x, g)[0])


def test_of_equal_values_the_first_of_the_segment_takes_the_gradient():
    x = torch.ones(4, 1, requires_grad=True)
    segment_reduce(torch.tensor([0, 4]), x, torch.tensor([2, 0, 1, 3]), "max").sum().backward()
    assert x.grad.flatten().tolist() == [0, 0, 1, 0]
