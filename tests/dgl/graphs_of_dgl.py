"""Graphs of DGL's interface that the tests of its transforms share, with the edge cases that they have to get through."""

import torch
from hypothesis import strategies as st

import weft.dgl as dgl


def messy(idtype=torch.int64):
    """Parallel edges, a loop, isolated nodes, edges in no order."""
    g = dgl.graph(([2, 0, 1, 2, 0, 3, 0], [0, 1, 2, 0, 1, 3, 3]), num_nodes=6, idtype=idtype)
    g.ndata["x"], g.edata["w"], g.edata["i"] = torch.arange(6.0), torch.arange(7.0) + 1, torch.arange(7)
    return g


def typed():
    """Two node types, edges within one of them and between both, and an edge type without edges."""
    g = dgl.heterograph(
        {
            ("u", "r", "i"): ([1, 0, 1, 1], [2, 1, 2, 0]),
            ("u", "f", "u"): ([1, 0, 1, 0], [1, 1, 0, 1]),
            ("i", "b", "i"): ([], []),
        },
        num_nodes_dict={"u": 3, "i": 4},
    )
    g.nodes["u"].data["x"], g.nodes["i"].data["x"] = torch.arange(3.0) + 1, torch.arange(4.0) * 10
    g.edges["r"].data["w"], g.edges["f"].data["w"] = torch.arange(4.0), torch.arange(4.0) + 0.5
    return g


def ring():
    """A symmetric graph without parallel edges."""
    g = dgl.graph(([0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 0, 2], [1, 0, 2, 1, 3, 2, 4, 3, 0, 4, 2, 0]))
    g.edata["w"], g.ndata["feat"] = torch.arange(12.0) / 12 + 0.1, torch.arange(10.0).view(5, 2) - 3
    return g


def pairs(g, etype=None):
    """Ends of all edges, in their order."""
    u, v = g.edges(etype=etype)
    return list(zip(u.tolist(), v.tolist(), strict=True))


@st.composite
def random_graphs(draw, max_nodes=6, max_edges=12):
    """Graphs of one type with ids of either dtype, a column of numbers and one of weights."""
    count = draw(st.integers(1, max_nodes))
    edges = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=max_edges))
    g = dgl.graph(
        ([u for u, _ in edges], [v for _, v in edges]),
        num_nodes=count,
        idtype=draw(st.sampled_from([torch.int32, torch.int64])),
    )
    g.ndata["x"], g.edata["w"] = torch.arange(float(count)), torch.arange(float(len(edges))) + 1
    return g
