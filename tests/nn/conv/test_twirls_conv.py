"""TWIRLSConv is its networks around the unfolding; what it refuses it explains."""

import pytest
import torch
from torch import Tensor, nn

from tests.nn.compared import NUM_NODES, SQUARE, assert_agrees, drawn, settled
from weft.errors import OptionError, ShapeError
from weft.nn import TWIRLSConv
from weft.testing import LayerCase

CASES = {
    "TWIRLSConv": LayerCase(lambda i, o: TWIRLSConv(i, o, 5, k=3, num_before=2, norm="layer"), bipartite=False),
    "TWIRLSConv attention": LayerCase(
        lambda i, o: TWIRLSConv(i, o, 4, k=2, attention=True, num_after=0, num_before=2), bipartite=False
    ),
}


def network(mlp: nn.Module, x: Tensor, begins_active: bool) -> Tensor:
    norms = list(mlp.norms)
    for at, layer in enumerate(mlp.layers):
        if at > 0 or begins_active:
            x = (norms.pop(0)(x) if norms else x).relu()
        x = layer(x)
    return x


@pytest.mark.parametrize(("before", "after"), [(1, 1), (2, 2), (0, 2), (2, 0)])
@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
def test_networks_stand_around_the_unfolding(before: int, after: int, norm: str) -> None:
    layer = settled(TWIRLSConv(3, 2, 5, k=2, num_before=before, num_after=after, norm=norm, smoothness=0.5))
    x = drawn(NUM_NODES, 3)
    assert layer.unfolding.alpha == 1 / 1.5
    expected = network(layer.mlp_aft, layer.unfolding(SQUARE, network(layer.mlp_bef, x, False)), before > 0)
    assert expected.shape == (NUM_NODES, 2)
    assert_agrees(layer(SQUARE, x), expected, [x, *layer.parameters()])


def test_dropout_is_for_training() -> None:
    layer, x = TWIRLSConv(3, 2, 5, k=2, input_dropout=1.0, dropout=0.5), torch.randn(NUM_NODES, 3)
    assert torch.equal(layer.eval()(SQUARE, x), layer(SQUARE, x))
    assert not torch.equal(layer.train()(SQUARE, x), layer.eval()(SQUARE, x))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`norm` to be one of none, layer, batch, got 'group'"):
        TWIRLSConv(3, 2, 5, k=2, norm="group")
    with pytest.raises(OptionError, match="at least one linear map in `num_before` and `num_after`, got 0 and 0"):
        TWIRLSConv(3, 2, 5, k=2, num_before=0, num_after=0)
    with pytest.raises(ShapeError, match=r"TWIRLSConv: expected `x` of shape \(6, \*, 3\), got \(7, 3\)"):
        TWIRLSConv(3, 3, 5, k=2, num_before=0)(SQUARE, torch.ones(7, 3))
