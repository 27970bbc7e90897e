"""Pairs that edges join, and pairs that no edge joins."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import graphs, typed_graphs
from weft.errors import OptionError
from weft.graph import Graph, batch
from weft.graph.transforms import number_pairs
from weft.graph.transforms._columns import places_of
from weft.graph.transforms._pairs import sample_non_edges


def draw(graph, count, edge_type=("node", "edge", "node"), seed=0, is_directed=True):
    first, _, last = edge_type
    adjacency = graph.edge_sets[edge_type].adjacency
    return sample_non_edges(
        (adjacency.source, adjacency.target), count, (places_of(graph.node_sets[first]), places_of(graph.node_sets[last])),
        is_within=first == last, is_directed=is_directed, generator=torch.Generator().manual_seed(seed),
    ).tolist()  # fmt: skip


def edges_of(adjacency):
    return set(zip(adjacency.source.tolist(), adjacency.target.tolist(), strict=True))


@given(graph=graphs(), is_directed=st.booleans(), seed=st.integers(0, 3))
def test_all_pairs_without_an_edge_can_be_drawn(graph, is_directed, seed):
    edges = edges_of(graph.adjacency)
    free = {(i, j) for i in range(graph.num_nodes) for j in range(graph.num_nodes) if i != j} - edges
    if not is_directed:
        free = {frozenset(pair) for pair in free if pair[::-1] not in edges}
    for count in (0, len(free) // 3, len(free)):
        found = [
            tuple(pair) if is_directed else frozenset(pair)
            for pair in draw(graph, count, seed=seed, is_directed=is_directed)
        ]
        assert len(found) == len(set(found)) == count
        assert set(found) <= free
    with pytest.raises(
        OptionError, match=f"split_links: expected {len(free) + 1} pairs that no edge joins, got {len(free)} such pairs"
    ):
        draw(graph, len(free) + 1, is_directed=is_directed)


@given(graph=typed_graphs(), seed=st.integers(0, 3))
def test_all_pairs_of_two_types_can_be_drawn(graph, seed):
    free = {(i, j) for i in range(graph["user"].count) for j in range(graph["item"].count)} - edges_of(
        graph["rates"].adjacency
    )
    found = draw(graph, len(free), ("user", "rates", "item"), seed)
    assert {tuple(pair) for pair in found} == free


def test_pairs_lie_within_one_graph_of_a_batch():
    parts = [Graph([0, 1], [1, 2], 4), Graph([], [], 0), Graph([0], [0], 3), Graph([], [], 1)]
    for is_directed, count in ((True, 10 + 6), (False, 4 + 3)):
        found = draw(batch(parts), count, is_directed=is_directed)
        assert all((i < 4) == (j < 4) and i < 7 and j < 7 for i, j in found)


def test_pairs_and_their_order_are_drawn_evenly():
    graph = Graph([0], [1], 4)
    seen = {}
    for seed in range(500):
        for pair in draw(graph, 2, seed=seed, is_directed=False):
            seen[tuple(pair)] = seen.get(tuple(pair), 0) + 1
    assert len(seen) == 10
    assert all(60 < times < 140 for times in seen.values())


def test_many_pairs_of_a_large_graph_differ():
    generator = torch.Generator().manual_seed(0)
    graph = Graph(*torch.randint(3000, (2, 20000), generator=generator), 3000)
    found = {tuple(pair) for pair in draw(graph, 20000)}
    assert len(found) == 20000
    assert not found & edges_of(graph.adjacency)


def test_pairs_are_numbered_whatever_the_direction():
    graph = Graph([0, 1, 2, 0, 1], [1, 0, 2, 2, 0])
    assert number_pairs(graph, "p").edges["p"].tolist() == [0, 0, 2, 1, 0]
