"""GraphConv agrees with dense matrices; what it refuses it explains."""

import pytest
import torch
from torch import Tensor

from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency
from weft.nn import GraphConv

CASES = {
    "GraphConv both": lambda i, o: GraphConv(i, o),
    "GraphConv left": lambda i, o: GraphConv(i, o, norm="left", bias=False),
    "GraphConv right": lambda i, o: GraphConv(i, o, norm="right"),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)
OUT, IN = torch.tensor([2.0, 1, 2, 2], dtype=torch.float64), torch.tensor([1.0, 3, 2, 1, 1, 1], dtype=torch.float64)
NORMALISED = {
    "none": lambda dense: dense,
    "left": lambda dense: dense / OUT,
    "right": lambda dense: dense / IN[:, None],
    "both": lambda dense: dense / (IN[:, None] * OUT).sqrt(),
}


def dense(weight: Tensor) -> Tensor:
    """(num_targets, num_sources), parallel edges added."""
    at = TARGET * NUM_SOURCES + SOURCE
    return (
        torch.zeros(NUM_TARGETS * NUM_SOURCES, dtype=torch.float64)
        .index_add(0, at, weight)
        .reshape(NUM_TARGETS, NUM_SOURCES)
    )


@pytest.mark.parametrize("norm", NORMALISED)
@pytest.mark.parametrize(("width", "out"), [(3, 5), (5, 3), (4, 4)])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_dense_matrices(norm: str, width: int, out: int, weighted: bool) -> None:
    layer = GraphConv(width, out, norm=norm).double()
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(NUM_SOURCES, width, dtype=torch.float64, requires_grad=True)
    weight = torch.rand(7, dtype=torch.float64, requires_grad=True)
    found = layer(ADJACENCY, x, weight if weighted else None)
    expected = NORMALISED[norm](dense(weight if weighted else torch.ones_like(weight))) @ x @ layer.weight + layer.bias
    torch.testing.assert_close(found, expected)
    wanted = [x, *layer.parameters(), *([weight] if weighted else [])]
    gradients = [torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("norm", NORMALISED)
def test_inputs_stay_as_they_were(norm: str) -> None:
    for layer in (GraphConv(3, 3, norm=norm), GraphConv(3, 5, norm=norm), GraphConv(3, 3, norm=norm, weight=False)):
        x = torch.randn(NUM_SOURCES, 3)
        before = x.clone()
        with torch.no_grad():
            layer(ADJACENCY, x)
        assert torch.equal(x, before)


def test_isolated_node_gets_the_bias() -> None:
    layer = GraphConv(3, 2)
    torch.nn.init.normal_(layer.bias)
    assert torch.equal(layer(ADJACENCY, torch.randn(NUM_SOURCES, 3))[[3, 5]], layer.bias.expand(2, -1))


def test_without_weight_and_bias_only_edges_act() -> None:
    layer = GraphConv(3, 3, norm="none", weight=False, bias=False)
    x = torch.randn(NUM_SOURCES, 3, dtype=torch.float64)
    assert not layer.state_dict()
    torch.testing.assert_close(layer(ADJACENCY, x), dense(torch.ones(7, dtype=torch.float64)) @ x)


def test_target_features_are_not_read() -> None:
    layer, x = GraphConv((3, 9), 2), torch.randn(NUM_SOURCES, 3)
    assert torch.equal(layer(ADJACENCY, (x, torch.randn(NUM_TARGETS, 1))), layer(ADJACENCY, x))


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    layer, x = GraphConv(3, 2), torch.randn(NUM_SOURCES, 5, 3)
    found = layer(ADJACENCY, x)
    assert found.shape == (NUM_TARGETS, 5, 2)
    torch.testing.assert_close(found[:, 2], layer(ADJACENCY, x[:, 2]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`norm` to be one of none, both, left, right, got 'l2'"):
        GraphConv(3, 2, norm="l2")
    with pytest.raises(OptionError, match="equal `in_features` and `out_features` without a weight, got 3 and 2"):
        GraphConv(3, 2, weight=False)
    layer = GraphConv(3, 2)
    with pytest.raises(ShapeError, match=r"GraphConv: expected `x` of shape \(4, \*, 3\), got \(4, 2\); hint"):
        layer(ADJACENCY, torch.randn(4, 2))
    with pytest.raises(ShapeError, match=r"GraphConv: expected `x\[0\]` of shape \(4, \*, 3\), got \(6, 3\)"):
        layer(ADJACENCY, (torch.randn(6, 3), torch.randn(6, 3)))
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\), got \(7, 1\)"):
        layer(ADJACENCY, torch.randn(4, 3), torch.rand(7, 1))


def test_text_form_is_the_constructor() -> None:
    assert repr(GraphConv(3, 2, norm="left", bias=False)) == "GraphConv(3, 2, norm='left', weight=True, bias=False)"
