"""Neighbours within a distance, against SciPy's ball queries."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from weft.errors import OptionError
from weft.ops import radius, using


def lattice(n, dims, levels, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-levels, levels + 1, (n, dims), generator=generator).double() / 8


def rows_of(found):
    return [s.tolist() for s in found.source.split(found.indptr.diff().tolist())]


@pytest.mark.parametrize("dims", [1, 2, 3, 7, 12])
@pytest.mark.parametrize("r", [0.0, 0.125, 0.5, 3.0, 1e30, math.inf])
def test_neighbours_are_those_of_scipy(dims, r):
    x, y = lattice(300, dims, 6), lattice(40, dims, 6, seed=1)
    expected = cKDTree(x.numpy()).query_ball_point(x.numpy(), min(r, 1e30))
    assert [sorted(row) for row in rows_of(radius(x, r, loop=True))] == [sorted(row) for row in expected]
    found = radius(x, r)
    assert [sorted([*row, i]) for i, row in enumerate(rows_of(found))] == [sorted(row) for row in expected]
    expected = cKDTree(x.numpy()).query_ball_point(y.numpy(), min(r, 1e30))
    assert [sorted(row) for row in rows_of(radius(x, r, y))] == [sorted(row) for row in expected]


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=4), st.integers(1, 9), st.integers(0, 20),
    st.none() | st.integers(0, 12), st.booleans(),
)  # fmt: skip
def test_rows_are_nearest_first_and_capped(sizes, dims, eighths, most, loop):
    x, r = lattice(sum(sizes), dims, 5), eighths / 8
    indptr = torch.tensor([0, *sizes]).cumsum(0)
    found = rows_of(radius(x, r, indptr=indptr, loop=loop, max_neighbors=most))
    squares = ((x[:, None] - x) ** 2).sum(-1).tolist()
    for begin, end in zip(indptr[:-1].tolist(), indptr[1:].tolist(), strict=True):
        for i in range(begin, end):
            near = [j for j in range(begin, end) if squares[i][j] <= r * r and (loop or j != i)]
            assert found[i] == sorted(near, key=lambda j: (squares[i][j], j))[:most]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("r", [0.5, 0.875, 1.5])
@pytest.mark.parametrize("most", [None, 65, 100, 300])
def test_rows_of_hundreds_of_neighbours_are_nearest_first(dtype, r, most):
    x = lattice(700, 3, 6).to(dtype)
    squares = ((x[:, None] - x) ** 2).sum(-1)
    order = squares.argsort(dim=1, stable=True).tolist()
    within = (squares <= r * r).tolist()
    expected = [[j for j in order[i] if j != i and within[i][j]][:most] for i in range(700)]
    assert rows_of(radius(x, r, max_neighbors=most)) == expected


def test_coordinates_that_are_not_finite_are_near_nothing():
    for dims in (3, 12):
        x = lattice(30, dims, 3)
        x[4, 0], x[9, 1], x[11, 0] = math.nan, math.inf, 1e200
        found = radius(x, math.inf, loop=True)
        finite = [i for i in range(30) if i not in (4, 9, 11)]
        rows = rows_of(found)
        assert rows[4] == rows[9] == []
        assert all(sorted(rows[i]) == finite for i in finite)


def test_the_border_is_inclusive_in_float32():
    # The square of 0.1f as float32 lies above 0.1 * 0.1, and so the point is outside.
    x = torch.tensor([[0.0], [0.1], [0.25]])
    assert rows_of(radius(x, 0.25))[0] == [1, 2]
    assert rows_of(radius(x, 0.1))[0] == ([1] if float(x[1] * x[1]) <= 0.1 * 0.1 else [])


def test_the_reference_finds_the_same():
    for dims in (3, 10):
        x = lattice(100, dims, 3)
        with using("reference"):
            expected = radius(x, 0.7, max_neighbors=9)
        assert all(torch.equal(f, w) for f, w in zip(radius(x, 0.7, max_neighbors=9), expected, strict=True))


def test_the_gradient_of_distances_is_that_of_the_formula():
    x = torch.randn(60, 3, dtype=torch.float64, requires_grad=True)
    found = radius(x, 0.9)
    expected = (x[found.source] - x[found.target]).square().sum(1)
    weight = torch.randn_like(expected)
    torch.testing.assert_close(
        torch.autograd.grad(found.squared_distance, x, weight), torch.autograd.grad(expected, x, weight)
    )


def test_a_capped_infinite_radius_is_knn_without_quadratic_time():
    found = radius(torch.ones(30000, 3), math.inf, max_neighbors=3)
    assert rows_of(found)[:2] == [[1, 2, 3], [0, 2, 3]]


@pytest.mark.parametrize("r", [-1.0, math.nan])
def test_a_distance_below_zero_is_refused(r):
    with pytest.raises(OptionError, match="`r` of at least 0"):
        radius(torch.rand(3, 3), r)
    with pytest.raises(OptionError, match="max_neighbors"):
        radius(torch.rand(3, 3), 1.0, max_neighbors=-1)
