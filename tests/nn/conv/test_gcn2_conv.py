"""GCN2Conv agrees with dense matrices; what it refuses it explains."""

import math
from typing import Any

import pytest
import torch

from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import GCN2Conv
from weft.testing import Input, LayerCase

X_INITIAL = {"x_initial": Input("target", (-1,))}
CASES = {
    "GCN2Conv": LayerCase(lambda i, o: GCN2Conv(i, 2), inputs=X_INITIAL, same_width=True),
    "GCN2Conv two weights": LayerCase(
        lambda i, o: GCN2Conv(i, 1, alpha=0.4, theta=0.5, shared_weights=False, norm="none"),
        inputs=X_INITIAL,
        same_width=True,
    ),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)
OUT, IN = torch.tensor([2.0, 1, 2, 2], dtype=torch.float64), torch.tensor([1.0, 3, 2, 1, 1, 1], dtype=torch.float64)


@pytest.mark.parametrize("options", [
    {}, {"norm": "none"}, {"shared_weights": False}, {"alpha": 0.7, "theta": 0.3, "bias": False},
    {"shared_weights": False, "alpha": 0.6, "norm": "none"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_dense_matrices(options: dict[str, Any], weighted: bool) -> None:
    layer = GCN2Conv(3, 2, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(NUM_SOURCES, 3, dtype=torch.float64, requires_grad=True)
    initial = torch.randn(NUM_TARGETS, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.rand(7, dtype=torch.float64, requires_grad=True)
    found = layer(ADJACENCY, x, weight if weighted else None, x_initial=initial)
    dense = torch.zeros(NUM_TARGETS, NUM_SOURCES, dtype=torch.float64)
    dense = dense.index_put((TARGET, SOURCE), weight if weighted else torch.ones_like(weight), accumulate=True)
    if layer.norm == "both":
        dense = dense / (IN[:, None] * OUT).sqrt()
    alpha, beta, eye = layer.alpha, math.log(layer.theta / 2 + 1), torch.eye(3, dtype=torch.float64)
    second = layer.weight1 if layer.weight2 is None else layer.weight2
    expected = (1 - alpha) * dense @ x @ ((1 - beta) * eye + beta * layer.weight1)
    expected = expected + alpha * initial @ ((1 - beta) * eye + beta * second)
    if layer.bias is not None:
        expected = expected + layer.bias
    torch.testing.assert_close(found, expected)
    wanted = [x, initial, *layer.parameters(), *([weight] if weighted else [])]
    gradients = [torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_isolated_node_keeps_its_initial_features() -> None:
    layer, initial = GCN2Conv(3, 1, alpha=0.25), torch.randn(NUM_TARGETS, 3)
    found = layer(ADJACENCY, torch.randn(NUM_SOURCES, 3), x_initial=initial)
    beta = math.log(2)
    matrix = (1 - beta) * torch.eye(3) + beta * layer.weight1
    torch.testing.assert_close(found[[3, 5]], 0.25 * initial[[3, 5]] @ matrix)


def test_inputs_stay_as_they_were() -> None:
    x, initial = torch.randn(5, 3), torch.randn(5, 3)
    before = x.clone(), initial.clone()
    for shared in (True, False):
        with torch.no_grad():
            GCN2Conv(3, 1, shared_weights=shared)(Graph(SOURCE, TARGET, 5), x, x_initial=initial)
        assert torch.equal(x, before[0])
        assert torch.equal(initial, before[1])


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    layer, x, initial = GCN2Conv(3, 1), torch.randn(NUM_SOURCES, 5, 3), torch.randn(NUM_TARGETS, 5, 3)
    found = layer(ADJACENCY, x, x_initial=initial)
    torch.testing.assert_close(found[:, 2], layer(ADJACENCY, x[:, 2], x_initial=initial[:, 2]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`norm` to be one of both, none, got 'left'"):
        GCN2Conv(3, 1, norm="left")
    with pytest.raises(OptionError, match=r"`layer` from 1 and `theta` above 0, got 0 and 1.0"):
        GCN2Conv(3, 0)
    layer = GCN2Conv(3, 1)
    with pytest.raises(ShapeError, match=r"`x_initial` of shape \(6, 3\), got \(4, 3\)"):
        layer(ADJACENCY, torch.randn(4, 3), x_initial=torch.randn(4, 3))
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\), got \(7, 1\)"):
        layer(ADJACENCY, torch.randn(4, 3), torch.rand(7, 1), x_initial=torch.randn(6, 3))


def test_text_form_is_the_constructor() -> None:
    expected = "GCN2Conv(3, 2, alpha=0.1, theta=1.0, shared_weights=False, norm='both', bias=True)"
    assert repr(GCN2Conv(3, 2, shared_weights=False)) == expected
