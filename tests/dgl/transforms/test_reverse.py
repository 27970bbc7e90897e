"""Edges turned round."""

import pytest
import torch
from hypothesis import given

from tests.dgl.graphs_of_dgl import messy, pairs, random_graphs, typed
from weft.dgl import DGLError, create_block
from weft.dgl.transforms import add_reverse_edges, reverse, to_bidirected


@given(random_graphs())
def test_reverse_turns_each_edge_and_shares_columns(g):
    made = reverse(g, copy_edata=True)
    assert pairs(made) == [(v, u) for u, v in pairs(g)]
    assert made.edata["w"] is g.edata["w"]
    assert made.idtype == g.idtype
    assert pairs(reverse(made)) == pairs(g)


def test_reverse_without_columns():
    made = reverse(messy(), copy_ndata=False)
    assert not made.ndata
    assert not made.edata
    assert "w" in reverse(messy(), share_edata=True).edata


def test_reverse_turns_the_types():
    made = reverse(typed())
    assert made.canonical_etypes == [("i", "b", "i"), ("u", "f", "u"), ("i", "r", "u")]
    assert pairs(made, "r") == [(2, 1), (1, 0), (2, 1), (0, 1)]


@given(random_graphs())
def test_bidirected_graphs_are_symmetric_sorted_and_simple(g):
    made = to_bidirected(g, copy_ndata=True)
    assert pairs(made) == sorted({*pairs(g), *((v, u) for u, v in pairs(g))})
    assert made.ndata["x"] is g.ndata["x"]
    assert not made.edata


@given(random_graphs())
def test_reverse_edges_stand_behind_and_know_their_edges(g):
    made = add_reverse_edges(g, copy_edata=True)
    turned = [at for at, (u, v) in enumerate(pairs(g)) if u != v]
    assert pairs(made) == pairs(g) + [pairs(g)[at][::-1] for at in turned]
    assert made.edata["_ID"].tolist() == [*range(g.num_edges()), *turned]
    assert made.edata["w"].tolist() == g.edata["w"][made.edata["_ID"]].tolist()
    whole = add_reverse_edges(g, exclude_self=False)
    assert pairs(whole) == pairs(g) + [(v, u) for u, v in pairs(g)]
    assert not whole.edata


def test_edge_types_between_two_node_types_are_left_on_demand():
    made = add_reverse_edges(typed(), ignore_bipartite=True, copy_edata=True)
    assert [made.num_edges(name) for name in ("b", "f", "r")] == [0, 7, 4]
    assert made.edges["r"].data["_ID"].tolist() == [0, 1, 2, 3]
    with pytest.raises(DGLError, match="ignore_bipartite"):
        add_reverse_edges(typed())
    with pytest.raises(DGLError):
        to_bidirected(typed())


def test_blocks_are_refused():
    for change in (reverse, to_bidirected, add_reverse_edges):
        with pytest.raises(DGLError, match="block"):
            change(create_block(([0], [0])))


def test_gradients_go_through_copied_columns():
    g = messy()
    g.edata["w"] = torch.ones(7, requires_grad=True)
    w = g.edata["w"]
    add_reverse_edges(g, copy_edata=True).edata["w"].sum().backward()
    assert w.grad.tolist() == [2, 2, 2, 2, 2, 1, 2]
