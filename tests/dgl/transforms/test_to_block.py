"""Blocks made of graphs."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.dgl.graphs_of_dgl import messy, pairs, random_graphs, typed
from weft.dgl import DGLBlock, DGLError, graph
from weft.dgl.transforms import to_block


@given(random_graphs(), st.booleans(), st.randoms(use_true_random=False))
def test_sources_are_the_targets_and_then_as_they_first_appear(g, included, rng):
    u, v = (end.tolist() for end in g.edges())
    targets = sorted(set(v) | {node for node in range(g.num_nodes()) if rng.random() < 0.3})
    rng.shuffle(targets)
    block = to_block(g, torch.tensor(targets, dtype=g.idtype), include_dst_in_src=included)
    sources = list(dict.fromkeys([*(targets if included else []), *(u if targets else [])]))
    assert isinstance(block, DGLBlock)
    assert block.srcdata["_ID"].tolist() == sources
    assert block.dstdata["_ID"].tolist() == targets
    assert pairs(block) == [(sources.index(a), targets.index(b)) for a, b in pairs(g)]
    assert block.edata["_ID"].tolist() == [*range(g.num_edges())]
    assert block.edata["_ID"].dtype == block.srcdata["_ID"].dtype == block.idtype == g.idtype
    assert block.srcdata["x"].tolist() == [float(node) for node in sources]
    assert block.edata["w"].tolist() == g.edata["w"].tolist()


def test_targets_are_the_nodes_that_edges_enter_unless_given():
    assert to_block(messy()).dstdata["_ID"].tolist() == [0, 1, 2, 3]
    block = to_block(typed())
    assert {name: block.dstnodes[name].data["_ID"].tolist() for name in ("i", "u")} == {"i": [0, 1, 2], "u": [0, 1]}
    assert block.ntypes == ["i", "u", "i", "u"]
    assert to_block(graph(([], []), num_nodes=3)).num_dst_nodes() == 0


def test_edges_into_a_type_without_targets_are_left_out():
    block = to_block(typed(), {"u": torch.tensor([0, 1])})
    assert [block.num_edges(name) for name in ("b", "f", "r")] == [0, 4, 0]
    assert block.num_src_nodes("i") == 0
    assert block.edges["r"].data["w"].shape == (0,)


def test_a_typed_block_knows_its_nodes():
    block = to_block(typed(), {"u": torch.tensor([1, 0]), "i": torch.tensor([2, 1, 0])}, include_dst_in_src=False)
    assert block.num_src_nodes("i") == 0
    assert block.srcnodes["u"].data["_ID"].tolist() == [1, 0]
    assert pairs(block, "r") == [(0, 0), (1, 1), (0, 0), (0, 2)]


def test_sources_may_be_given():
    block = to_block(messy(), [3, 1, 0, 2], src_nodes=torch.tensor([3, 1, 0, 2, 5]))
    assert block.num_src_nodes() == 5
    assert block.srcdata["_ID"].tolist() == [3, 1, 0, 2, 5]
    other = to_block(messy(), [3, 1, 0, 2], include_dst_in_src=False, src_nodes=[0, 1, 2, 3])
    assert pairs(other)[0] == (2, 2)


@pytest.mark.parametrize(
    ("targets", "options", "text"),
    [
        ([0, 1, 3], {}, "dst_nodes"),
        ([0, 1, 2, 3, 9], {}, "0 to 5"),
        ([0, 1, 2, 3, 3], {}, "once"),
        ([0, 1, 2, 3], {"src_nodes": [1, 0, 2, 3]}, "begin with"),
        ([0, 1, 2, 3], {"src_nodes": [0, 1], "include_dst_in_src": False}, "src_nodes"),
    ],
)
def test_nodes_that_are_not_named_are_told(targets, options, text):
    with pytest.raises(DGLError, match=text):
        to_block(messy(), targets, **options)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DGLError, match="expected a mapping"):
        to_block(typed(), torch.tensor([0]))
    with pytest.raises(DGLError, match="block"):
        to_block(to_block(messy()))
    with pytest.raises(KeyError):
        to_block(typed(), {"zz": [0]})
