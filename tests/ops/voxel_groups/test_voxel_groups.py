"""Cells of a grid, against a dictionary."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import OptionError, ShapeError
from weft.ops import coo_to_csc, segment_reduce, voxel_groups


def by_dictionary(x, size, sizes, start=None, end=None):
    """Group of each point and number of groups before each cloud."""
    groups, pointers, total = [], [0], 0
    for cloud in x.split(sizes):
        seen = {}
        if len(cloud):
            corner = cloud.amin(0) if start is None else start
            kept = cloud if end is None else cloud.clamp(min=corner, max=end)
            for cell in ((kept - corner) / size).floor().long().tolist():
                groups.append(total + seen.setdefault(tuple(cell), len(seen)))
        total += len(seen)
        pointers.append(total)
    return groups, pointers


@given(
    st.lists(st.integers(0, 80), min_size=1, max_size=4), st.integers(1, 6), st.sampled_from([0.3, 1.0, 7.0]),
    st.none() | st.sampled_from([-1.0, 0.25]), st.none() | st.sampled_from([0.5, 2.0]), st.integers(0, 9),
)  # fmt: skip
def test_groups_are_numbered_by_their_first_points(sizes, dims, size, start, end, seed):
    x = torch.randn(sum(sizes), dims, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    sides = torch.full((dims,), size, dtype=torch.float64) * torch.arange(1, dims + 1)
    limits = [None if t is None else torch.full((dims,), t, dtype=torch.float64) for t in (start, end)]
    indptr = torch.tensor([0, *sizes]).cumsum(0)
    group, pointers = voxel_groups(x, sides, indptr, start=limits[0], end=limits[1])
    assert (group.tolist(), pointers.tolist()) == by_dictionary(x, sides, sizes, *limits)


@pytest.mark.parametrize("size", [0.001, 0.05, 10.0])
def test_large_clouds_are_cut_without_a_trace(size):
    x, before = torch.rand(100000, 2, generator=torch.Generator().manual_seed(0)), torch.get_num_threads()
    expected = by_dictionary(x.double(), size, [70000, 30000])
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        group, pointers = voxel_groups(x, size, torch.tensor([0, 70000, 100000]))
        torch.set_num_threads(before)
        assert (group.tolist(), pointers.tolist()) == expected


def test_extent_costs_nothing():
    x = torch.tensor([[0.0, 0.0], [1e300, -1e300], [0.0, 0.0], [-1e300, 5.0], [1e300, -1e300]], dtype=torch.float64)
    group, pointers = voxel_groups(x, 1e-6)
    assert (group.tolist(), pointers.tolist()) == ([0, 1, 0, 2, 1], [0, 3])


def test_coordinates_that_are_not_finite_have_cells_of_their_own():
    x = torch.tensor([[0.0], [math.nan], [math.inf], [0.5], [-math.nan], [-math.inf], [math.inf], [-0.0]])
    group, pointers = voxel_groups(x, 1.0)
    assert (group.tolist(), pointers.tolist()) == ([0, 1, 2, 0, 1, 3, 2, 0], [0, 4])


def test_groups_pool_with_segment_reduce():
    x = torch.tensor([[0.0], [5.0], [0.4], [5.5]])
    group, pointers = voxel_groups(x, 1.0)
    indptr, _, order = coo_to_csc(group, group, int(pointers[-1]))
    assert torch.equal(segment_reduce(indptr, x, order, "mean"), torch.tensor([[0.2], [5.25]]))


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(OptionError, match="`size` above 0"):
        voxel_groups(torch.rand(3, 2), 0.0)
    with pytest.raises(ShapeError, match="`size` of shape"):
        voxel_groups(torch.rand(3, 2), torch.ones(3))
    with pytest.raises(ShapeError, match="`start` of shape"):
        voxel_groups(torch.rand(3, 2), 1.0, start=torch.ones(1))
