"""The unfolding agrees with its formula on dense matrices, with attention and without."""

import pytest
import torch
from torch import Tensor

from tests.nn.compared import NUM_EDGES, NUM_NODES, SOURCE, SQUARE, TARGET, assert_agrees, drawn, matrix
from weft.errors import OptionError, ShapeError
from weft.nn import TWIRLSUnfoldingAndAttention
from weft.testing import LayerCase

CASES = {
    "TWIRLSUnfoldingAndAttention": LayerCase(
        lambda i, o: TWIRLSUnfoldingAndAttention(o, 3, alpha=0.6, smoothness=0.7), bipartite=False, same_width=True
    ),
    "TWIRLSUnfoldingAndAttention attention": LayerCase(
        lambda i, o: TWIRLSUnfoldingAndAttention(o, 3, alpha=0.6, attention_after=1, learn_eta=True, tau=0.01),
        bipartite=False,
        same_width=True,
    ),
}


def attention(layer: TWIRLSUnfoldingAndAttention, y: Tensor, weight: Tensor) -> Tensor:
    z = y if layer.etas is None else y * layer.etas
    square = ((z[SOURCE] - z[TARGET]) ** 2).sum(-1)
    near = square < layer.tau**2
    safe = torch.where(near, 1.0, square).sqrt()
    factor = torch.where(near, layer.tau ** (layer.p - 2), safe ** (layer.p - 2))
    return torch.where(square > layer.upper**2, 0.0, factor) * weight


def formula(layer: TWIRLSUnfoldingAndAttention, x: Tensor, weight: Tensor) -> Tensor:
    """The layer as its docstring tells it."""
    y, a, lam = x, layer.alpha, layer.smoothness
    dense = matrix(attention(layer, x, weight) if layer.attends_first else weight)
    for at in range(layer.k):
        if at > 0 and at == layer.attention_after:
            dense = matrix(attention(layer, y, weight))
        enter = dense.sum(1)
        if layer.precondition:
            m = lam * enter + 1 - lam
            m = torch.where(m > 0, m, 1.0)
            y = (1 - a) * y + a * (lam * (dense / (m[:, None] * m).sqrt()) @ y + x / m[:, None])
        else:
            enter = torch.where(enter > 0, enter, 1.0)
            y = (1 - a - a * lam) * y + a * (lam * (dense / (enter[:, None] * enter).sqrt()) @ y + x)
    return y


@pytest.mark.parametrize("precondition", [False, True])
@pytest.mark.parametrize("weighted", ["no", "constant", "learned"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"smoothness": 1.0, "alpha": 1.0},
        {"attention_after": 2, "learn_eta": True},
        {"attends_first": True, "upper": 2.0, "tau": 0.9},
        {"attends_first": True, "attention_after": 1, "p": 0.5},
    ],
)
def test_agrees_with_its_formula(precondition: bool, weighted: str, options: dict[str, float]) -> None:
    torch.manual_seed(3)
    given = {"alpha": 0.6, "smoothness": 0.7, **options}
    layer = TWIRLSUnfoldingAndAttention(3, 3, precondition=precondition, **given).double()
    x, weight = drawn(NUM_NODES, 3), drawn(NUM_EDGES, positive=True)
    edge_weight = {"no": None, "constant": weight.detach(), "learned": weight}[weighted]
    expected = formula(layer, x, torch.ones(NUM_EDGES).double() if edge_weight is None else edge_weight)
    wanted = [x, *layer.parameters(), *([weight] if weighted == "learned" else [])]
    assert_agrees(layer(SQUARE, x, edge_weight), expected, wanted)


def test_attention_drops_edges_in_training() -> None:
    layer, x = TWIRLSUnfoldingAndAttention(3, 2, attends_first=True, attention_dropout=1.0), torch.randn(NUM_NODES, 3)
    assert torch.equal(layer(SQUARE, x)[0], layer(SQUARE, x)[0])
    assert not torch.allclose(layer(SQUARE, x), layer.eval()(SQUARE, x))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`k` of at least 0, got -1"):
        TWIRLSUnfoldingAndAttention(3, -1)
    with pytest.raises(OptionError, match="`attention_dropout` from 0 to 1"):
        TWIRLSUnfoldingAndAttention(3, 1, attention_dropout=2)
    with pytest.raises(ShapeError, match=r"`x` of shape \(6, \*, 3\), got \(6, 2\)"):
        TWIRLSUnfoldingAndAttention(3, 1)(SQUARE, torch.ones(6, 2))
