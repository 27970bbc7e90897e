"""PointNetConv agrees with its formula, node by node; what it refuses it explains."""

import pytest
import torch
from torch import Tensor, nn

from weft.errors import FormulaError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import PointNetConv
from weft.testing import Input, LayerCase

POSITION = {"position": Input("node", (3,))}
CASES = {
    "PointNetConv": LayerCase(lambda i, o: PointNetConv(nn.Linear(i + 3, o), nn.Linear(o, o)), POSITION),
    "PointNetConv one network": LayerCase(
        lambda i, o: PointNetConv(nn.Sequential(nn.Linear(i + 3, o), nn.Tanh(), nn.Linear(o, o))), POSITION
    ),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6)


def formula(layer: PointNetConv, x: Tensor | None, position: tuple[Tensor, Tensor], width: int) -> Tensor:
    rows = []
    for target in range(6):
        edges = target == TARGET
        relative = position[0][SOURCE[edges]] - position[1][target]
        read = relative if x is None else torch.cat((x[SOURCE[edges]], relative), 1)
        found = layer.local_network(read)
        rows.append(found.amax(0) if len(found) else torch.zeros(width, dtype=torch.float64))
    out = torch.stack(rows)
    return out if layer.global_network is None else layer.global_network(out)


@pytest.mark.parametrize("width", [0, 2, 4])
@pytest.mark.parametrize("has_global", [True, False])
def test_agrees_with_its_formula(width: int, has_global: bool) -> None:
    local = nn.Sequential(nn.Linear(3 + width, 5), nn.Tanh(), nn.Linear(5, 4))
    layer = PointNetConv(local, nn.Linear(4, 2) if has_global else None).double()
    x = torch.randn(4, width, dtype=torch.float64, requires_grad=True) if width else None
    position = tuple(torch.randn(n, 3, dtype=torch.float64, requires_grad=True) for n in (4, 6))
    found = layer(ADJACENCY, x, position=position)
    expected = formula(layer, x, position, 4)
    torch.testing.assert_close(found, expected)
    wanted = [*position, *layer.parameters(), *([] if x is None else [x])]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_hooks_of_the_network_run() -> None:
    local, seen = nn.Sequential(nn.Linear(5, 2), nn.ReLU()), []
    layer, graph = PointNetConv(local), Graph(SOURCE, TARGET, 5)
    given = {"x": torch.randn(5, 2), "position": torch.randn(5, 3)}
    before = layer(graph, **given)
    local[0].register_forward_hook(lambda *_: seen.append(1))
    torch.testing.assert_close(layer(graph, **given), before)
    assert seen


def test_moving_all_points_changes_nothing() -> None:
    layer, graph = PointNetConv(nn.Linear(3, 4)).double(), Graph(SOURCE, TARGET, 5)
    position = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(layer(graph, position=position + 7), layer(graph, position=position))


def test_wrong_arguments_are_told() -> None:
    layer = PointNetConv(nn.Linear(5, 4))
    graph, x = Graph(SOURCE, TARGET, 5), torch.randn(5, 2)
    with pytest.raises(ShapeError, match=r"`position` of shape \(5, \*, 3\), got \(4, 3\)"):
        layer(graph, x, position=torch.randn(4, 3))
    with pytest.raises(ShapeError, match=r"`position` \(num_nodes, dims\), got \(5,\)"):
        layer(graph, x, position=torch.randn(5))
    with pytest.raises(ShapeError, match="position for both ends of a bipartite graph"):
        layer(ADJACENCY, torch.randn(4, 2), position=torch.randn(4, 3))
    with pytest.raises(ShapeError, match=r"`x` of shape \(5, \*, 2\), got \(3, 2\)"):
        layer(graph, torch.randn(3, 2), position=torch.randn(5, 3))
    with pytest.raises(ShapeError, match=r"`x` of shape \(5, in_features\), got \(5, 2, 2\)"):
        layer(graph, torch.randn(5, 2, 2), position=torch.randn(5, 3))
    with pytest.raises(FormulaError, match="BatchNorm1d"):
        PointNetConv(nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4)))(graph, x, position=torch.randn(5, 3))
