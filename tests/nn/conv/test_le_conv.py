"""LEConv agrees with its formula, edge by edge."""

import pytest
import torch

from tests.nn.compared import assert_agrees, drawn
from weft.errors import ShapeError
from weft.graph import Adjacency
from weft.nn import LEConv

CASES = {"LEConv": lambda i, o: LEConv(i, o), "LEConv without bias": lambda i, o: LEConv(i, o, bias=False)}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("widths", [(2, 3), (5, 4)])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(bias: bool, widths: tuple[int, int], weighted: bool) -> None:
    layer = LEConv(widths, 3, bias=bias).double()
    x, own, weight = drawn(NUM_SOURCES, widths[0]), drawn(NUM_TARGETS, widths[1]), drawn(7)
    messages = layer.lin1(x[SOURCE]) - layer.lin2(own[TARGET])
    messages = messages * weight[:, None] if weighted else messages
    expected = layer.lin3(own).index_add(0, TARGET, messages)
    found = layer(ADJACENCY, (x, own), weight if weighted else None)
    assert_agrees(found, expected, [x, own, weight, *layer.parameters()])


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    layer, x, own = LEConv(3, 2), torch.randn(NUM_SOURCES, 4, 3), torch.randn(NUM_TARGETS, 4, 3)
    torch.testing.assert_close(layer(ADJACENCY, (x, own))[:, 2], layer(ADJACENCY, (x[:, 2], own[:, 2])))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\), got \(7, 1\)"):
        LEConv(3, 2)(ADJACENCY, (torch.randn(4, 3), torch.randn(6, 3)), torch.rand(7, 1))
    assert LEConv((3, 4), 2).extra_repr() == "(3, 4), 2, bias=True"
