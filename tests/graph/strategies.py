"""Graphs that hypothesis draws: any size from empty, parallel edges, self loops, isolated nodes, one type or several."""

import torch
from hypothesis import strategies as st

from weft.graph import Adjacency, Graph

ID_DTYPES = st.sampled_from([torch.int32, torch.int64])


@st.composite
def edges(draw, num_sources, num_targets):
    """(source, target) lists for given counts."""
    if not num_sources or not num_targets:
        return [], []
    pairs = draw(st.lists(st.tuples(st.integers(0, num_sources - 1), st.integers(0, num_targets - 1)), max_size=20))
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


@st.composite
def adjacencies(draw):
    num_sources, num_targets = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    dtype = draw(ID_DTYPES)
    source, target = (torch.tensor(ends, dtype=dtype) for ends in draw(edges(num_sources, num_targets)))
    return Adjacency(source, target, num_sources=num_sources, num_targets=num_targets)


@st.composite
def graphs(draw):
    """Graphs of one type with a feature `x` on nodes and `w` on edges."""
    num_nodes = draw(st.integers(0, 6))
    graph = Graph(*draw(edges(num_nodes, num_nodes)), num_nodes)
    graph.nodes["x"] = torch.arange(num_nodes * 2.0).reshape(num_nodes, 2) + draw(st.integers(0, 9))
    graph.edges["w"] = torch.arange(graph.num_edges) + draw(st.integers(0, 9))
    return graph


@st.composite
def typed_graphs(draw):
    """Graphs of users who rate items and follow users, with features on one set of each kind."""
    counts = {"user": draw(st.integers(0, 4)), "item": draw(st.integers(0, 4)), "brand": draw(st.integers(0, 2))}
    graph = Graph(
        {
            ("user", "rates", "item"): draw(edges(counts["user"], counts["item"])),
            ("user", "follows", "user"): draw(edges(counts["user"], counts["user"])),
        },
        num_nodes=counts,
    )
    graph["item"]["price"] = torch.arange(float(counts["item"]))
    graph["rates"]["stars"] = torch.arange(graph["rates"].count, dtype=torch.int32)
    return graph


def assert_same(found, expected):
    """Structure, order of types, features and their dtypes are the same."""
    assert found.same_structure(expected)
    for sets, others in ((found.node_sets, expected.node_sets), (found.edge_sets, expected.edge_sets)):
        for name, features in sets.items():
            assert set(features) == set(others[name])
            for feature, value in features.items():
                torch.testing.assert_close(value, others[name][feature], rtol=0, atol=0)
