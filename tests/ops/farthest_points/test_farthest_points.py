"""Farthest point sampling, against the definition."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import IdError, OptionError, ShapeError
from weft.ops import farthest_points, using
from weft.ops.farthest_points.farthest_points import choose_farthest


def by_definition(x, count, start=0):
    """Choose greedily; of equal distances the lowest row, no row twice."""
    points, chosen = x.numpy(), [start]
    nearest = np.full(len(points), np.inf)
    while len(chosen) < count:
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(1))
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    return chosen[:count]


@pytest.mark.parametrize("dims", [1, 2, 3, 6, 12])
@pytest.mark.parametrize("levels", [2, 500])
def test_choices_are_greedy_and_ties_go_to_the_lowest_row(dims, levels):
    x = torch.randint(-levels, levels + 1, (400, dims)).double()
    _, rows = farthest_points(x, 250, start=torch.tensor([123]))
    assert rows.tolist() == by_definition(x, 250, 123)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60)), min_size=1, max_size=5), st.integers(1, 10))
def test_clouds_of_any_sizes_do_not_see_each_other(clouds, dims):
    sizes, counts = zip(*clouds, strict=True)
    x = torch.randint(-3, 4, (sum(sizes), dims), generator=torch.Generator().manual_seed(dims)).double()
    indptr = torch.tensor([0, *sizes]).cumsum(0)
    pointers, rows = farthest_points(x, torch.tensor(counts), indptr=indptr)
    assert pointers.diff().tolist() == [min(pair) for pair in clouds]
    expected = []
    for c, cloud in enumerate(x.split(sizes)):
        if sizes[c]:
            expected += [row + int(indptr[c]) for row in by_definition(cloud, min(clouds[c]))]
    assert rows.tolist() == expected


@pytest.mark.parametrize("dims", [3, 12])
def test_points_that_are_not_finite_come_last(dims):
    x = torch.randint(-9, 10, (60, dims)).double()
    x[4, 0], x[9], x[10, 1] = math.nan, math.inf, -math.inf
    finite = [i for i in range(60) if i not in (4, 9, 10)]
    _, rows = farthest_points(x, 60)
    assert rows.tolist() == [finite[i] for i in by_definition(x[finite], 57)] + [4, 9, 10]
    _, rows = farthest_points(x, 60, start=torch.tensor([9]))
    assert rows[:2].tolist() == [9, 0]
    assert sorted(rows.tolist()) == list(range(60))


def test_equal_points_are_chosen_once_each():
    for dims in (3, 12):
        assert farthest_points(torch.ones(20000, dims), 50)[1].tolist() == list(range(50))


def test_a_large_cloud_gives_the_same_on_any_number_of_threads():
    before = torch.get_num_threads()
    for n, dims in ((80000, 3), (5000, 16)):
        x, results = torch.rand(n, dims), []
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            results.append(farthest_points(x, 200)[1])
        torch.set_num_threads(before)
        assert torch.equal(results[0], results[1])
        assert torch.equal(results[0], results[2])
        nearest = torch.cdist(x.double(), x[results[0][:100]].double()).amin(1)
        assert nearest[results[0][100]] >= nearest.max() - 1e-6


def test_a_ratio_rounds_up():
    pointers, _ = farthest_points(torch.rand(11, 3), ratio=0.5, indptr=torch.tensor([0, 5, 5, 11]))
    assert pointers.tolist() == [0, 3, 3, 6]


@pytest.mark.parametrize("start", [-1, 5, 2**40])
def test_a_start_outside_its_cloud_is_an_id_error(start):
    x, start = torch.rand(9, 3), torch.tensor([0, start])
    for backend in ("native", "reference"):
        with using(backend), pytest.raises(IdError, match=r"`start` holds .* at position 1, but there are 5 points"):
            choose_farthest(x, torch.tensor([0, 4, 9]), torch.tensor([0, 1, 2]), start, 2)


def test_options_that_do_not_fit_are_refused():
    x = torch.rand(5, 3)
    for call in (
        lambda: farthest_points(x),
        lambda: farthest_points(x, 1, ratio=0.5),
        lambda: farthest_points(x, ratio=1.5),
        lambda: farthest_points(x, -1),
    ):
        with pytest.raises(OptionError, match="expected"):
            call()
    with pytest.raises(ShapeError, match="`count`"):
        farthest_points(x, torch.tensor([1, 2]))
