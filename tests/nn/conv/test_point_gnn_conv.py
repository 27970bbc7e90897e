"""PointGNNConv agrees with its formula, node by node; what it refuses it explains."""

import pytest
import torch
from torch import Tensor, nn

from weft.errors import ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import PointGNNConv
from weft.testing import Input, LayerCase

CASES = {
    "PointGNNConv": LayerCase(
        lambda _, o: PointGNNConv(nn.Linear(o, 3), nn.Linear(3 + o, 5), nn.Linear(5, o)),
        {"position": Input("node", (3,))},
        same_width=True,
    ),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6)


def make(width: int) -> PointGNNConv:
    edge = nn.Sequential(nn.Linear(3 + width, 5), nn.Tanh(), nn.Linear(5, 4))
    return PointGNNConv(nn.Linear(2, 3), edge, nn.Linear(4, 2))


def formula(layer: PointGNNConv, x: tuple[Tensor, ...], position: tuple[Tensor, ...]) -> Tensor:
    rows = []
    for target in range(6):
        near = SOURCE[target == TARGET]
        place = position[0][near] - position[1][target] + layer.offset_network(x[1][target])
        found = layer.edge_network(torch.cat((place, x[0][near]), 1))
        best = found.amax(0) if len(near) else torch.zeros(4, dtype=torch.float64)
        rows.append(x[1][target] + layer.update_network(best))
    return torch.stack(rows)


@pytest.mark.parametrize("width", [2, 5])
def test_agrees_with_its_formula(width: int) -> None:
    layer = make(width).double()
    x = tuple(torch.randn(n, w, dtype=torch.float64, requires_grad=True) for n, w in ((4, width), (6, 2)))
    position = tuple(torch.randn(n, 3, dtype=torch.float64, requires_grad=True) for n in (4, 6))
    found, expected = layer(ADJACENCY, x, position=position), formula(layer, x, position)
    torch.testing.assert_close(found, expected)
    wanted = [*x, *position, *layer.parameters()]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_moving_all_points_changes_nothing() -> None:
    layer, graph = make(2).double(), Graph(SOURCE, TARGET, 5)
    x, position = (torch.randn(5, width, dtype=torch.float64) for width in (2, 3))
    torch.testing.assert_close(layer(graph, x, position=position - 4), layer(graph, x, position=position))


def test_wrong_arguments_are_told() -> None:
    layer, graph = make(2), Graph(SOURCE, TARGET, 5)
    with pytest.raises(ShapeError, match=r"`offset_network` to return \(5, 2\), as positions are, got \(5, 3\)"):
        layer(graph, torch.randn(5, 2), position=torch.randn(5, 2))
    with pytest.raises(ShapeError, match=r"`x` of shape \(5, \*, 2\), got \(4, 2\)"):
        layer(graph, torch.randn(4, 2), position=torch.randn(5, 3))
