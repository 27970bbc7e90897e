"""Graphs of points, against all distances."""

import math

import pytest
import torch
from torch.testing import assert_close

from tests.dgl.graphs_of_dgl import pairs
from weft.dgl import DGLError, DGLWarning
from weft.dgl.transforms import knn_graph, radius_graph, segmented_knn_graph


def points(count, dims=3, seed=0):
    return torch.rand(count, dims, generator=torch.Generator().manual_seed(seed))


def nearest(x, k, first=0, exclude_self=False):
    distance = torch.cdist(x.double(), x.double())
    if exclude_self:
        distance.fill_diagonal_(math.inf)
    found = distance.argsort(dim=1, stable=True)[:, :k]
    return [(first + int(source), first + at) for at, row in enumerate(found) for source in row]


@pytest.mark.parametrize("exclude_self", [False, True])
def test_edges_come_from_the_nearest_first(exclude_self):
    x = points(9)
    assert pairs(knn_graph(x, 4, exclude_self=exclude_self)) == nearest(x, 4, exclude_self=exclude_self)
    unit = x / x.norm(dim=1, keepdim=True)
    found = knn_graph(x, 4, "kd-tree", dist="cosine", exclude_self=exclude_self)
    assert pairs(found) == nearest(unit, 4, exclude_self=exclude_self)


def test_sets_of_points_are_a_batch():
    x = points(8).view(2, 4, 3)
    found = knn_graph(x, 2)
    assert pairs(found) == nearest(x[0], 2) + nearest(x[1], 2, 4)
    assert found.batch_num_nodes().tolist() == [4, 4]
    assert found.batch_num_edges().tolist() == [8, 8]
    other = segmented_knn_graph(x.view(8, 3), 2, [3, 5])
    assert pairs(other) == nearest(x.view(8, 3)[:3], 2) + nearest(x.view(8, 3)[3:], 2, 3)
    assert other.batch_num_nodes().tolist() == [3, 5]


def test_too_many_neighbours_are_warned_of():
    with pytest.warns(DGLWarning, match="more than there are points"):
        found = knn_graph(points(3), 9)
    assert found.num_edges() == 9
    with pytest.warns(DGLWarning):
        assert segmented_knn_graph(points(5), 4, torch.tensor([2, 3]), exclude_self=True).num_edges() == 5


@pytest.mark.parametrize("p", [1, 2, 3.5, 0.5, math.inf])
@pytest.mark.parametrize("self_loop", [False, True])
def test_all_within_the_distance_are_joined(p, self_loop):
    x = points(12)
    distance = torch.cdist(x, x, p)
    within = (distance <= 0.6).fill_diagonal_(self_loop)
    found, lengths = radius_graph(x, 0.6, p, self_loop, get_distances=True)
    assert pairs(found) == [tuple(pair) for pair in within.nonzero().tolist()]
    assert_close(lengths, distance[within][:, None])


def test_distances_have_gradients():
    x = points(6).requires_grad_()
    found, lengths = radius_graph(x, 0.7, get_distances=True)
    (grad,) = torch.autograd.grad(lengths.sum(), x)
    u, v = found.edges()
    assert_close(grad, torch.autograd.grad((x[u] - x[v]).norm(dim=1).sum(), x)[0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: knn_graph(points(3), 0),
        lambda: knn_graph(torch.zeros(0, 2), 1),
        lambda: knn_graph(torch.zeros(3), 1),
        lambda: knn_graph(points(3), 1, "zz"),
        lambda: knn_graph(points(3), 1, dist="zz"),
        lambda: segmented_knn_graph(points(3), 1, [2, 2]),
        lambda: segmented_knn_graph(points(3), 1, [3, 0]),
        lambda: segmented_knn_graph(points(3), 1, []),
        lambda: radius_graph(points(3), -1),
        lambda: radius_graph(points(3), 1, 0),
        lambda: radius_graph(torch.zeros(0, 2), 1),
        lambda: radius_graph(points(3), 1, compute_mode="zz"),
    ],
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(DGLError):
        call()
