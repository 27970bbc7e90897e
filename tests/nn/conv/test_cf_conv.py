"""CFConv agrees with its formula; what it refuses it explains."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.nn.compared import BIPARTITE, NUM_EDGES, SOURCE, assert_agrees, drawn, settled, sums
from weft.errors import ShapeError
from weft.nn import CFConv
from weft.testing import Input, LayerCase

CASES = {
    "CFConv": LayerCase(lambda i, o: CFConv(i, o, 3), inputs={"edge_features": Input("edge", (3,))}),
}


def ssp(x: Tensor) -> Tensor:
    return functional.softplus(x) - math.log(2)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("activation", [False, True])
def test_agrees_with_its_formula(weighted: bool, activation: bool) -> None:
    layer = settled(CFConv(3, 4, 2, hidden_features=5, activation=activation, input_bias=activation))
    x, edge, weight = drawn(4, 3), drawn(NUM_EDGES, 2), drawn(NUM_EDGES)
    found = layer(BIPARTITE, x, weight if weighted else None, edge_features=edge)
    steps = layer.project_edge
    messages = layer.project_node(x)[SOURCE] * ssp(steps[2](ssp(steps[0](edge))))
    expected = layer.project_out[0](sums(messages * weight[:, None] if weighted else messages))
    wanted = [x, edge, *([weight] if weighted else []), *layer.parameters()]
    assert_agrees(found, ssp(expected) if activation else expected, wanted)


def test_network_may_be_another() -> None:
    network = nn.Sequential(nn.Linear(2, 4), nn.ELU())
    layer = settled(CFConv(3, 4, 2, network=network))
    x, edge = drawn(4, 3), drawn(NUM_EDGES, 2)
    expected = layer.project_out(sums(layer.project_node(x)[SOURCE] * network(edge)))
    assert_agrees(layer(BIPARTITE, x, edge_features=edge), expected, [x, edge, *layer.parameters()])


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, \*, 2\), got \(7, 3\)"):
        CFConv(3, 4, 2)(BIPARTITE, torch.randn(4, 3), edge_features=torch.randn(7, 3))


def test_text_form_is_the_constructor() -> None:
    text = CFConv(3, 4, 2, hidden_features=5).extra_repr()
    assert text == "3, 4, 2, hidden_features=5, input_bias=True, activation=True"
