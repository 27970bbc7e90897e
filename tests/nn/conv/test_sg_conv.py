"""SGConv agrees with powers of dense matrices; what it refuses it explains."""

import pytest
import torch

from tests.nn.compared import BIPARTITE, NUM_EDGES, NUM_NODES, SQUARE, assert_agrees, drawn, matrix, normalised, settled
from weft.errors import OptionError, ShapeError
from weft.graph import Block
from weft.nn import SGConv
from weft.testing import LayerCase

CASES = {
    "SGConv both": LayerCase(lambda i, o: SGConv(i, o, 2), bipartite=False),
    "SGConv in": LayerCase(lambda i, o: SGConv(o, o, 2, norm="in", bias=False), bipartite=False, same_width=True),
}
NORMS = ["none", "both", "in", "left", "right"]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("width", "out"), [(3, 5), (5, 3)])
@pytest.mark.parametrize("weighted", ["no", "constant", "learned"])
def test_agrees_with_dense_matrices(norm: str, width: int, out: int, weighted: str) -> None:
    layer = settled(SGConv(width, out, 3, norm=norm))
    x, weight = drawn(NUM_NODES, width), drawn(NUM_EDGES, positive=True)
    given = {"no": None, "constant": weight.detach(), "learned": weight}[weighted]
    found = layer(SQUARE, x, given)
    dense = normalised(matrix(torch.ones_like(weight) if given is None else given), norm)
    expected = layer.fc(dense @ dense @ dense @ x)
    assert_agrees(found, expected, [x, *layer.parameters(), *([weight] if weighted == "learned" else [])])


@pytest.mark.parametrize("norm", NORMS)
def test_a_sum_of_weights_that_is_not_positive_counts_as_1(norm: str) -> None:
    layer, x = settled(SGConv(3, 3, 1, norm=norm)), drawn(NUM_NODES, 3)
    weight = torch.linspace(-1.0, 0.5, NUM_EDGES, dtype=torch.float64).requires_grad_()
    expected = layer.fc(normalised(matrix(weight), norm) @ x)
    assert_agrees(layer(SQUARE, x, weight), expected, [x, weight])
    torch.testing.assert_close(layer(SQUARE, x, weight.detach()), expected)


def test_no_hop_is_a_linear_map() -> None:
    layer, x = SGConv(3, 2, 0), torch.randn(NUM_NODES, 3)
    torch.testing.assert_close(layer(SQUARE, x), layer.fc(x))


def test_what_propagates_may_be_kept() -> None:
    for layer in (settled(SGConv(3, 5, 2)), settled(SGConv(5, 3, 2))):
        x = drawn(NUM_NODES, layer.in_features)
        torch.testing.assert_close(layer.fc(layer.propagate(SQUARE, x)), layer(SQUARE, x))


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    layer, x = SGConv(3, 2, 2), torch.randn(NUM_NODES, 4, 3)
    torch.testing.assert_close(layer(SQUARE, x)[:, 2], layer(SQUARE, x[:, 2]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`norm` to be one of none, both, in, left, right, got 'l2'"):
        SGConv(3, 2, norm="l2")
    with pytest.raises(OptionError, match=r"SGConv: expected `k` of at least 0, got -1"):
        SGConv(3, 2, -1)
    layer = SGConv(3, 2)
    with pytest.raises(ShapeError, match="one tensor of features, got a pair; hint: sources and targets are the same"):
        layer(SQUARE, (torch.ones(6, 3), torch.ones(6, 3)))
    with pytest.raises(ShapeError):
        layer(BIPARTITE, torch.ones(4, 3))
    block = Block([0, 1, 2], [0, 1, 1], node_ids=range(3), num_targets=2)
    with pytest.raises(ShapeError, match="whose targets are its sources, got 3 sources and 2 targets; hint: it sends"):
        layer(block, torch.ones(3, 3))
    with pytest.raises(ShapeError, match=r"`x` of shape \(6, \*, 3\), got \(6, 4\)"):
        layer(SQUARE, torch.ones(6, 4))
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\), got \(7, 1\)"):
        layer(SQUARE, torch.ones(6, 3), torch.ones(NUM_EDGES, 1))


def test_text_form_is_the_constructor() -> None:
    assert SGConv(3, 2, 4, norm="in").extra_repr() == "3, 2, 4, norm='in', bias=True"
