"""Nearest neighbours, against k-d trees of SciPy and against the definition."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from weft.errors import OptionError, StructureError
from weft.ops import knn, radius, using
from weft.ops.knn.knn import nearest_points
from weft.testing.operators import native


def lattice(n, dims, levels, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-levels, levels + 1, (n, dims), generator=generator).to(dtype) / 8


def clusters(n, dims, seed=0):
    """Dense clumps many orders of magnitude apart, and one point far from all."""
    generator = np.random.default_rng(seed)
    scale = 10.0 ** generator.integers(-6, 3, (n, 1))
    x = generator.normal(size=(n, dims)) * scale
    x[0] = 1e9
    return torch.from_numpy(x)


def by_definition(x, k, y=None, loop=False):
    """Rows of the k nearest by (distance, row); distances that are not finite come last."""
    queries = x if y is None else y
    squares = ((queries[:, None] - x) ** 2).sum(-1)
    ranked = squares.where(squares.isfinite(), math.inf).tolist()
    rows = []
    for i, row in enumerate(ranked):
        order = sorted(range(len(row)), key=lambda j: (row[j], j))
        rows.append([j for j in order if loop or y is not None or j != i][:k])
    return rows


def rows_of(found):
    return [s.tolist() for s in found.source.split(found.indptr.diff().tolist())]


@pytest.mark.parametrize("make", [lambda n, d: torch.randn(n, d, dtype=torch.float64), clusters])
@pytest.mark.parametrize("dims", [1, 2, 3, 6, 8, 9, 21])
def test_neighbours_are_those_of_scipy(dims, make):
    torch.manual_seed(dims)
    x, y = make(1500, dims), make(90, dims)
    distance, expected = cKDTree(x.numpy()).query(x.numpy(), k=8)
    found = knn(x, 8, loop=True)
    assert torch.equal(found.source, torch.from_numpy(expected).flatten())
    np.testing.assert_allclose(found.squared_distance.numpy(), distance.ravel() ** 2, rtol=1e-12, atol=1e-300)
    _, expected = cKDTree(x.numpy()).query(y.numpy(), k=5)
    assert torch.equal(knn(x, 5, y).source, torch.from_numpy(expected).flatten())


@pytest.mark.parametrize("dims", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("k", [1, 9, 70, 1000])
def test_ties_go_to_the_lowest_row(dims, k):
    x, y = lattice(300, dims, 3, seed=dims), lattice(20, dims, 3, seed=9)
    for loop in (False, True):
        assert rows_of(knn(x, k, loop=loop)) == by_definition(x, k, loop=loop)
    assert rows_of(knn(x, k, y)) == by_definition(x, k, y)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)), min_size=1, max_size=5),
    st.integers(1, 10), st.integers(0, 50), st.sampled_from([1, 30]), st.booleans(), st.integers(0, 9),
)  # fmt: skip
def test_clouds_of_any_sizes_do_not_see_each_other(sizes, dims, k, levels, loop, seed):
    points, queries = zip(*sizes, strict=True)
    x, y = lattice(sum(points), dims, levels, seed), lattice(sum(queries), dims, levels, seed + 1)
    indptr, y_indptr = (torch.tensor([0, *counts]).cumsum(0) for counts in (points, queries))
    alone, asked = [], []
    for c, cloud in enumerate(x.split(points)):
        begin = int(indptr[c])
        alone += [[j + begin for j in row] for row in by_definition(cloud, k, loop=loop)]
        asked += [[j + begin for j in row] for row in by_definition(cloud, k, y.split(queries)[c])]
    assert rows_of(knn(x, k, indptr=indptr, loop=loop)) == alone
    assert rows_of(knn(x, k, y, indptr=indptr, y_indptr=y_indptr)) == asked


@pytest.mark.parametrize("dims", [2, 3, 11])
def test_coordinates_that_are_not_finite_come_last(dims):
    x = lattice(60, dims, 4)
    x[3, 0], x[7, 1], x[20], x[21, 0], x[22, 0] = math.nan, math.inf, -math.inf, 1e200, -1e200
    assert rows_of(knn(x, 58)) == by_definition(x, 58)
    found = knn(x, 59)
    finite = (x[found.source] - x[found.target]).square().sum(1)
    torch.testing.assert_close(found.squared_distance, finite, equal_nan=True)
    nothing = torch.full((50, dims), math.nan)
    assert rows_of(knn(nothing, 2))[5] == [0, 1]


@pytest.mark.parametrize("dims", [3, 12])
def test_many_equal_points_take_no_quadratic_time(dims):
    x = torch.ones(40000 if dims == 3 else 3000, dims)
    found = knn(x, 4)
    assert rows_of(found)[:3] == [[1, 2, 3, 4], [0, 2, 3, 4], [0, 1, 3, 4]]
    assert torch.equal(found.source[-4:], torch.arange(4))


def test_float32_distances_are_sums_of_squared_differences_in_order():
    x = torch.rand(2000, 3) + 1000
    found = knn(x, 6)
    d = x[found.source] - x[found.target]
    torch.testing.assert_close(found.squared_distance, (d[:, 0] ** 2 + d[:, 1] ** 2) + d[:, 2] ** 2, rtol=3e-7, atol=0)


@pytest.mark.parametrize("dims", [3, 10])
def test_the_gradient_of_distances_is_that_of_the_formula(dims):
    x = torch.randn(50, dims, dtype=torch.float64, requires_grad=True)
    y = torch.randn(20, dims, dtype=torch.float64, requires_grad=True)
    for queries, leaves in ((None, (x,)), (y, (x, y))):
        found = knn(x, 5, queries)
        at = x if queries is None else queries
        expected = (x[found.source] - at[found.target]).square().sum(1)
        weight = torch.randn_like(expected)
        torch.testing.assert_close(
            torch.autograd.grad(found.squared_distance, leaves, weight), torch.autograd.grad(expected, leaves, weight)
        )


@pytest.mark.parametrize("dims", [3, 12])
def test_the_reference_finds_the_same(dims):
    x, y = lattice(120, dims, 3), lattice(9, dims, 3, seed=1)
    with using("reference"):
        expected = knn(x, 7, y), knn(x, 7)
    for found, wanted in zip((knn(x, 7, y), knn(x, 7)), expected, strict=True):
        assert all(torch.equal(f, w) for f, w in zip(found, wanted, strict=True))


def test_threads_do_not_change_a_bit_of_a_large_cloud():
    x, before, results = torch.rand(30000, 3), torch.get_num_threads(), []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        results.append(knn(x, 8))
    torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_edges_are_a_structure():
    found = knn(torch.rand(30, 3), 4)
    assert found.rows.num_edges == 120
    assert torch.equal(found.target, torch.arange(30).repeat_interleave(4))


def test_rows_that_ask_for_too_much_are_a_structure_error():
    x, ptr = torch.rand(5, 3), torch.tensor([0, 5])
    rows = torch.tensor([0, 4, 8, 12, 16, 21])
    with pytest.raises(StructureError, match="asks for 5 neighbours of query 4, but its cloud has 4"):
        native(nearest_points, (x, None, ptr, ptr, rows, 21, math.inf, False))
    with pytest.raises(StructureError, match="fewer lie within the limit"):
        native(nearest_points, (x, None, ptr, ptr, torch.tensor([0, 4, 4, 4, 4, 4]), 4, 0.0, False))


def test_options_that_exclude_each_other_are_refused():
    x, ptr = torch.rand(5, 3), torch.tensor([0, 5])
    for call in (
        lambda: knn(x, -1), lambda: knn(x, 1, x, loop=True), lambda: knn(x, 1, y_indptr=ptr), lambda: knn(x, 1, x, indptr=ptr),
    ):  # fmt: skip
        with pytest.raises(OptionError, match="expected"):
            call()


@pytest.mark.parametrize("dims", [1, 3, 20])
def test_queries_without_any_point_find_nothing(dims):
    points, queries = torch.empty(0, dims), torch.randn(5, dims)
    for found in (knn(points, 3, queries), radius(points, 1.0, queries)):
        assert found.indptr.tolist() == [0] * 6
        assert found.source.numel() == 0
