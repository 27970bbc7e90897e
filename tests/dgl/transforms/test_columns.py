"""Transforms of columns as classes."""

import pytest
import torch
from torch.testing import assert_close

from tests.dgl.graphs_of_dgl import messy, ring, typed
from weft.dgl import DGLError, graph
from weft.dgl.transforms import (
    SVDPE,
    FeatMask,
    GCNNorm,
    LaplacianPE,
    LapPE,
    NodeShuffle,
    RandomWalkPE,
    RowFeatNormalizer,
    SIGNDiffusion,
    random_walk_pe,
)


def adjacency(g, weight=None):
    """By target and source."""
    u, v = g.edges()
    w = torch.ones(g.num_edges()) if weight is None else g.edata[weight]
    return torch.zeros(g.num_nodes(), g.num_nodes()).index_put((v, u), w, accumulate=True)


def normalised(g, weight=None):
    matrix = adjacency(g, weight)
    root = matrix.sum(1).where(matrix.sum(1) > 0, torch.inf).rsqrt()
    return root[:, None] * matrix * root


def test_rows_add_up_to_one_unless_they_are_small():
    g = ring()
    assert RowFeatNormalizer()(g).ndata["feat"].tolist() == ring().ndata["feat"].tolist()
    made = RowFeatNormalizer(subtract_min=True, node_feat_names=["feat"], edge_feat_names=["w"])(g)
    assert made is g
    assert_close(
        g.ndata["feat"], torch.tensor([[0, 1], [2 / 5, 3 / 5], [4 / 9, 5 / 9], [6 / 13, 7 / 13], [8 / 17, 9 / 17]])
    )
    assert_close(g.edata["w"], torch.arange(12.0) / 12 / 5.5)
    with pytest.raises(KeyError):
        RowFeatNormalizer(node_feat_names=["zz"])(g)
    assert (
        typed().edges["f"].data["w"].tolist()
        != RowFeatNormalizer(edge_feat_names=["w"])(typed()).edges["f"].data["w"].tolist()
    )


def test_features_are_masked_as_columns():
    g = graph(([0], [1]))
    g.ndata["h"] = torch.ones(2, 1000)
    masked = FeatMask(0.3, ["h"])(g).ndata["h"]
    assert torch.equal(masked[0], masked[1])
    assert masked[0].mean().item() == pytest.approx(0.7, abs=0.06)
    assert FeatMask(0.0, ["x"], ["w"])(messy()).edata["w"].tolist() == messy().edata["w"].tolist()
    assert not FeatMask(1.0, ["x"])(typed()).nodes["u"].data["x"].any()
    assert FeatMask(1.0)(messy()).ndata["x"].any()


def test_nodes_are_shuffled_in_a_copy():
    g = ring()
    torch.manual_seed(1)
    made = NodeShuffle()(g)
    assert made.ndata["feat"].tolist() != g.ndata["feat"].tolist()
    assert sorted(made.ndata["feat"].tolist()) == g.ndata["feat"].tolist()
    assert made.edges()[0].tolist() == g.edges()[0].tolist()


def test_encodings_become_columns():
    g = ring()
    assert_close(RandomWalkPE(3, "rw", eweight_name="w")(g).ndata["rw"], random_walk_pe(g, 3, "w"))
    assert LapPE(2, eigval_name="ev")(g).ndata["PE"].shape == (5, 2)
    assert g.ndata["ev"].shape == (5, 2)
    assert LaplacianPE(2, "f")(g).ndata["f"].shape == (5, 2)
    assert SVDPE(9, padding=True)(g).ndata["svd_pe"].shape == (5, 18)
    with pytest.raises(DGLError):
        SVDPE(9)(g)


def test_weights_are_normalised_at_both_ends_by_what_enters():
    for g, weight in ((messy(), "w"), (ring(), "w"), (ring(), "new")):
        want = normalised(g, weight if weight in g.edata else None)
        assert GCNNorm(weight)(g) is g
        assert_close(adjacency(g, weight), want)
    g = GCNNorm("n")(typed())
    assert "n" in g.edges["f"].data
    assert "n" not in g.edges["r"].data


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("operator", ["raw", "rw", "gcn", "ppr"])
def test_columns_are_diffused(operator, weight):
    g = ring()
    plain = adjacency(g, weight)
    matrix = {"raw": plain, "rw": plain / plain.sum(1, keepdim=True)}.get(operator, normalised(g, weight))
    x = want = g.ndata["feat"]
    made = SIGNDiffusion(2, out_feat_name="o", eweight_name=weight, diffuse_op=operator, alpha=0.3)(g)
    for step in (1, 2):
        want = matrix @ want
        want = 0.7 * want + 0.3 * x if operator == "ppr" else want
        assert_close(made.ndata[f"o_{step}"], want)
    assert sorted(g.edata) == ["w"]


def test_nodes_without_edges_get_nothing():
    made = SIGNDiffusion(1, "x", diffuse_op="rw")(messy())
    assert made.ndata["out_feat_1"].tolist() == [2, 0, 1, 1.5, 0, 0]
    assert SIGNDiffusion(1, "x")(typed()).nodes["i"].data["out_feat_1"].tolist() == [2, 1, 4, 0]
    with pytest.raises(DGLError):
        SIGNDiffusion(1, diffuse_op="zz")
