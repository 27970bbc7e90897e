"""Pairs in both directions, on any number of threads."""

import numpy as np
import pytest
import torch

import weft
from weft.errors import IdError, StructureError
from weft.ops import coo_to_csc, mirror_pairs


def drawn_pairs(num, count, seed=0):
    """Pairs by row, in any order, some of a node with itself, some twice."""
    generator = np.random.default_rng(seed)
    row, column = np.sort(generator.integers(0, num, count)), generator.integers(0, num, count)
    return row, column, torch.from_numpy(np.searchsorted(row, np.arange(num + 1)))


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize(("num", "count"), [(1, 9), (10, 0), (10, 300), (2000, 90_000), (90_000, 40_000)])
def test_a_node_lists_the_rows_that_name_it_and_then_its_own(num, count, threads):
    row, column, indptr = drawn_pairs(num, count)
    joins = np.flatnonzero(row != column)
    at, other = np.append(column[joins], row), np.append(row[joins], column)
    pair, order = np.append(joins, np.arange(count)), np.argsort(np.append(column[joins], row), kind="stable")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    with weft.ops.using("native"):
        found = mirror_pairs(indptr, torch.from_numpy(column), len(at))
    torch.set_num_threads(before)
    expected = np.searchsorted(at[order], np.arange(num + 1)), other[order], pair[order]
    assert all(np.array_equal(mine.numpy(), theirs) for mine, theirs in zip(found, expected, strict=True))


def test_neighbours_of_sorted_pairs_ascend():
    row, column, _ = drawn_pairs(50, 400)
    low, high = np.unique(np.sort(np.stack((row, column)), 0), axis=1)
    indptr, listed, _ = coo_to_csc(torch.from_numpy(low), torch.from_numpy(high), 50)
    pointers, neighbor, _ = mirror_pairs(indptr, listed, 2 * len(low) - int((low == high).sum()))
    for first, last in zip(pointers.tolist(), pointers[1:].tolist(), strict=False):
        assert bool((neighbor[first:last].diff() > 0).all())


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_what_does_not_fit_is_refused(backend):
    indptr, column = torch.tensor([0, 2, 3]), torch.tensor([0, 1, 1], dtype=torch.int32)
    with weft.ops.using(backend):
        assert mirror_pairs(indptr, column, 4)[1].tolist() == [0, 1, 0, 1]
        for total in (3, 5):
            with pytest.raises(StructureError, match=f"`total`.*{total}, but the pairs give 4 neighbours"):
                mirror_pairs(indptr, column, total)
        for wrong in (-1, 2, 2**31 - 1):
            with pytest.raises(IdError, match=f"`column` holds {wrong} at position 1"):
                mirror_pairs(indptr, torch.tensor([0, wrong, 1], dtype=torch.int32), 4)
