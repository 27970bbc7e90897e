"""PointTransformerConv agrees with its formula, node by node; what it refuses it explains."""

import pytest
import torch
from torch import Tensor, nn

from weft.errors import ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import PointTransformerConv
from weft.testing import Input, LayerCase

POSITION = {"position": Input("node", (3,))}
CASES = {
    "PointTransformerConv": LayerCase(lambda i, o: PointTransformerConv(i, o, attention_network=smooth(o)), POSITION),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6)


def smooth(width: int) -> nn.Module:
    """A network of which no bias is lost in the softmax."""
    return nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, width, bias=False))


def formula(layer: PointTransformerConv, x: tuple[Tensor, Tensor], position: tuple[Tensor, Tensor]) -> Tensor:
    rows = []
    for target in range(6):
        near = SOURCE[target == TARGET]
        if len(near) == 0:
            rows.append(torch.zeros(layer.out_features, dtype=torch.float64))
            continue
        place = layer.position_network(position[1][target] - position[0][near])
        score = layer.attention_network(layer.fc_query(x[1][target]) - layer.fc_key(x[0][near]) + place)
        rows.append((score.softmax(0) * (layer.fc_value(x[0][near]) + place)).sum(0))
    return torch.stack(rows)


@pytest.mark.parametrize("networks", [{}, {"position_network": nn.Linear(3, 4), "attention_network": nn.Identity()}])
def test_agrees_with_its_formula(networks: dict[str, nn.Module]) -> None:
    layer = PointTransformerConv((2, 5), 4, **networks).double()
    x = tuple(torch.randn(n, w, dtype=torch.float64, requires_grad=True) for n, w in ((4, 2), (6, 5)))
    position = tuple(torch.randn(n, 3, dtype=torch.float64, requires_grad=True) for n in (4, 6))
    found, expected = layer(ADJACENCY, x, position=position), formula(layer, x, position)
    torch.testing.assert_close(found, expected)
    wanted = [*x, *position, *layer.parameters()]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_reset_draws_all_anew() -> None:
    layer = PointTransformerConv(2, 4)
    before = {name: value.clone() for name, value in layer.named_parameters()}
    layer.reset_parameters()
    assert [name for name, value in layer.named_parameters() if torch.equal(value, before[name])] == []


def test_wrong_arguments_are_told() -> None:
    layer, graph = PointTransformerConv(2, 4), Graph(SOURCE, TARGET, 5)
    with pytest.raises(ShapeError, match=r"`x` of shape \(5, \*, 2\), got \(5, 3\)"):
        layer(graph, torch.randn(5, 3), position=torch.randn(5, 3))
    with pytest.raises(ShapeError, match=r"`position\[1\]` of shape \(6, \*, 3\), got \(6, 2\)"):
        layer(ADJACENCY, (torch.randn(4, 2), torch.randn(6, 2)), position=(torch.randn(4, 3), torch.randn(6, 2)))


def test_text_form_tells_sizes() -> None:
    assert PointTransformerConv((3, 2), 4).extra_repr() == "(3, 2), 4"
