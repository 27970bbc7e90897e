"""PPFConv agrees with its formula, node by node; what it refuses it explains."""

import pytest
import torch
from torch import Tensor, nn

from weft.errors import ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import PPFConv
from weft.testing import Input, LayerCase

POINTS = {"position": Input("node", (3,)), "normal": Input("node", (3,))}
CASES = {
    "PPFConv": LayerCase(
        lambda i, o: PPFConv(nn.Sequential(nn.Linear(i + 4, o), nn.Tanh(), nn.Linear(o, o)), nn.Linear(o, o)), POINTS
    ),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6)


def angle(a: Tensor, b: Tensor) -> Tensor:
    return torch.acos((a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1)))


def formula(layer: PPFConv, x: Tensor | None, position: tuple[Tensor, ...], normal: tuple[Tensor, ...]) -> Tensor:
    rows = []
    for target in range(6):
        near = SOURCE[target == TARGET]
        if len(near) == 0:
            rows.append(torch.zeros(4, dtype=torch.float64))
            continue
        d, n_i, n_j = position[0][near] - position[1][target], normal[1][target].expand(len(near), 3), normal[0][near]
        pair = torch.stack((d.norm(dim=1), angle(n_i, d), angle(n_j, d), angle(n_i, n_j)), 1)
        rows.append(layer.local_network(pair if x is None else torch.cat((x[near], pair), 1)).amax(0))
    out = torch.stack(rows)
    return out if layer.global_network is None else layer.global_network(out)


@pytest.mark.parametrize("width", [0, 2, 4])
@pytest.mark.parametrize("has_global", [True, False])
def test_agrees_with_its_formula(width: int, has_global: bool) -> None:
    local = nn.Sequential(nn.Linear(4 + width, 5), nn.Tanh(), nn.Linear(5, 4))
    layer = PPFConv(local, nn.Linear(4, 2) if has_global else None).double()
    x = torch.randn(4, width, dtype=torch.float64, requires_grad=True) if width else None
    position, normal = (
        tuple(torch.randn(n, 3, dtype=torch.float64, requires_grad=True) for n in (4, 6)) for _ in range(2)
    )
    found, expected = layer(ADJACENCY, x, position=position, normal=normal), formula(layer, x, position, normal)
    torch.testing.assert_close(found, expected)
    wanted = [*position, *normal, *layer.parameters(), *([] if x is None else [x])]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_points_at_one_place_and_parallel_normals_have_finite_gradients() -> None:
    layer, graph = PPFConv(nn.Linear(4, 3)), Graph([0, 1, 2], [1, 0, 2], 3)
    position = torch.zeros(3, 3, requires_grad=True)
    normal = torch.tensor([[0.0, 0, 1]]).expand(3, 3).clone().requires_grad_()
    out = layer(graph, position=position, normal=normal)
    torch.testing.assert_close(out, layer.local_network.bias.expand(3, 3))
    out.square().sum().backward()
    assert bool(position.grad.isfinite().all())
    assert bool(normal.grad.isfinite().all())


def test_turning_all_points_changes_nothing() -> None:
    layer = PPFConv(nn.Linear(4, 3)).double()
    graph, (position, normal) = Graph(SOURCE, TARGET, 5), torch.randn(2, 5, 3, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64)).Q
    found = layer(graph, position=position @ turn + 3, normal=normal @ turn)
    torch.testing.assert_close(found, layer(graph, position=position, normal=normal))


def test_wrong_arguments_are_told() -> None:
    layer, graph = PPFConv(nn.Linear(4, 3)), Graph(SOURCE, TARGET, 5)
    with pytest.raises(ShapeError, match=r"`position` of shape \(5, \*, 3\), got \(5, 2\)"):
        layer(graph, position=torch.randn(5, 2), normal=torch.randn(5, 3))
    with pytest.raises(ShapeError, match=r"`normal` of shape \(5, \*, 3\), got \(4, 3\)"):
        layer(graph, position=torch.randn(5, 3), normal=torch.randn(4, 3))
