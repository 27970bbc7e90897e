"""Attention for GPUs, in Triton's interpreter: what the contract does not show of heads, blocks, dropped edges and wrong ids."""

import pytest
import torch

from weft.errors import IdError, StructureError
from weft.ops import REGISTRY, dot_attention, gat_attention, gatv2_attention, using
from weft.ops._philox import kept
from weft.ops._triton import walking
from weft.ops.attention import attention_backward_triton
from weft.testing.structures import random_structure, structure

KINDS = ("gat", "gatv2", "dot")
FORWARD = {"gat": gat_attention, "gatv2": gatv2_attention, "dot": dot_attention}
SEED = torch.tensor(-5)


def inputs(kind, rows, num_sources, heads, width, dtype=torch.float32):
    """Three inputs of a kind, in its order."""
    targets = rows.num_targets
    torch.manual_seed(4)
    value, other = torch.randn(num_sources, heads, width), torch.randn(targets, heads, width)
    made = {
        "gat": (value, value[..., 0].clone(), other[..., 0].clone()),
        "gatv2": (value, other, torch.randn(heads, width)),
        "dot": (other, torch.randn(num_sources, heads, width), value),
    }[kind]
    return [x.to(dtype).requires_grad_() for x in made]


def with_gradients(backend, kind, rows, given, weight, score, dropout):
    with using(backend):
        seed = SEED if dropout else None
        out = FORWARD[kind](rows, *given, 0.2, edge_score=score, edge_weight=weight, dropout=dropout, seed=seed)
        leaves = [x for x in (*given, weight, score) if x is not None]
        slope = torch.linspace(-1, 1, out.numel()).to(out).reshape(out.shape)
        return out, *torch.autograd.grad(out, leaves, slope)


def agrees_with_the_cpu(kind, rows, given, weight, score, dropout, **tolerance):
    found, expected = (with_gradients(b, kind, rows, given, weight, score, dropout) for b in ("triton", "native"))
    for a, b in zip(found, expected, strict=True):
        assert torch.allclose(a, b, **{"rtol": 1e-5, "atol": 1e-5, **tolerance})
    return found[0]


@pytest.mark.parametrize(("kind", "heads", "width"), [("gat", 2, 130), ("gatv2", 11, 20), ("dot", 11, 20)])
def test_heads_and_edges_of_several_blocks(kind, heads, width):
    rows = random_structure(2, 2, 40, dtype=torch.int32)
    given = inputs(kind, rows, 2, heads, width)
    weight, score = torch.rand(40, requires_grad=True), torch.randn(40, heads, requires_grad=True)
    agrees_with_the_cpu(kind, rows, given, weight, score, 0.5, rtol=1e-4, atol=1e-4)


def test_a_program_of_several_targets_some_of_which_are_cut(monkeypatch):
    monkeypatch.setattr(
        attention_backward_triton, "_PARTS", 3
    )  # 19 targets: programs of 8, of which the last has fewer
    monkeypatch.setattr(walking, "LONG", 8)
    rows = structure(torch.arange(40) % 4, torch.arange(40) % 4 * torch.arange(40) % 19, 4, 19)
    assert rows.indptr.diff().max() > 8
    agrees_with_the_cpu("gatv2", rows, inputs("gatv2", rows, 4, 3, 5), None, None, 0.0)


@pytest.mark.parametrize("dropout", [0.5, 1.0])
def test_the_edges_are_dropped_that_the_cpu_drops(dropout):
    """The gradient of a weight is 0 where its edge is dropped; values of 1 keep it from being 0 elsewhere."""
    rows, heads = random_structure(4, 3, 30), 9
    given = (torch.ones(4, heads, 1), torch.zeros(4, heads), torch.zeros(3, heads))
    weight = torch.ones(30, heads, requires_grad=True)
    with using("triton"):
        out = gat_attention(rows, *given, edge_weight=weight, dropout=dropout, seed=SEED)
        (slope,) = torch.autograd.grad(out.sum(), weight)
    assert torch.equal(slope != 0, kept(SEED, torch.arange(30), heads, dropout, torch.float32) != 0)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_scores_that_are_not_finite_give_what_the_cpu_gives():
    rows = random_structure(5, 4, 20)
    target = torch.empty(20, dtype=torch.int64).index_copy(0, rows.edge, rows.targets())
    score = torch.zeros(20, 2)
    score[::3, 0] = float("-inf")  # some edges of a row
    score[target == 1, 1] = float("-inf")  # all of them
    score[(target == 2).nonzero()[0], 0] = float("nan")
    given = inputs("dot", rows, 5, 2, 3)
    out = agrees_with_the_cpu("dot", rows, given, None, score.requires_grad_(), 0.0, equal_nan=True)
    assert out.isfinite().any()
    assert out.isnan().any()


def test_scores_far_apart_do_not_overflow():
    rows = random_structure(6, 3, 60)
    given = inputs("gat", rows, 6, 1, 2)
    score = (3e4 * torch.randn(60, 1)).requires_grad_()
    agrees_with_the_cpu("gat", rows, given, None, score, 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_nodes_without_edges_and_graphs_without_nodes(kind):
    for sources, targets in ((3, 2), (0, 2), (3, 0)):
        rows = random_structure(max(sources, 1), max(targets, 1), 0)
        rows = rows._replace(indptr=rows.indptr[: targets + 1])
        rows = rows.with_transposed(rows.transposed._replace(indptr=rows.transposed.indptr[: sources + 1]))
        given = inputs(kind, rows, sources, 2, 3)
        found = with_gradients("triton", kind, rows, given, torch.ones(0, requires_grad=True), None, 0.3)
        assert all(not x.any() for x in found)


@pytest.mark.parametrize("walk", ["rows", "transposed"])
@pytest.mark.parametrize(("part", "error"), [("source", IdError), ("edge", IdError), ("indptr", StructureError)])
def test_the_gradient_leaves_out_what_is_out_of_range(part, error, walk):
    rows = random_structure(4, 4, 15)
    broken = rows if walk == "rows" else rows.transposed
    broken = broken._replace(**{part: getattr(broken, part).index_fill(0, torch.tensor(3), 1 << 40)})
    broken = broken if walk == "rows" else rows.with_transposed(broken)
    given = [x.detach() for x in inputs("dot", rows, 4, 2, 3)]
    lse, grad, weight = torch.full((4, 2), 3.0), torch.ones(4, 2, 3), torch.ones(15)

    def call(rows):
        REGISTRY["attention_backward"](rows, "dot", *given, None, weight, None, lse, grad, grad, 0.2, 0.0, True)

    with using("triton"), pytest.raises(error, match=r"attention_backward: .* out of range"):
        call(broken)
    with using("triton"):
        call(rows)  # what was raised is forgotten
