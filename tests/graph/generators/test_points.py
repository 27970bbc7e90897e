"""Graphs of points that lie near each other."""

import pytest
import torch

from tests.graph.strategies import assert_same
from weft.errors import OptionError
from weft.graph import batch, unbatch
from weft.graph.generators import knn_graph, radius_graph


@pytest.mark.parametrize(
    "make", [lambda x, **clouds: knn_graph(x, 2, **clouds), lambda x, **clouds: radius_graph(x, 0.9, **clouds)]
)
def test_clouds_are_graphs_of_a_batch(make):
    x = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
    together = make(x, indptr=torch.tensor([0, 4, 4, 9]))
    parts = [make(cloud) for cloud in (x[:4], x[4:4], x[4:])]
    assert_same(together, batch(parts))
    assert together.edges.offsets.tolist() == batch(parts).edges.offsets.tolist()
    for found, part in zip(unbatch(together), parts, strict=True):
        assert_same(found, part)


def test_edges_run_from_the_nearest_points_and_carry_gradients():
    x = torch.tensor([[0.0], [1.0], [3.0], [7.0]], requires_grad=True)
    graph = knn_graph(x, 1)
    assert graph.adjacency.source.tolist() == [1, 0, 1, 2]
    assert graph.adjacency.target.tolist() == [0, 1, 2, 3]
    assert graph.nodes["position"] is x
    assert graph.edges["squared_distance"].tolist() == [1, 1, 4, 16]
    graph.edges["squared_distance"].sum().backward()
    assert x.grad.tolist() == [[-4], [0], [-4], [8]]
    assert knn_graph(x, 1, loop=True).adjacency.source.tolist() == [0, 1, 2, 3]


def test_radius_may_be_limited_to_the_nearest():
    x = torch.tensor([[0.0], [1.0], [1.5]])
    assert radius_graph(x, 2.0, max_neighbors=1).adjacency.source.tolist() == [1, 2, 1]
    assert radius_graph(x, 0.0, loop=True).adjacency.source.tolist() == [0, 1, 2]
    with pytest.raises(OptionError, match="radius: expected `r` of at least 0"):
        radius_graph(x, -1.0)
