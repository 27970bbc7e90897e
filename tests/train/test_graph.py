"""The graph of a training: both ways, self loops, weights."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from weft.train import TrainOptions
from weft.train._graph import build_graph, is_symmetric


def built(pairs, *, num_nodes=4, weight=None, **options):
    source, target = np.array(pairs, dtype=np.int64).reshape(-1, 2).T.copy()
    weight = None if weight is None else np.array(weight, dtype=np.float32)
    table = SimpleNamespace(source=source, target=target, weight=weight)
    graph = build_graph(table, num_nodes, options=TrainOptions(**options))
    ends = zip(graph.adjacency.source.tolist(), graph.adjacency.target.tolist(), strict=True)
    return graph, list(ends)


def test_undirected_adds_the_other_way_and_keeps_a_self_loop_single():
    graph, ends = built([(0, 1), (2, 2), (1, 3)], layer="sage")
    assert ends == [(0, 1), (2, 2), (1, 3), (1, 0), (3, 1)]
    assert (graph.mirrored, graph.num_self_loops, graph.edge_weight) == (True, 0, None)


def test_table_that_lists_both_ways_is_left_alone():
    graph, ends = built([(0, 1), (1, 0), (0, 1), (1, 0)], layer="sage")
    assert (graph.mirrored, len(ends)) == (False, 4)


def test_directed_adds_nothing():
    graph, ends = built([(0, 1), (1, 3)], layer="sage", directed=True)
    assert (graph.mirrored, ends) == (False, [(0, 1), (1, 3)])


@pytest.mark.parametrize("layer", ["gcn", "gat"])
def test_self_loops_where_there_are_none(layer):
    graph, ends = built([(0, 1), (2, 2)], layer=layer, directed=True)
    assert ends == [(0, 1), (2, 2), (0, 0), (1, 1), (3, 3)]
    assert graph.num_self_loops == 3


def test_unit_of_the_weights_does_not_matter():
    pairs, weight = [(0, 1), (1, 2), (2, 0)], np.array([1, 2, 6.0])
    for layer in ("gcn", "sage", "gat"):
        one, _ = built(pairs, weight=weight, layer=layer)
        two, _ = built(pairs, weight=1000 * weight, layer=layer)
        torch.testing.assert_close(one.edge_weight, two.edge_weight)


def test_weights_of_gcn_are_divided_by_the_degrees_at_both_ends():
    graph, ends = built([(0, 1), (1, 2)], num_nodes=3, weight=[1, 3], layer="gcn")
    dense = np.zeros((3, 3))
    for (source, target), value in zip([(0, 1), (1, 0), (1, 2), (2, 1)], [0.5, 0.5, 1.5, 1.5], strict=True):
        dense[target, source] += value
    dense += np.eye(3)
    degree = dense.sum(axis=1)
    expected = dense / np.sqrt(degree[:, None] * degree[None, :])
    got = np.zeros((3, 3))
    for (source, target), value in zip(ends, graph.edge_weight.tolist(), strict=True):
        got[target, source] += value
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_weights_of_zero_stay_zero():
    graph, _ = built([(0, 1), (1, 2)], weight=[0, 0], layer="gcn", directed=True)
    assert graph.edge_weight[:2].tolist() == [0, 0]
    assert torch.isfinite(graph.edge_weight).all()


def test_symmetry_counts_parallel_edges():
    source, target = torch.tensor([0, 0, 1]), torch.tensor([1, 1, 0])
    assert not is_symmetric(source, target, num_nodes=2)
