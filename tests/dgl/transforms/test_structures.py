"""Transforms of edges as classes."""

import pytest
import torch

from tests.dgl.graphs_of_dgl import messy, pairs, ring, typed
from weft.dgl import DGLError, create_block, graph, heterograph
from weft.dgl.transforms import (
    AddMetaPaths,
    AddReverse,
    AddSelfLoop,
    BaseTransform,
    Compose,
    KHopGraph,
    LineGraph,
    RemoveSelfLoop,
    ToLevi,
    ToSimple,
)


def test_loops_replace_those_that_are_there():
    assert pairs(AddSelfLoop()(messy()))[-7:] == [(0, 3), *((node, node) for node in range(6))]
    assert AddSelfLoop(allow_duplicate=True)(messy()).num_edges() == 13
    assert AddSelfLoop(edge_feat_names=["w"], fill_data="sum")(messy()).edata["w"][6:].tolist() == [5, 7, 3, 7, 0, 0]
    made = AddSelfLoop()(typed())
    assert [made.num_edges(name) for name in ("b", "f", "r")] == [4, 6, 4]
    assert pairs(RemoveSelfLoop()(typed()), "f") == [(0, 1), (1, 0), (0, 1)]


def test_loops_may_have_types_of_their_own():
    made = AddSelfLoop(new_etypes=True)(heterograph({("a", "t", "b"): ([0, 1], [1, 0])}))
    assert made.canonical_etypes == [("a", "self", "a"), ("a", "t", "b"), ("b", "self", "b")]
    assert pairs(made, ("b", "self", "b")) == [(0, 0), (1, 1)]
    with pytest.raises(KeyError):
        AddSelfLoop(edge_feat_names=["w"])(typed())


@pytest.mark.parametrize("copied", [False, True])
def test_reverse_edges_and_their_types(copied):
    made = AddReverse(copy_edata=copied)(typed())
    assert pairs(made, "rev_r") == [(2, 1), (1, 0), (2, 1), (0, 1)]
    assert pairs(made, "f")[4:] == [(1, 1), (1, 0), (0, 1), (1, 0)]
    assert made.edges["f"].data["w"][4:].tolist() == ([0.5, 1.5, 2.5, 3.5] if copied else [0, 0, 0, 0])
    assert ("w" in made.edges["rev_r"].data) == copied
    assert AddReverse()(messy()).num_edges() == 14


def test_symmetric_types_may_get_new_ones():
    made = AddReverse(copy_edata=True, sym_new_etype=True)(typed())
    assert [relation for _, relation, _ in made.canonical_etypes] == ["b", "rev_b", "rev_r", "f", "r", "rev_f"]
    assert made.edges["rev_f"].data["w"].tolist() == [0.5, 1.5, 2.5, 3.5]


def test_functions_have_their_classes():
    assert ToSimple("c", "sum")(ring()).edata["c"].tolist() == [1] * 12
    assert ToSimple()(messy()).edata["_ID"].tolist() == [1, 6, 2, 0, 5]
    assert "w" in LineGraph()(messy()).ndata
    assert KHopGraph(2)(ring()).num_edges() == 30


def test_metapaths_become_edge_types():
    g = typed()
    made = AddMetaPaths({"p": [("u", "f", "u"), ("u", "r", "i")]})(g)
    assert pairs(made, "p") == [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert made.edges["f"].data["w"].tolist() == g.edges["f"].data["w"].tolist()
    alone = AddMetaPaths({"p": [("u", "f", "u")]}, keep_orig_edges=False)(g)
    assert alone.canonical_etypes == [("u", "p", "u")]
    assert alone.ntypes == ["i", "u"]
    same = AddMetaPaths({"f": [("u", "f", "u"), ("u", "f", "u")]})(g)
    assert pairs(same, "f") == pairs(g, "f")


def test_edges_become_nodes():
    made = ToLevi()(messy())
    assert (made.num_nodes("edge"), made.num_nodes("node")) == (7, 6)
    assert [v for _, v in pairs(made, "e2n")] == [v for _, v in pairs(messy())]
    assert [u for u, _ in pairs(made, "n2e")] == [u for u, _ in pairs(messy())]
    assert made.nodes["edge"].data["w"].tolist() == messy().edata["w"].tolist()
    with pytest.raises(DGLError):
        ToLevi()(typed())


def test_transforms_run_one_after_the_other():
    chain = Compose([AddSelfLoop(), AddReverse()])
    assert chain(messy()).num_edges() == 24
    assert repr(chain) == "Compose([\n  AddSelfLoop(),\n  AddReverse()\n])"
    g = messy()
    assert Compose([])(g) is g
    with pytest.raises(NotImplementedError, match="BaseTransform has no __call__"):
        BaseTransform()(g)


def test_blocks_are_refused():
    with pytest.raises(DGLError):
        AddReverse()(create_block(([0], [0])))


def test_empty_graphs_go_through():
    empty = graph(([], []), num_nodes=3)
    for transform in (AddSelfLoop(), RemoveSelfLoop(), AddReverse(), ToSimple(), LineGraph(), KHopGraph(2)):
        assert transform(empty).idtype == torch.int64
    assert ToLevi()(empty).num_nodes("node") == 3
