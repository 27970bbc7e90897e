"""Graphs that grow by preferential attachment."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import OptionError
from weft.graph.convert import to_edge_list
from weft.graph.generators import barabasi_albert


@given(st.integers(1, 5), st.integers(1, 30), st.integers(0, 999))
def test_each_node_joins_others_before_it(m, more, seed):
    graph = barabasi_albert(m + more, m, directed=True, seed=seed)
    edges = to_edge_list(graph)
    assert len(edges) == len(set(edges))
    assert edges[:m] == [(node, 0) for node in range(1, m + 1)]
    for node in range(m + 1, m + more):
        targets = [target for source, target in edges if source == node]
        assert 1 <= len(targets) <= m
        assert targets == sorted(targets)
        assert all(target < node for target in targets)
    both = to_edge_list(barabasi_albert(m + more, m, seed=seed))
    assert both == edges + [(target, source) for source, target in edges]


def test_neighbours_are_drawn_by_degree():
    """The third node of a tree joins node 0 or 1 by their degrees, the fourth likewise: all histories are counted."""
    draws, seen = 3000, {}
    for seed in range(draws):
        history = tuple(barabasi_albert(4, 1, directed=True, seed=seed).adjacency.target[1:].tolist())
        seen[history] = seen.get(history, 0) + 1
    for first in range(2):
        degrees = [1, 1, 1]
        degrees[first] += 1
        for last in range(3):
            p = 0.5 * degrees[last] / 4
            assert abs(seen[first, last] - draws * p) < 5 * math.sqrt(draws * p * (1 - p))


def test_degrees_follow_the_power_law():
    """Of the nodes 2 m (m + 1) / (k (k + 1) (k + 2)) have degree k."""
    num_nodes, m = 100_000, 3
    graph = barabasi_albert(num_nodes, m, seed=0)
    assert graph.num_edges > 2 * (m * (num_nodes - m)) * 0.999
    shares = graph.adjacency.in_degrees().bincount() / num_nodes
    for degree in (3, 4, 5, 8, 12):
        expected = 2 * m * (m + 1) / (degree * (degree + 1) * (degree + 2))
        assert abs(shares[degree].item() - expected) < 0.1 * expected
    assert int(graph.adjacency.in_degrees().max()) > math.sqrt(num_nodes)


def test_the_smallest_graph_is_a_star():
    assert to_edge_list(barabasi_albert(3, 2, directed=True, seed=0)) == [(1, 0), (2, 0)]
    assert torch.equal(barabasi_albert(2, 1, seed=0).adjacency.source, torch.tensor([1, 0]))


@pytest.mark.parametrize(
    ("num_nodes", "m", "says"),
    [
        (3, 3, "barabasi_albert: expected `num_nodes` above `edges_per_node`, 3, got 3"),
        (3, 0, "`edges_per_node` of at least 1"),
    ],
)
def test_wrong_numbers_are_told(num_nodes, m, says):
    with pytest.raises(OptionError) as caught:
        barabasi_albert(num_nodes, m, seed=0)
    assert says in str(caught.value)
