"""A stable sort, on any number of threads."""

import numpy as np
import pytest
import torch

import weft
from weft.ops import coo_to_csc


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize(("num", "count"), [(10, 0), (1, 50), (7, 100), (1000, 90000), (200000, 50000)])
def test_edges_of_a_node_keep_their_order(num, count, threads):
    generator = np.random.default_rng(num)
    key, other = generator.integers(0, num, count), generator.integers(0, 99, count)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    with weft.ops.using("native"):
        indptr, sorted_other, edge = coo_to_csc(torch.from_numpy(key), torch.from_numpy(other), num)
    torch.set_num_threads(before)
    order = np.argsort(key, kind="stable")
    assert np.array_equal(edge.numpy(), order)
    assert np.array_equal(sorted_other.numpy(), other[order])
    assert np.array_equal(indptr.numpy(), np.searchsorted(key[order], np.arange(num + 1)))


def test_int32_ids_stay_int32():
    indptr, other, edge = coo_to_csc(
        torch.tensor([1, 0], dtype=torch.int32), torch.tensor([5, 6], dtype=torch.int32), 2
    )
    assert (indptr.dtype, other.dtype, edge.dtype) == (torch.int64, torch.int32, torch.int32)
