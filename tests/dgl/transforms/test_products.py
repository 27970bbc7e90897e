"""Graphs of walks, against matrices."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tests.dgl.graphs_of_dgl import messy, pairs, random_graphs, typed
from weft.dgl import DGLError, graph, heterograph
from weft.dgl.transforms import (
    adj_product_graph,
    adj_sum_graph,
    khop_adj,
    khop_graph,
    line_graph,
    metapath_reachable_graph,
)


def dense(g, weight=None):
    u, v = (end.long() for end in g.edges())
    w = torch.ones(g.num_edges()) if weight is None else g.edata[weight]
    return torch.zeros(g.num_src_nodes(), g.num_dst_nodes()).index_put((u, v), w, accumulate=True)


@given(random_graphs(), st.booleans())
def test_edges_are_followed_by_those_that_begin_where_they_end(g, backtracking):
    edges = pairs(g)
    want = [
        (e, f)
        for e, (u, v) in enumerate(edges)
        for f, (a, b) in enumerate(edges)
        if v == a and e != f and (backtracking or b != u)
    ]
    made = line_graph(g, backtracking, shared=True)
    assert pairs(made) == want
    assert made.ndata["w"] is g.edata["w"]
    assert made.idtype == g.idtype
    assert not line_graph(g).ndata


@given(random_graphs(), st.integers(0, 3))
def test_walks_are_counted(g, k):
    want = torch.linalg.matrix_power(dense(g), k)
    assert_close(khop_adj(g, k), want)
    made = khop_graph(g, k)
    assert_close(dense(made), want)
    assert made.ndata["x"] is g.ndata["x"]
    assert k == 1 or pairs(made) == sorted(pairs(made))


def test_walks_along_a_metapath():
    made = metapath_reachable_graph(typed(), ["f", "r"])
    assert made.canonical_etypes == [("u", "_E", "i")]
    assert made.ntypes == ["i", "u"]
    assert pairs(made) == [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert made.nodes["i"].data["x"].tolist() == [0, 10, 20, 30]
    assert metapath_reachable_graph(typed(), [("u", "f", "u")]).ntypes == ["u"]
    for wrong in (["r", "f"], ["zz"]):
        with pytest.raises(DGLError):
            metapath_reachable_graph(typed(), wrong)
    with pytest.raises(DGLError):
        metapath_reachable_graph(typed(), [])


@given(random_graphs(), st.integers(0, 5))
def test_products_and_sums_are_those_of_matrices(g, seed):
    other = graph(g.edges()[::-1], num_nodes=g.num_nodes())
    other.edata["w"] = torch.rand(other.num_edges(), generator=torch.Generator().manual_seed(seed))
    assert_close(dense(adj_product_graph(g, other, "w"), "w"), dense(g, "w") @ dense(other, "w"))
    made = adj_sum_graph([g, other, g], "w")
    assert_close(dense(made, "w"), 2 * dense(g, "w") + dense(other, "w"))
    assert pairs(made) == sorted({*pairs(g), *pairs(other)})


def test_products_between_types():
    first = heterograph({("a", "p", "b"): ([2, 2, 0], [2, 1, 0])}, {"a": 3, "b": 4})
    last = heterograph({("b", "q", "a"): ([0, 3, 2], [1, 2, 0])}, {"a": 3, "b": 4})
    for g in (first, last):
        g.edata["w"] = torch.arange(3.0) + 1
    made = adj_product_graph(first, last, "w", etype="z")
    assert made.canonical_etypes == [("a", "z", "a")]
    assert pairs(made) == [(0, 1), (2, 0)]
    assert made.edata["w"].tolist() == [3, 3]
    with pytest.raises(DGLError):
        adj_product_graph(first, first, "w")
    with pytest.raises(DGLError):
        adj_sum_graph([first, last], "w")


def test_gradients_go_to_weights():
    g = graph(([0, 1, 1, 2], [1, 0, 2, 1]))
    w = torch.tensor([1.0, 2, 3, 4], requires_grad=True)
    g.edata["w"] = w

    def loss(made):
        return (dense(made, "w") * torch.arange(9.0).view(3, 3)).sum()

    (found,) = torch.autograd.grad(loss(adj_product_graph(g, g, "w")) + loss(adj_sum_graph([g, g], "w")), w)
    matrix = dense(g, "w")
    whole = ((matrix @ matrix + 2 * matrix) * torch.arange(9.0).view(3, 3)).sum()
    assert_close(found, torch.autograd.grad(whole, w)[0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: line_graph(typed()),
        lambda: khop_adj(typed(), 2),
        lambda: khop_graph(typed(), 2),
        lambda: khop_graph(messy(), -1),
        lambda: adj_product_graph(typed(), typed(), "w"),
        lambda: adj_sum_graph([], "w"),
        lambda: adj_sum_graph([messy(), graph(([0], [1]))], "w"),
    ],
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises((DGLError, KeyError)):
        call()
