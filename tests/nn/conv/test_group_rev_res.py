"""GroupRevRes agrees with its formula, keeps one result of a stack, and explains what it refuses."""

import copy
import gc
import weakref

import pytest
import torch
from torch import Tensor, nn

from tests.nn.compared import BIPARTITE, NUM_EDGES, SQUARE, assert_agrees, drawn, settled
from weft.errors import GradientError, OptionError, ShapeError
from weft.nn import GraphConv, GroupRevRes, ResGatedGraphConv
from weft.testing import LayerCase

CASES = {
    "GroupRevRes": LayerCase(
        lambda i, _: GroupRevRes(GraphConv(i // 2, i // 2)), same_width=True, bipartite=False,
        exempt={"check_autocast": "what is added up layer by layer stays in float32, so that it can be subtracted again"},
    ),
}  # fmt: skip


class Dropped(nn.Module):
    def __init__(self, width: int, norm: bool = False) -> None:
        super().__init__()
        self.conv, self.dropout = GraphConv(width, width), nn.Dropout(0.5)
        self.norm = nn.BatchNorm1d(width) if norm else nn.Identity()

    def forward(self, graph, x):
        return self.conv(graph, self.dropout(self.norm(x)))


def formula(layer: GroupRevRes, x: Tensor, **inputs: Tensor) -> Tensor:
    parts = x.chunk(layer.num_groups, -1)
    y, out = sum(parts[1:]), []
    for module, part in zip(layer.gnn_modules, parts, strict=True):
        y = part + module(SQUARE, y, **inputs)
        out.append(y)
    return torch.cat(out, -1)


@pytest.mark.parametrize("num_groups", [2, 3])
def test_agrees_with_its_formula(num_groups: int) -> None:
    layer = settled(GroupRevRes(ResGatedGraphConv(2, 2, edge_features=3), num_groups))
    x, edge = drawn(6, 2 * num_groups), drawn(NUM_EDGES, 3)
    found = layer(SQUARE, x, {"edge_features": edge})
    assert_agrees(found, formula(layer, x, edge_features=edge), [x, edge, *layer.parameters()])


def stack(depth: int, norm: bool = False) -> list[GroupRevRes]:
    return [settled(GroupRevRes(Dropped(2, norm))).train() for _ in range(depth)]


@pytest.mark.parametrize("norm", [False, True])
def test_a_stack_with_dropout_agrees_with_plain_backward(norm: bool) -> None:
    layers, x = stack(4, norm), drawn(6, 4)
    twins, results = copy.deepcopy(layers), []
    for made, call in ((layers, lambda layer, h: layer(SQUARE, h)), (twins, formula)):
        torch.manual_seed(3)
        h = x
        for layer in made:
            h = call(layer, h)
        wanted = [x, *(p for layer in made for p in layer.parameters())]
        results.append([h, *torch.autograd.grad(h.sin().sum(), wanted), *(b for m in made for b in m.buffers())])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_stack_keeps_one_result() -> None:
    layers, h, kept = stack(5), drawn(6, 4), []
    for layer in layers:
        h = layer(SQUARE, h)
        kept.append(weakref.ref(h.grad_fn.held))
    assert [ref().value is not None for ref in kept] == [False, False, False, False, True]
    h.sum().backward()
    assert [ref().value is not None for ref in kept] == [False, False, False, False, True]
    gc.disable()
    try:
        del h
        assert [ref() for ref in kept] == [None] * 5
    finally:
        gc.enable()


def test_backward_may_run_twice_and_from_the_middle() -> None:
    layers, x = stack(3), drawn(6, 4)
    first = layers[0](SQUARE, x)
    last = layers[2](SQUARE, layers[1](SQUARE, first))
    once = torch.autograd.grad(last.sum(), x, retain_graph=True)[0]
    torch.testing.assert_close(torch.autograd.grad(last.sum(), x, retain_graph=True)[0], once)
    of_first = torch.autograd.grad(first.sum(), x)[0]
    torch.manual_seed(0)
    alone = copy.deepcopy(layers[0]).eval()
    assert of_first.shape == torch.autograd.grad(alone(SQUARE, x).sum(), x)[0].shape


def test_change_in_place_is_refused() -> None:
    layer = GroupRevRes(GraphConv(2, 2))
    out = layer(SQUARE, torch.randn(6, 4))
    total = out.sum()
    out.detach().zero_()
    with pytest.raises(GradientError, match="its result as it was, got one that was changed in place"):
        total.backward()


def test_copies_have_parameters_of_their_own() -> None:
    layer = GroupRevRes(GraphConv(2, 2), 3)
    weights = [module.weight for module in layer.gnn_modules]
    assert not torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`num_groups` of at least 2, got 1"):
        GroupRevRes(GraphConv(2, 2), 1)
    layer = GroupRevRes(GraphConv(2, 2))
    with pytest.raises(ShapeError, match=r"square graph, and 2 groups of features, got \(4, 4\) for 4 sources"):
        layer(BIPARTITE, torch.randn(4, 4))
    with pytest.raises(ShapeError, match="got a pair"):
        layer(SQUARE, (torch.randn(6, 4), torch.randn(6, 4)))
    with pytest.raises(ShapeError, match=r"a network that gives \(6, 2\), got \(6, 3\)"):
        GroupRevRes(GraphConv(2, 3))(SQUARE, torch.randn(6, 4))
