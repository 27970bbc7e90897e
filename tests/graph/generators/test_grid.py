"""Grids of any number of dimensions."""

from itertools import product

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import OptionError, ShapeError
from weft.graph.convert import to_edge_list
from weft.graph.generators import grid


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=4))
def test_neighbours_differ_by_one_along_one_dimension(dims):
    shape, periodic = [size for size, _ in dims], [wraps for _, wraps in dims]
    graph = grid(shape, periodic=periodic)
    ids = {place: at for at, place in enumerate(product(*map(range, shape)))}
    expected = set()
    for place, at in ids.items():
        for dim, size in enumerate(shape):
            step = place[dim] + 1
            if periodic[dim] and size > 2:
                step %= size
            if step < size:
                expected.add(frozenset((at, ids[(*place[:dim], step, *place[dim + 1 :])])))
    edges = to_edge_list(graph)
    assert graph.num_nodes == len(ids)
    assert len(edges) == len(set(edges)) == 2 * len(expected)
    assert {frozenset(edge) for edge in edges} == expected
    half = len(edges) // 2
    assert edges[half:] == [(target, source) for source, target in edges[:half]]


@pytest.mark.parametrize("periodic", [False, True])
def test_grids_are_those_of_networkx(periodic):
    expected = nx.convert_node_labels_to_integers(nx.grid_graph([5, 4, 3], periodic=periodic), ordering="sorted")
    found = {frozenset(edge) for edge in to_edge_list(grid([3, 4, 5], periodic=periodic))}
    assert found == {frozenset(edge) for edge in expected.edges}


def test_wrong_sizes_are_told():
    with pytest.raises(OptionError, match="grid: expected `shape` of at least 0, got -1"):
        grid([2, -1])
    with pytest.raises(ShapeError, match="grid: expected `periodic` for each of 2 dimensions, got 1 values"):
        grid([2, 2], periodic=[True])
