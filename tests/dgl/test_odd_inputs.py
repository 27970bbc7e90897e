"""Ids that do not exist, masks, other dtypes, and changes inside a scope."""

import copy

import numpy as np
import pytest
import torch

import weft.dgl as dgl
from weft.dgl import function as fn
from weft.errors import DtypeError, FeatureError, IdError


def triangle() -> dgl.DGLGraph:
    g = dgl.graph(([0, 1, 2, 2], [1, 2, 0, 0]))
    g.ndata["x"], g.edata["w"] = torch.arange(3.0), torch.arange(4.0)
    return g


@pytest.mark.parametrize("wrong", [-1, 7, [0, -1], torch.tensor([7])])
def test_ids_that_do_not_exist_are_refused(wrong: object) -> None:
    g = triangle()
    for call in (
        lambda: g.nodes[wrong].data["x"],
        lambda: g.edges[wrong].data["w"],
        lambda: g.nodes[wrong].data.update(x=torch.ones(1)),
        lambda: g.apply_nodes(lambda nodes: {"x": nodes.data["x"]}, wrong),
        lambda: g.filter_nodes(lambda nodes: nodes.data["x"] > 0, wrong),
        lambda: g.apply_edges(fn.copy_u("x", "m"), wrong),
        lambda: g.filter_edges(lambda edges: edges.data["w"] > 0, wrong),
        lambda: g.send_and_recv(wrong, fn.copy_u("x", "m"), fn.sum("m", "o")),
        lambda: g.in_degrees(wrong),
    ):
        with pytest.raises(IdError, match=r"expected ids of (nodes|edges) from 0 to [23], got (-1|7)"):
            call()


def test_a_mask_chooses_rows() -> None:
    g = triangle()
    mask = torch.tensor([True, False, True])
    assert g.nodes[mask].data["x"].tolist() == [0, 2]
    g.nodes[mask].data["x"] = torch.tensor([5.0, 6.0])
    assert g.ndata["x"].tolist() == [5, 1, 6]


def test_rows_are_not_cut_to_the_dtype_of_a_column() -> None:
    g = triangle()
    g.ndata["i"] = torch.arange(3)
    with pytest.raises(DtypeError, match=r"expected rows of torch.int64, as the others have, got torch.float32; hint"):
        g.nodes[[0]].data["i"] = torch.tensor([1.5])
    g.nodes[[0]].data["x"] = torch.tensor([9])
    assert g.ndata["x"].tolist() == [9, 1, 2]


def test_a_type_at_both_ends_of_a_block_stands_for_its_sources() -> None:
    block = dgl.create_block(([0, 1, 2], [0, 0, 1]), num_src_nodes=4, num_dst_nodes=3)
    block.srcdata["x"], block.dstdata["x"] = torch.arange(4.0), torch.ones(3)
    assert (block.num_nodes("_N"), block.nodes("_N").tolist()) == (4, [0, 1, 2, 3])
    assert block.nodes["_N"].data["x"].tolist() == block.ndata["x"]["_N"].tolist() == [0, 1, 2, 3]
    assert block.batch_num_nodes("_N").tolist() == [4]
    block.ndata["y"] = {"_N": torch.zeros(4)}
    assert ("y" in block.srcdata, "y" in block.dstdata) == (True, False)


def test_columns_of_edges_are_set_by_relation() -> None:
    g = dgl.heterograph({("u", "r", "i"): ([0, 1], [1, 2]), ("u", "f", "u"): ([0], [1]), ("i", "f", "i"): ([0], [1])})
    g.edata["w"] = {"r": torch.ones(2), ("u", "f", "u"): torch.ones(1)}
    assert g.edges["r"].data["w"].tolist() == [1, 1]
    g["r"].edata["w"] = {"r": torch.zeros(2)}
    assert g.edges["r"].data["w"].tolist() == [0, 0]
    for relation in ("f", "none"):
        with pytest.raises(FeatureError, match="there is no type"):
            g.edata["w"] = {relation: torch.ones(1)}


def test_ids_that_are_no_tensors_are_int64() -> None:
    ends = np.array([0], dtype=np.int32), np.array([1], dtype=np.int32)
    assert dgl.graph(ends).idtype is torch.int64
    assert dgl.graph(tuple(map(torch.from_numpy, ends))).idtype is torch.int32


def test_a_scope_forgets_nodes_and_edges_with_their_columns() -> None:
    g = dgl.batch([triangle(), triangle()])
    with g.local_scope():
        g.add_edges(0, 7)
        g.remove_nodes([1])
        assert g.num_nodes() == 7
    assert (g.num_nodes(), g.num_edges(), g.batch_num_nodes().tolist()) == (6, 8, [3, 3])
    g.update_all(fn.u_mul_e("x", "w", "m"), fn.sum("m", "o"))
    assert g.ndata["o"].tolist() == [10, 0, 1] * 2


def test_copies_of_a_batch_keep_their_numbers() -> None:
    both = dgl.batch([triangle(), triangle()])
    other = dgl.remove_nodes(dgl.remove_edges(both, [0]), [3])
    assert (other.batch_num_nodes().tolist(), other.batch_num_edges().tolist()) == ([3, 2], [3, 1])
    assert (both.batch_num_nodes().tolist(), both.batch_num_edges().tolist()) == ([3, 3], [4, 4])
    copied = copy.copy(both)
    copied.remove_edges([0])
    assert both.batch_num_edges().tolist() == [4, 4]
