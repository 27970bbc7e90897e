"""Rings with shortcuts."""

import math

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import OptionError
from weft.graph.convert import to_edge_list
from weft.graph.generators import watts_strogatz


@given(st.integers(1, 12), st.integers(0, 5), st.sampled_from([0.0, 0.4, 1.0]), st.integers(0, 999))
def test_every_node_keeps_its_edges_ahead_and_no_two_are_parallel(num_nodes, half, p, seed):
    half = min(half, (num_nodes - 1) // 2)
    graph = watts_strogatz(num_nodes, 2 * half, p, seed=seed)
    edges = to_edge_list(graph)
    assert len(edges) == len(set(edges)) == 2 * half * num_nodes
    assert all(source != target for source, target in edges)
    assert {(target, source) for source, target in edges} == set(edges)
    ahead = edges[: half * num_nodes]
    assert sorted(source for source, _ in ahead) == sorted(list(range(num_nodes)) * half)
    if p == 0:
        expected = nx.watts_strogatz_graph(num_nodes, 2 * half, 0)
        assert {frozenset(edge) for edge in ahead} == {frozenset(edge) for edge in expected.edges}


@pytest.mark.parametrize("p", [0.1, 0.7, 1.0])
def test_as_many_edges_are_moved_as_wanted_to_all_nodes_alike(p):
    num_nodes, half = 20_000, 3
    graph = watts_strogatz(num_nodes, 2 * half, p, seed=0)
    source, target = (ends[: half * num_nodes] for ends in (graph.adjacency.source, graph.adjacency.target))
    offset = (target - source) % num_nodes
    moved = offset[offset > half]
    mean = half * num_nodes * p
    assert abs(moved.numel() - mean) <= 5 * math.sqrt(mean * (1 - p))
    assert int(moved.max()) < num_nodes - half
    parts = (moved * 8 // num_nodes).bincount(minlength=8)
    assert bool(((parts - moved.numel() / 8).abs() < 5 * math.sqrt(moved.numel() / 8)).all())


def test_a_ring_may_lack_nodes_or_neighbours():
    assert watts_strogatz(0, 0, 0.5, seed=0).num_nodes == 0
    assert watts_strogatz(4, 0, 0.5, seed=0).num_edges == 0


def test_a_crowded_ring_still_has_all_its_edges():
    graph = watts_strogatz(6, 4, 1.0, seed=1)
    assert len(set(to_edge_list(graph))) == 24


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((5, 3, 0.1), "watts_strogatz: expected an even `num_neighbors` below `num_nodes`, 5, got 3"),
        ((4, 4, 0.1), "below `num_nodes`, 4, got 4"),
        ((4, 2, -0.1), "`p` from 0 to 1, got -0.1"),
        ((-1, 0, 0.1), "`num_nodes` of at least 0, got -1"),
    ],
)
def test_wrong_numbers_are_told(arguments, says):
    with pytest.raises(OptionError) as caught:
        watts_strogatz(*arguments, seed=0)
    assert says in str(caught.value)
