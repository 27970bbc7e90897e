"""Distances in edges, against NetworkX."""

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.dgl.graphs_of_dgl import messy, pairs, random_graphs, typed
from weft.dgl import DGLError, graph
from weft.dgl.transforms import double_radius_node_labeling, shortest_dist


def as_networkx(g, kind=nx.DiGraph):
    made = kind()
    made.add_nodes_from(range(g.num_nodes()))
    made.add_edges_from(pairs(g))
    return made


@given(random_graphs())
def test_distances_and_paths_between_all_nodes(g):
    want = dict(nx.all_pairs_shortest_path_length(as_networkx(g)))
    distance, paths = shortest_dist(g, return_paths=True)
    count = g.num_nodes()
    assert distance.tolist() == [[want[u].get(v, -1) for v in range(count)] for u in range(count)]
    assert torch.equal(distance, shortest_dist(g))
    assert paths.shape == (count, count, max(int(distance.max()), 0))
    for u in range(count):
        for v in range(count):
            walked = [e for e in paths[u, v].tolist() if e >= 0]
            assert len(walked) == max(int(distance[u, v]), 0)
            here = u
            for edge in walked:
                assert pairs(g)[edge][0] == here
                here = pairs(g)[edge][1]
            assert here == v or distance[u, v] < 0
    assert torch.equal(shortest_dist(g, root=0), distance[0])


def test_paths_of_a_root_are_as_long_as_its_longest():
    distance, paths = shortest_dist(messy(), root=0, return_paths=True)
    assert distance.tolist() == [0, 1, 2, 1, -1, -1]
    assert paths.tolist() == [[-1, -1], [1, -1], [1, 2], [6, -1], [-1, -1], [-1, -1]]
    assert shortest_dist(graph(([], []), num_nodes=3), root=1, return_paths=True)[1].shape == (3, 0)


@given(random_graphs(), st.data())
def test_labels_come_of_both_distances(g, data):
    if g.num_nodes() < 2:
        return
    source, target = data.draw(st.permutations(range(g.num_nodes())))[:2]
    near, far = (
        nx.single_source_shortest_path_length(
            as_networkx(g, nx.Graph).subgraph(set(range(g.num_nodes())) - {other}), start
        )
        for start, other in ((source, target), (target, source))
    )
    want = []
    for node in range(g.num_nodes()):
        if node in (source, target):
            want.append(1)
        elif node in near and node in far:
            half, odd = divmod(near[node] + far[node], 2)
            want.append(1 + min(near[node], far[node]) + half * (half + odd - 1))
        else:
            want.append(0)
    assert double_radius_node_labeling(g, source, target).tolist() == want


@pytest.mark.parametrize(
    "call",
    [
        lambda: shortest_dist(typed()),
        lambda: shortest_dist(messy(), root=6),
        lambda: double_radius_node_labeling(typed(), 0, 1),
        lambda: double_radius_node_labeling(messy(), 0, 0),
        lambda: double_radius_node_labeling(messy(), 0, 6),
    ],
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(DGLError):
        call()
