"""EdgeWeightNorm divides weights by sums at their ends."""

import pytest
import torch

from tests.nn.compared import BIPARTITE, NUM_EDGES, NUM_NODES, SOURCE, SQUARE, TARGET, assert_agrees, drawn
from weft.errors import OptionError, ShapeError
from weft.nn import EdgeWeightNorm, GraphConv, SGConv


@pytest.mark.parametrize("norm", ["none", "both", "in", "left", "right"])
@pytest.mark.parametrize("eps", [0.0, 0.2])
@pytest.mark.parametrize("is_square", [True, False])
def test_agrees_with_its_formula(norm: str, eps: float, is_square: bool) -> None:
    if norm == "in" and not is_square:
        return
    graph, source, target = (SQUARE, SOURCE, TARGET) if is_square else (BIPARTITE, SOURCE, TARGET)
    weight = drawn(len(source), positive=True)
    out = weight.new_zeros(NUM_NODES).index_add(0, source, weight) + eps
    enter = weight.new_zeros(NUM_NODES).index_add(0, target, weight) + eps
    enter = torch.where(enter > 0, enter, 1.0)
    divisor = {
        "none": torch.ones_like(weight),
        "both": (out[source] * enter[target]).sqrt(),
        "in": (enter[source] * enter[target]).sqrt(),
        "left": out[source],
        "right": enter[target],
    }[norm]
    assert_agrees(EdgeWeightNorm(norm, eps=eps)(graph, weight), weight / divisor, [weight])


def test_a_convolution_without_norm_on_its_weights_is_one_with_the_norm() -> None:
    x, weight = torch.randn(NUM_NODES, 3), torch.rand(NUM_EDGES)
    layer, plain = SGConv(3, 3, norm="both", bias=False), GraphConv(3, 3, norm="none", bias=False)
    plain.load_state_dict({"weight": layer.fc.weight.detach().T})
    torch.testing.assert_close(plain(SQUARE, x, EdgeWeightNorm()(SQUARE, weight)), layer(SQUARE, x, weight))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`norm` to be one of none, both, in, left, right, got 'l2'"):
        EdgeWeightNorm("l2")
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\), got \(7, 2\)"):
        EdgeWeightNorm()(SQUARE, torch.ones(NUM_EDGES, 2))
    with pytest.raises(ShapeError, match='a square graph for "in"'):
        EdgeWeightNorm("in")(BIPARTITE, torch.ones(NUM_EDGES))


def test_text_form_is_the_constructor() -> None:
    assert repr(EdgeWeightNorm("right", eps=0.1)) == "EdgeWeightNorm('right', eps=0.1)"
