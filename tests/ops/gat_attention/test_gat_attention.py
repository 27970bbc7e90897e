"""One pass over the edges gives what scores, softmax and weighted sum give one after the other."""

import pytest
import torch
from torch.nn import functional

import weft
from weft.errors import GradientError, IdError, OptionError, ShapeError
from weft.ops import Structure, edge_softmax, gat_attention, sddmm, spmm
from weft.testing.structures import hub_structure, random_structure


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def inputs(rows, num_sources, heads, width, dtype=torch.float64):
    draw = torch.Generator().manual_seed(0)
    shapes = ((num_sources, *heads, width), (num_sources, *heads), (rows.num_targets, *heads))
    return [torch.randn(shape, dtype=dtype, generator=draw).requires_grad_() for shape in shapes]


def composed(rows, z, left, right, slope=0.2):
    score = functional.leaky_relu(sddmm(rows, right, left, "add", "target", "source"), slope)
    return spmm(rows, z, edge_softmax(rows, score))


@pytest.mark.parametrize(("heads", "width"), [((8,), 8), ((8,), 2), ((1,), 64), ((3,), 1), ((2, 3), 5), ((40,), 3)])
@pytest.mark.parametrize("kind", ["random", "hub"])
def test_values_and_gradients_are_those_of_the_three_steps(kind, heads, width):
    rows, count = (random_structure(20, 15, 200, seed=3), 20) if kind == "random" else (hub_structure(), 40)
    arguments = inputs(rows, count, heads, width)
    one, three = gat_attention(rows, *arguments), composed(rows, *arguments)
    torch.testing.assert_close(one, three)
    grad = torch.randn_like(one)
    for mine, theirs in zip(
        torch.autograd.grad(one, arguments, grad), torch.autograd.grad(three, arguments, grad), strict=True
    ):
        torch.testing.assert_close(mine, theirs)


def test_a_hub_source_is_cut_in_backward():
    forward = hub_structure()
    rows = forward.reversed()  # most edges leave source 1
    arguments = inputs(rows, forward.num_targets, (2,), 8)
    grad = torch.randn(rows.num_targets, 2, 8, dtype=torch.float64)
    for mine, theirs in zip(
        torch.autograd.grad(gat_attention(rows, *arguments), arguments, grad),
        torch.autograd.grad(composed(rows, *arguments), arguments, grad),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("shift", [100.0, -100.0, 1e4])
def test_large_scores_neither_overflow_nor_vanish(shift):
    rows = random_structure(20, 15, 200, seed=3)
    z, left, right = inputs(rows, 20, (4,), 8, torch.float32)
    found = gat_attention(rows, z, left + shift, right)
    torch.testing.assert_close(found, composed(rows, z, left + shift, right), rtol=1e-3, atol=1e-3)
    assert found.isfinite().all()


def test_targets_without_edges_get_zero_and_no_gradient():
    rows = Structure(torch.tensor([0, 0, 2, 2]), torch.tensor([0, 1]))
    rows = rows.with_transposed(Structure(torch.tensor([0, 1, 2]), torch.tensor([1, 1])))
    arguments = inputs(rows, 2, (2,), 4)
    out = gat_attention(rows, *arguments)
    assert out[0].eq(0).all()
    assert out[2].eq(0).all()
    right = torch.autograd.grad(out.sum(), arguments)[2]
    assert right[[0, 2]].eq(0).all()


def test_a_masked_source_gets_nothing_and_a_target_of_masked_sources_nan():
    rows = Structure(torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0]))
    z, left, right = torch.tensor([[[5.0]], [[7.0]]]), torch.tensor([[float("-inf")], [1.0]]), torch.zeros(2, 1)
    found = gat_attention(rows, z, left, right)
    assert found[0].item() == 7.0
    assert found[1].isnan().all()


def test_the_gradient_of_the_gradient():
    rows = random_structure(6, 5, 20, seed=1)
    arguments = inputs(rows, 6, (2,), 3)
    assert torch.autograd.gradgradcheck(lambda *a: gat_attention(rows, *a), arguments, fast_mode=True)


def test_what_does_not_fit_is_refused():
    rows = random_structure(6, 5, 20, seed=1)
    z, left, right = (t.detach() for t in inputs(rows, 6, (2,), 3))
    with pytest.raises(ShapeError, match="num_targets"):
        gat_attention(rows, z, left, left)
    with pytest.raises(ShapeError, match="num_sources"):
        gat_attention(rows, z, left[:, 0], right)
    with pytest.raises(ShapeError, match="at least 1"):
        gat_attention(rows, z[..., :0], left, right)
    with pytest.raises(OptionError, match="negative_slope"):
        gat_attention(rows, z, left, right, -0.1)
    with pytest.raises(IdError, match="source"):
        gat_attention(rows, z[:2], left[:2], right)
    too_short = Structure(rows.indptr, rows.source, rows.edge, random_structure(6, 4, 20, seed=1))
    found = gat_attention(too_short, *inputs(rows, 6, (2,), 3))
    with pytest.raises(ShapeError, match="transposed"):
        found.sum().backward()


def test_without_transposed_the_gradient_says_what_is_missing():
    rows = random_structure(6, 5, 20, seed=1)
    found = gat_attention(Structure(*rows[:3]), *inputs(rows, 6, (2,), 3))
    with pytest.raises(GradientError, match="transposed"):
        found.sum().backward()


def test_a_tensor_under_two_names_has_the_second_derivatives_of_two():
    rows = random_structure(6, 6, 20, seed=1)
    z, both, _ = inputs(rows, 6, (2,), 3)

    def second(left, right):
        (first,) = torch.autograd.grad(gat_attention(rows, z, left, right).square().sum(), both, create_graph=True)
        return torch.autograd.grad(first.square().sum(), both)

    torch.testing.assert_close(second(both, both), second(both * 1, both * 1))
