"""Balanced trees and random ones."""

import math

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import OptionError
from weft.graph.convert import to_edge_list
from weft.graph.generators import balanced_tree, random_tree


@given(st.integers(1, 4), st.integers(0, 4))
def test_balanced_trees_are_those_of_networkx(branching, height):
    expected = nx.balanced_tree(branching, height, create_using=nx.DiGraph)
    assert to_edge_list(balanced_tree(branching, height, directed=True)) == sorted(
        expected.edges, key=lambda edge: edge[1]
    )
    graph = balanced_tree(branching, height)
    assert graph.num_nodes == expected.number_of_nodes()
    assert set(to_edge_list(graph)) == set(expected.to_undirected().to_directed().edges)


@given(st.integers(0, 40), st.integers(0, 9999))
def test_random_trees_are_trees(num_nodes, seed):
    graph = random_tree(num_nodes, seed=seed)
    tree = nx.Graph()
    tree.add_nodes_from(range(num_nodes))
    tree.add_edges_from(to_edge_list(graph))
    assert graph.num_edges == 2 * max(num_nodes - 1, 0)
    assert num_nodes == 0 or nx.is_tree(tree)


def test_every_tree_is_as_likely_as_any_other():
    """There are 4^2 trees on four nodes; each count stays within five deviations of its mean."""
    draws, seen = 3200, {}
    for seed in range(draws):
        tree = frozenset(edge for edge in to_edge_list(random_tree(4, seed=seed)) if edge[0] < edge[1])
        seen[tree] = seen.get(tree, 0) + 1
    assert len(seen) == 16
    mean = draws / 16
    assert all(abs(count - mean) < 5 * math.sqrt(mean) for count in seen.values())


def test_wrong_numbers_are_told():
    with pytest.raises(OptionError, match="balanced_tree: expected `branching` of at least 1, got 0"):
        balanced_tree(0, 2)
    with pytest.raises(OptionError, match="balanced_tree: expected `height` of at least 0, got -1"):
        balanced_tree(2, -1)
    with pytest.raises(OptionError, match="random_tree: expected `num_nodes` of at least 0, got -1"):
        random_tree(-1, seed=0)
