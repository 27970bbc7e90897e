"""Models that spread values along edges agree with dense matrices."""

import pytest
import torch
from torch import Tensor

from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency
from weft.nn.models import DAGNN, SIGN, CorrectAndSmooth

# A parallel edge, a self loop, node 5 isolated, node 6 a source only.
SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 3, 3, 4, 6, 2]), torch.tensor([1, 1, 2, 0, 0, 4, 3, 4, 2])
COUNT = 7
GRAPH = Adjacency(SOURCE, TARGET, num_sources=COUNT, num_targets=COUNT)
WEIGHT = torch.rand(len(SOURCE)) + 0.5
MASK = torch.tensor([True, False, False, True, False, True, False])
LABELS = torch.tensor([0, 2, 1, 1, 0, 2, 1])


def matrix(norm: str, weight: Tensor | None = None) -> Tensor:
    """A, dense: rows are targets."""
    weight = torch.ones(len(SOURCE)) if weight is None else weight
    dense = torch.zeros(COUNT, COUNT).index_put((TARGET, SOURCE), weight, accumulate=True)
    out_degree, in_degree = (total.where(total > 0, 1.0) for total in (dense.sum(0), dense.sum(1)))
    if norm == "right":
        return dense / in_degree[:, None]
    return dense / (in_degree[:, None] * out_degree[None]).sqrt()


def spread(a: Tensor, y: Tensor, steps: int, alpha: float, after: object = None) -> Tensor:
    first = y
    for _ in range(steps):
        y = alpha * (a @ y) + (1 - alpha) * first
        y = after(y) if after else y
    return y


@pytest.mark.parametrize("scale", [None, 0.7])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_predictions_are_corrected_and_smoothed_as_the_formula_says(scale: float | None, weight: Tensor | None) -> None:
    model = CorrectAndSmooth(3, 2, correct_alpha=0.6, smooth_alpha=0.9, scale=scale, smooth_norm="right")
    z, y = torch.rand(COUNT, 3).softmax(1), torch.nn.functional.one_hot(LABELS, 3).float()
    error = (y - z) * MASK[:, None]
    if scale is None:
        e = spread(matrix("both", weight), error, 3, 0.6, lambda v: v.clamp(-1, 1))
        factor = error.abs().sum() / 3 / e.abs().sum(1, keepdim=True)
        corrected = z + torch.where(factor.isfinite() & (factor <= 1000), factor, torch.ones(1)) * e
    else:
        e = spread(matrix("both", weight), error, 3, 0.6, lambda v: torch.where(MASK[:, None], error, v))
        corrected = z + scale * e
    torch.testing.assert_close(model.correct(GRAPH, z, LABELS, mask=MASK, edge_weight=weight), corrected)
    first = torch.where(MASK[:, None], y, corrected)
    expected = spread(matrix("right", weight), first, 2, 0.9, lambda v: v.clamp(0, 1))
    torch.testing.assert_close(model(GRAPH, z, LABELS, mask=MASK, edge_weight=weight), expected)


def test_dagnn_is_its_formula_and_every_gradient_is() -> None:
    model, x = DAGNN(4, 8, 3, num_hops=3).double(), torch.randn(COUNT, 4, dtype=torch.float64, requires_grad=True)
    z = model.second(model.first(x).relu())
    hops = [torch.linalg.matrix_power(matrix("both").double(), k) @ z for k in range(4)]
    expected = torch.stack([torch.sigmoid(h @ model.score.weight[0])[:, None] * h for h in hops]).sum(0)
    found = model(GRAPH, x)
    torch.testing.assert_close(found, expected)
    wanted = [x, *model.parameters()]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)
    assert torch.equal(torch.compile(model, fullgraph=True, backend="aot_eager")(GRAPH, x), found)


def test_sign_is_its_formula() -> None:
    model, hops = SIGN(4, 8, 2, num_hops=2), [torch.randn(5, 4) for _ in range(3)]
    joined = torch.cat([network(h) for network, h in zip(model.hops, hops, strict=True)], 1)
    torch.testing.assert_close(model(hops), model.out(model.activation(joined)))
    deep = SIGN(4, 8, 2, num_hops=2, num_layers=3, dropout=0.5)
    assert [len(list(network)) for network in (*deep.hops, deep.out)] == [7] * 4
    assert deep(hops).shape == (5, 2)


@pytest.mark.parametrize("model", [DAGNN(4, 8, 2), SIGN(4, 8, 2)], ids=["DAGNN", "SIGN"])
def test_reset_draws_all_parameters_anew(model: DAGNN | SIGN) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(7.0)
    model.reset_parameters()
    assert not any((parameter == 7.0).all() for parameter in model.parameters())


def test_what_does_not_fit_is_refused() -> None:
    pair = Adjacency(torch.tensor([0]), torch.tensor([0]), num_sources=2, num_targets=1)
    z = torch.rand(COUNT, 3)
    with pytest.raises(ShapeError, match="edges within one set of nodes"):
        CorrectAndSmooth(1, 1)(pair, z[:1], LABELS[:1], mask=MASK[:1])
    with pytest.raises(ShapeError, match=r"`mask` of \(num_nodes,\), got \(7, 3\), \(7,\) and \(3,\)"):
        CorrectAndSmooth(1, 1)(GRAPH, z, LABELS, mask=MASK[:3])
    with pytest.raises(ShapeError, match="labels below 2, as `z` has it, got 2"):
        CorrectAndSmooth(1, 1)(GRAPH, torch.rand(COUNT, 2), LABELS, mask=MASK)
    with pytest.raises(ShapeError, match="3 tensors of one shape"):
        SIGN(4, 8, 2, num_hops=2)([torch.rand(3, 4)])
    with pytest.raises(OptionError, match="`smooth_norm`"):
        CorrectAndSmooth(1, 1, smooth_norm="left")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"numbers of steps of at least 0, got 1 and -1"):
        CorrectAndSmooth(1, -1)
    with pytest.raises(OptionError, match="`smooth_alpha`"):
        CorrectAndSmooth(1, 1, smooth_alpha=1.5)
    with pytest.raises(OptionError, match="`num_hops` that is not negative, got -1"):
        DAGNN(4, 8, 2, num_hops=-1)
