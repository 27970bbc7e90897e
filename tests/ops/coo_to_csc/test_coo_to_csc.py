"""A stable sort, on any number of threads."""

import numpy as np
import pytest
import torch

import weft
from weft.errors import IdError
from weft.ops import coo_to_csc, csr_to_csc


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize(
    ("num", "count"), [(10, 0), (1, 50), (7, 100), (1000, 90000), (200000, 50000), (140001, 300000)]
)
@pytest.mark.parametrize("kind", ["uniform", "hub", "sorted"])
def test_edges_of_a_node_keep_their_order(num, count, kind, threads):
    generator = np.random.default_rng(num)
    key, other = generator.integers(0, num, count), generator.integers(0, 99, count)
    if kind == "hub":
        key[generator.random(count) < 0.9] = num // 2
    elif kind == "sorted":
        key.sort()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    with weft.ops.using("native"):
        indptr, sorted_other, edge = coo_to_csc(torch.from_numpy(key), torch.from_numpy(other), num)
    torch.set_num_threads(before)
    order = np.argsort(key, kind="stable")
    assert np.array_equal(edge.numpy(), order)
    assert np.array_equal(sorted_other.numpy(), other[order])
    assert np.array_equal(indptr.numpy(), np.searchsorted(key[order], np.arange(num + 1)))


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize(("num", "count"), [(10, 0), (1, 50), (7, 100), (1000, 90000), (140001, 300000)])
@pytest.mark.parametrize("rows", [1, 3, 5000])
def test_rows_of_pointers_are_those_of_a_list(num, count, rows, threads):
    generator = np.random.default_rng(num + rows)
    column = torch.from_numpy(generator.integers(0, num, count).astype(np.int32))
    row = torch.from_numpy(np.sort(generator.integers(0, rows, count)).astype(np.int32))
    indptr = torch.searchsorted(row, torch.arange(rows + 1, dtype=torch.int32))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    with weft.ops.using("native"):
        found, listed = csr_to_csc(indptr, column, num), coo_to_csc(column, row, num)
    torch.set_num_threads(before)
    assert all(torch.equal(x, y) for x, y in zip(found, listed, strict=True))


def test_int32_ids_stay_int32():
    indptr, other, edge = coo_to_csc(
        torch.tensor([1, 0], dtype=torch.int32), torch.tensor([5, 6], dtype=torch.int32), 2
    )
    assert (indptr.dtype, other.dtype, edge.dtype) == (torch.int64, torch.int32, torch.int32)


def test_a_wrong_id_among_many_nodes_is_named():
    key = torch.arange(300000) % 140001
    key[271828] = 140001
    with weft.ops.using("native"), pytest.raises(IdError, match="`key` holds 140001 at position 271828"):
        coo_to_csc(key, key, 140001)
    with weft.ops.using("native"), pytest.raises(IdError, match="`column` holds 140001 at position 271828"):
        csr_to_csc(torch.tensor([0, 300000]), key, 140001)


@pytest.mark.slow
def test_groups_of_more_than_65536_nodes():
    num = 17_000_000
    key = torch.randint(num, (num,), generator=torch.Generator().manual_seed(1), dtype=torch.int32)
    with weft.ops.using("native"):
        indptr, other, edge = coo_to_csc(key, torch.arange(num, dtype=torch.int32), num)
    assert torch.equal(other, edge)
    assert torch.equal(indptr.diff(), torch.bincount(key.long(), minlength=num))
    found = key[edge.long()]
    assert bool((found.diff() >= 0).all())
    assert bool((edge.diff()[found.diff() == 0] > 0).all())
