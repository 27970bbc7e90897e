"""ARMAConv agrees with dense matrices, stack by stack."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.nn.compared import assert_agrees, drawn
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import ARMAConv
from weft.testing import LayerCase

CASES = {
    "ARMAConv": LayerCase(
        lambda i, o: ARMAConv(i, o, num_stacks=2, num_layers=3, dropout=0.3, activation=torch.tanh), bipartite=False
    )
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_NODES = 5
GRAPH = Graph(SOURCE, TARGET, NUM_NODES)


def dense(weight: Tensor | None, norm: str = "none") -> Tensor:
    """(num_nodes, num_nodes), parallel edges added."""
    weight = torch.ones(7, dtype=torch.float64) if weight is None else weight
    matrix = torch.zeros(NUM_NODES, NUM_NODES, dtype=torch.float64).index_put((TARGET, SOURCE), weight, accumulate=True)
    entering = torch.tensor([1.0, 3, 2, 1, 1], dtype=torch.float64)
    leaving = torch.tensor([2.0, 1, 2, 2, 1], dtype=torch.float64)
    return matrix if norm == "none" else matrix / (entering[:, None] * leaving).sqrt()


@pytest.mark.parametrize("options", [
    {}, {"num_stacks": 2, "num_layers": 3}, {"num_layers": 3, "shared_weights": True, "norm": "none"},
    {"num_stacks": 3, "num_layers": 2, "bias": False, "activation": nn.Tanh()},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("width", [2, 9])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_dense_matrices(options: dict[str, Any], width: int, weighted: bool) -> None:
    torch.manual_seed(2)
    layer = ARMAConv(width, 3, **options).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    x, weight = drawn(NUM_NODES, width), drawn(7)
    matrix, outs = dense(weight if weighted else None, layer.norm), []
    for stack in range(layer.num_stacks):
        h = x
        for at in range(layer.num_layers):
            own = 0 if layer.shared_weights else at
            first = layer.init_weight[stack] if at == 0 else layer.weight[max(own - 1, 0), stack]
            h = matrix @ h @ first + x @ layer.root_weight[own, stack]
            h = layer.activation(h if layer.bias is None else h + layer.bias[own, stack])
        outs.append(h)
    found = layer(GRAPH, x, weight if weighted else None)
    assert_agrees(found, torch.stack(outs).mean(0), [x, weight, *layer.parameters()])


def test_dropout_is_of_what_is_added() -> None:
    layer, x = ARMAConv(3, 2, dropout=1.0, norm="none"), torch.randn(NUM_NODES, 3)
    expected = (dense(None).float() @ x @ layer.init_weight[0]).relu()
    torch.testing.assert_close(layer(GRAPH, x), expected)
    assert not torch.equal(layer.eval()(GRAPH, x), expected)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="at least one stack and one layer, got 0 and 1"):
        ARMAConv(3, 2, num_stacks=0)
    with pytest.raises(OptionError, match="`norm` to be one of both, none, got 'left'"):
        ARMAConv(3, 2, norm="left")
    pair = Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6)
    with pytest.raises(ShapeError, match="a graph whose targets are its sources, got 4 sources and 6 targets"):
        ARMAConv(3, 2)(pair, torch.randn(4, 3))
    with pytest.raises(ShapeError, match="one tensor of features, got a pair"):
        ARMAConv(3, 2)(GRAPH, (torch.randn(5, 3), torch.randn(5, 3)))


def test_text_form_is_the_constructor() -> None:
    options = "num_stacks=1, num_layers=1, shared_weights=False, dropout=0.0, norm='both', activation=relu, bias=True"
    assert repr(ARMAConv(3, 2)) == f"ARMAConv(3, 2, {options})"
