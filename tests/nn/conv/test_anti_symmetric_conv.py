"""AntiSymmetricConv agrees with its steps, written out with dense matrices."""

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.nn.compared import assert_agrees, drawn
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import AntiSymmetricConv, GraphConv, SAGEConv
from weft.testing import LayerCase

CASES = {
    "AntiSymmetricConv": LayerCase(
        lambda i, o: AntiSymmetricConv(i, num_steps=2, epsilon=0.3), bipartite=False, same_width=True
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
    {}, {"num_steps": 3, "epsilon": 0.4, "gamma": 0.7}, {"bias": False, "activation": torch.relu},
], ids=lambda each: ", ".join(each) if isinstance(each, dict) else str(each))  # fmt: skip
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_steps(options: dict[str, Any], weighted: bool) -> None:
    layer = AntiSymmetricConv(3, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x, weight = drawn(NUM_NODES, 3), drawn(7)
    matrix, h = dense(weight if weighted else None, "both"), x
    own = layer.W - layer.W.T - layer.gamma * torch.eye(3, dtype=torch.float64)
    for _ in range(layer.num_steps):
        change = h @ own.T + matrix @ h @ layer.phi.weight + (0 if layer.bias is None else layer.bias)
        h = h + layer.epsilon * layer.activation(change)
    found = layer(GRAPH, x, weight if weighted else None)
    assert_agrees(found, h, [x, weight, *layer.parameters()])


def test_any_layer_may_be_phi() -> None:
    phi = SAGEConv(3, 3, "max")
    layer, x = AntiSymmetricConv(3, phi, gamma=0.0, epsilon=1.0), torch.randn(NUM_NODES, 3)
    torch.nn.init.zeros_(layer.W)
    torch.testing.assert_close(layer(GRAPH, x), x + phi(GRAPH, x).tanh())
    before = phi.fc_self.weight.clone()
    layer.reset_parameters()
    assert not torch.equal(phi.fc_self.weight, before)
    assert isinstance(AntiSymmetricConv(3).phi, GraphConv)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`num_steps` of at least 1, got 0"):
        AntiSymmetricConv(3, num_steps=0)
    with pytest.raises(ShapeError, match="a graph whose targets are its sources"):
        AntiSymmetricConv(3)(Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6), torch.randn(4, 3))
    options = "num_steps=1, epsilon=0.1, gamma=0.1, activation=tanh, bias=True"
    assert AntiSymmetricConv(3).extra_repr() == f"3, {options}"
