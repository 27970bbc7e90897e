"""MeshCNNConv agrees with its formula, edge by edge of a mesh; what it refuses it explains."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from weft.errors import OptionError, ShapeError, StructureError
from weft.graph import Adjacency, Graph, adjacency_of
from weft.nn import MeshCNNConv
from weft.testing import LayerCase

# The six edges of a tetrahedron, and the four around each: two of one of its faces, then two of the other, in turn.
AROUND = torch.tensor([[1, 3, 4, 2], [3, 0, 2, 5], [0, 4, 5, 1], [0, 1, 5, 4], [2, 0, 3, 5], [1, 2, 4, 3]])


def mesh(around: Tensor) -> Adjacency:
    count = around.shape[0]
    targets = torch.arange(count).repeat_interleave(4)
    return Adjacency(around.flatten(), targets, num_sources=count, num_targets=count)


def on_a_mesh(layer: Any, graph: Any, x: Any, _: Any) -> Any:
    """The contract's graphs give no node four edges, but some of their size do."""
    count = x.shape[0]
    if adjacency_of(graph).num_sources != adjacency_of(graph).num_targets:
        return layer(graph, x)
    around = (torch.arange(count).unsqueeze(1) + torch.arange(1, 5)) % max(count, 1)
    targets = torch.arange(count).unsqueeze(1).expand(-1, 4)
    flat = around.reshape(-1), targets.reshape(-1)
    return layer(Adjacency(*flat, num_sources=count, num_targets=count), x)


ORDERED = ("check_permutation", "check_isolated", "check_parallel_edges", "check_self_loops")
IDS = "as many nodes as int32 counts have more edges than int32 counts"
FOUR = "a mesh gives every node four edges in an order that counts"
CASES = {
    "MeshCNNConv": LayerCase(
        MeshCNNConv,
        bipartite=False,
        call=on_a_mesh,
        exempt={**dict.fromkeys(ORDERED, FOUR), "check_export": IDS},
    ),
}


def formula(layer: MeshCNNConv, x: Tensor, around: Tensor) -> Tensor:
    rows = []
    for own, (a, b, c, d) in zip(x, around.tolist(), strict=True):
        seen = (own, (x[a] - x[c]).abs(), x[a] + x[c], (x[b] - x[d]).abs(), x[b] + x[d])
        rows.append(sum(kernel(each) for kernel, each in zip(layer.kernels, seen, strict=True)))
    return torch.stack(rows)


@pytest.mark.parametrize("kernels", [None, nn.ModuleList(nn.Sequential(nn.Linear(3, 2), nn.Tanh()) for _ in range(5))])
def test_agrees_with_its_formula(kernels: nn.ModuleList | None) -> None:
    layer = MeshCNNConv(3, 2, kernels=kernels).double()
    x = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    found, expected = layer(mesh(AROUND), x), formula(layer, x, AROUND)
    torch.testing.assert_close(found, expected)
    wanted = [x, *layer.parameters()]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_either_side_may_be_first() -> None:
    layer, x = MeshCNNConv(3, 2).double(), torch.randn(6, 3, dtype=torch.float64)
    torch.testing.assert_close(layer(mesh(AROUND[:, [2, 3, 0, 1]]), x), layer(mesh(AROUND), x))
    assert not torch.allclose(layer(mesh(AROUND[:, [1, 0, 2, 3]]), x), layer(mesh(AROUND), x))


def test_numbering_of_the_mesh_does_not_count() -> None:
    layer, x = MeshCNNConv(3, 2).double(), torch.randn(6, 3, dtype=torch.float64)
    node = torch.randperm(6)
    back = node.argsort()
    torch.testing.assert_close(layer(mesh(node[AROUND][back]), x[back]), layer(mesh(AROUND), x)[back])


def test_order_of_targets_among_the_edges_does_not_count() -> None:
    layer, x = MeshCNNConv(3, 2), torch.randn(6, 3)
    source, target = AROUND.T.flatten(), torch.arange(6).repeat(4)
    torch.testing.assert_close(layer(Graph(source, target, 6), x), layer(mesh(AROUND), x))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="5 `kernels`, got 2"):
        MeshCNNConv(3, 2, kernels=nn.ModuleList([nn.Linear(3, 2), nn.Linear(3, 2)]))
    layer = MeshCNNConv(3, 2)
    with pytest.raises(StructureError, match="four edges into each node, got another number"):
        layer(Graph([0, 1], [1, 2], 3), torch.randn(3, 3))
    with pytest.raises(StructureError, match="four edges into each node"):
        layer(Graph([0] * 8, [0] * 3 + [1] * 5, 2), torch.randn(2, 3))
    with pytest.raises(ShapeError, match="a square graph, got 4 sources and 6 targets"):
        layer(Adjacency([0], [0], num_sources=4, num_targets=6), torch.randn(4, 3))
    with pytest.raises(ShapeError, match=r"`x` of shape \(6, \*, 3\), got \(6, 2\)"):
        layer(mesh(AROUND), torch.randn(6, 2))


def test_reset_draws_all_anew_and_text_form_tells_sizes() -> None:
    layer = MeshCNNConv(3, 2)
    before = {name: value.clone() for name, value in layer.named_parameters()}
    layer.reset_parameters()
    assert [name for name, value in layer.named_parameters() if torch.equal(value, before[name])] == []
    assert layer.extra_repr() == "3, 2"
