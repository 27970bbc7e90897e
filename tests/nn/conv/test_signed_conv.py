"""SignedConv agrees with its formula, node by node; what it refuses it explains."""

from typing import Any

import pytest
import torch
from torch import Tensor

from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import SignedConv
from weft.testing import LayerCase


def twice(layer: Any, graph: Any, x: Any, _: Any) -> Any:
    """Every edge is a friend's and an enemy's."""
    return layer((graph, graph), x)


CASES = {
    "SignedConv first": LayerCase(lambda i, o: SignedConv(i, o // 2, first=True), call=twice),
    "SignedConv": LayerCase(lambda i, o: SignedConv(i // 2, o // 2, first=False, bias=False), call=twice),
}

POSITIVE = Adjacency(torch.tensor([0, 0, 1, 2, 3]), torch.tensor([1, 1, 2, 2, 0]), num_sources=4, num_targets=6)
NEGATIVE = Adjacency(torch.tensor([2, 3, 3, 1]), torch.tensor([0, 4, 1, 1]), num_sources=4, num_targets=6)


def mean(edges: Adjacency, x: Tensor) -> Tensor:
    rows = [x[edges.source[edges.target == target]] for target in range(6)]
    return torch.stack([row.mean(0) if len(row) else torch.zeros_like(x[0]) for row in rows])


def formula(layer: SignedConv, x: Tensor, own: Tensor) -> Tensor:
    if layer.first:
        pos = layer.fc_neigh_pos(mean(POSITIVE, x)) + layer.fc_self_pos(own)
        neg = layer.fc_neigh_neg(mean(NEGATIVE, x)) + layer.fc_self_neg(own)
        return torch.cat((pos, neg), 1)
    y, z = x.chunk(2, 1)
    own_y, own_z = own.chunk(2, 1)
    pos = layer.fc_neigh_pos(torch.cat((mean(POSITIVE, y), mean(NEGATIVE, z)), 1)) + layer.fc_self_pos(own_y)
    neg = layer.fc_neigh_neg(torch.cat((mean(POSITIVE, z), mean(NEGATIVE, y)), 1)) + layer.fc_self_neg(own_z)
    return torch.cat((pos, neg), 1)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("width", "out"), [(2, 5), (5, 2)])
@pytest.mark.parametrize("bias", [True, False])
def test_agrees_with_its_formula(first: bool, width: int, out: int, bias: bool) -> None:
    layer = SignedConv(width, out, first=first, bias=bias).double()
    columns = width if first else 2 * width
    x, own = (torch.randn(n, columns, dtype=torch.float64, requires_grad=True) for n in (4, 6))
    found, expected = layer((POSITIVE, NEGATIVE), (x, own)), formula(layer, x, own)
    torch.testing.assert_close(found, expected)
    wanted = [x, own, *layer.parameters()]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    x, own = torch.randn(4, 5, 6), torch.randn(6, 5, 6)
    for layer in (SignedConv(6, 2, first=True), SignedConv(3, 4, first=False), SignedConv(3, 2, first=False)):
        found = layer((POSITIVE, NEGATIVE), (x, own))[:, 2]
        torch.testing.assert_close(found, layer((POSITIVE, NEGATIVE), (x[:, 2], own[:, 2])))


def test_wrong_arguments_are_told() -> None:
    layer, graph = SignedConv(3, 2, first=True), Graph([0, 1], [1, 2], 3)
    with pytest.raises(OptionError, match=r"a pair of graphs, \(positive, negative\), got Graph"):
        layer(graph, torch.randn(3, 3))
    with pytest.raises(ShapeError, match=r"`x` of shape \(4, \*, 3\), got \(3, 3\)"):
        layer((graph, Graph([0, 1], [1, 2], 4)), torch.randn(3, 3))
    with pytest.raises(ShapeError, match=r"`x` of shape \(3, \*, 6\), got \(3, 3\)"):
        SignedConv(3, 2, first=False)((graph, graph), torch.randn(3, 3))


def test_reset_draws_all_anew_and_text_form_is_the_constructor() -> None:
    layer = SignedConv(3, 2, first=False)
    before = {name: value.clone() for name, value in layer.named_parameters()}
    layer.reset_parameters()
    assert [name for name, value in layer.named_parameters() if torch.equal(value, before[name])] == []
    assert layer.extra_repr() == "3, 2, first=False, bias=True"
