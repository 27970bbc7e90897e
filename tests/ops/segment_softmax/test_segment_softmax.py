"""Softmax of segments, against torch.softmax of each."""

import itertools

import pytest
import torch

import weft
from weft.errors import DtypeError
from weft.ops import segment_softmax

LENGTHS = torch.tensor([3, 0, 1, 40, 9000, 2])
INDPTR = torch.cat((torch.zeros(1, dtype=torch.int64), LENGTHS.cumsum(0)))


@pytest.mark.parametrize("is_permuted", [False, True])
@pytest.mark.parametrize("features", [(), (5,), (2, 17)])
def test_each_segment_has_a_softmax_of_its_own(features, is_permuted):
    x = torch.randn(9046, *features, dtype=torch.float64, requires_grad=True)
    order = torch.randperm(9046) if is_permuted else None
    listed = torch.arange(9046) if order is None else order
    parts = [x[listed[begin:end]].softmax(0) for begin, end in itertools.pairwise(INDPTR)]
    expected = torch.zeros_like(x).index_copy(0, listed, torch.cat(parts))
    with weft.ops.using("native"):
        found = segment_softmax(INDPTR, x, order)
        torch.testing.assert_close(found, expected)
        grad = torch.randn_like(x)
        torch.testing.assert_close(torch.autograd.grad(found, x, grad)[0], torch.autograd.grad(expected, x, grad)[0])


def test_integers_have_no_softmax():
    with pytest.raises(DtypeError, match="floating point for a softmax"):
        segment_softmax(torch.tensor([0, 2]), torch.tensor([1, 2]))
