"""Graphs cut into parts."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.dgl.graphs_of_dgl import messy, pairs, random_graphs, ring, typed
from weft.dgl import DGLError, graph
from weft.dgl.partition import metis_partition, metis_partition_assignment, partition_graph_with_halo


@given(random_graphs(), st.integers(0, 2), st.booleans(), st.randoms())
def test_parts_hold_their_nodes_and_what_was_followed(g, hops, reshuffle, rng):
    part = [rng.randrange(2) for _ in range(g.num_nodes())]
    found, node_ids, _ = partition_graph_with_halo(g, torch.tensor(part), hops, reshuffle)
    assert (node_ids is None) == (not reshuffle)
    for at, made in found.items():
        column = "orig_id" if reshuffle else "_ID"
        nodes, edges = made.ndata[column].tolist(), made.edata[column].tolist()
        own = [node for node in range(g.num_nodes()) if part[node] == at]
        assert nodes[: len(own)] == own
        assert made.ndata["inner_node"].tolist() == [int(part[node] == at) for node in nodes]
        assert made.ndata["part_id"].tolist() == [part[node] for node in nodes]
        reached, want = set(own), set()
        for _ in range(hops):
            entering = {e for e, (_, v) in enumerate(pairs(g)) if v in reached}
            want |= entering
            reached |= {pairs(g)[e][0] for e in entering}
        if hops:
            want |= {e for e, (u, _) in enumerate(pairs(g)) if part[u] == at}
        else:
            want = {e for e, (u, v) in enumerate(pairs(g)) if part[u] == part[v] == at}
        assert sorted(edges) == sorted(want)
        assert [(nodes[u], nodes[v]) for u, v in pairs(made)] == [pairs(g)[e] for e in edges]
        assert made.edata["inner_edge"].tolist() == [int(part[pairs(g)[e][1]] == at) for e in edges]


def test_parts_of_a_ring():
    made = partition_graph_with_halo(ring(), torch.tensor([0, 0, 1, 1, 1]), 1)[0][0]
    assert made.ndata["_ID"].tolist() == [0, 1, 4, 2]
    assert made.edata["_ID"].tolist() == [1, 8, 11, 0, 3, 9, 10, 2]
    _, nodes, edges = partition_graph_with_halo(ring(), torch.tensor([0, 1, 1, 0, 1]), 1, reshuffle=True)
    assert nodes.tolist() == [0, 3, 1, 2, 4]
    assert edges.tolist() == [1, 8, 11, 4, 7, 0, 3, 2, 5, 10, 6, 9]


def test_metis_finds_the_parts_that_no_edge_joins():
    pytest.importorskip("pymetis")
    g = graph(([0, 2, 4, 1, 3, 5], [2, 4, 0, 3, 5, 1]))
    part = metis_partition_assignment(g, 2)
    assert {frozenset((part == at).nonzero().flatten().tolist()) for at in (0, 1)} == {
        frozenset({0, 2, 4}),
        frozenset({1, 3, 5}),
    }
    assert sorted(made.num_edges() for made in metis_partition(g, 2).values()) == [3, 3]
    assert len(metis_partition(g, 2, reshuffle=True)) == 3


@pytest.mark.parametrize(
    "call",
    [
        lambda: partition_graph_with_halo(typed(), torch.zeros(7), 1),
        lambda: partition_graph_with_halo(messy(), torch.zeros(3), 1),
        lambda: metis_partition_assignment(messy(), 2, balance_edges=True),
        lambda: metis_partition_assignment(typed(), 2),
    ],
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(DGLError):
        call()
