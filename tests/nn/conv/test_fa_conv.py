"""FAConv agrees with its formula, edge by edge."""

import pytest
import torch

import weft
from tests.nn.compared import assert_agrees, drawn
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency
from weft.nn import FAConv
from weft.nn.conv.fa_conv import WEIGHTED_MESSAGE
from weft.testing import Input, LayerCase

CASES = {
    "FAConv": LayerCase(
        lambda i, o: FAConv(i, attention_dropout=0.3), inputs={"x_initial": Input("target", (-1,))}, same_width=True
    )
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)
OUT, IN = torch.tensor([2.0, 1, 2, 2], dtype=torch.float64), torch.tensor([1.0, 3, 2, 1, 1, 1], dtype=torch.float64)


@pytest.mark.parametrize("norm", ["both", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(norm: str, weighted: bool) -> None:
    layer = FAConv(3, epsilon=0.3, norm=norm).double()
    x, own, initial, weight = drawn(NUM_SOURCES, 3), drawn(NUM_TARGETS, 3), drawn(NUM_TARGETS, 3), drawn(7)
    attention = torch.tanh(layer.att_l(x)[SOURCE] + layer.att_r(own)[TARGET])
    torch.testing.assert_close(layer.attention(ADJACENCY, (x, own)), attention.squeeze(1))
    factor = attention / (OUT[SOURCE] * IN[TARGET]).sqrt()[:, None] if norm == "both" else attention
    factor = factor * weight[:, None] if weighted else factor
    expected = (0.3 * initial).index_add(0, TARGET, factor * x[SOURCE])
    found = layer(ADJACENCY, (x, own), weight if weighted else None, x_initial=initial)
    assert_agrees(found, expected, [x, own, initial, weight, *layer.parameters()])


def test_message_is_a_program() -> None:
    given = {"source": {"x": torch.ones(4, 3), "left": torch.ones(4)}, "target": {"right": torch.ones(6)}}
    plan = weft.explain_plan(ADJACENCY, WEIGHTED_MESSAGE, **given, edge={"weight": torch.ones(7)})
    assert plan.startswith("pass_messages: ")


def test_dropout_acts_in_training_only() -> None:
    layer, x, own = FAConv(3, epsilon=0.5, attention_dropout=1.0), torch.randn(4, 3), torch.randn(6, 3)
    torch.testing.assert_close(layer(ADJACENCY, (x, own), x_initial=own), 0.5 * own)
    assert not torch.equal(layer.eval()(ADJACENCY, (x, own), x_initial=own), 0.5 * own)


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    layer, x, own, weight = FAConv(3), torch.randn(4, 2, 3), torch.randn(6, 2, 3), torch.rand(7)
    found = layer(ADJACENCY, (x, own), weight, x_initial=own)
    torch.testing.assert_close(found[:, 1], layer(ADJACENCY, (x[:, 1], own[:, 1]), weight, x_initial=own[:, 1]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`norm` to be one of both, none, got 'right'"):
        FAConv(3, norm="right")
    with pytest.raises(ShapeError, match=r"`x_initial` of shape \(6, 3\), got \(4, 3\)"):
        FAConv(3)(ADJACENCY, (torch.randn(4, 3), torch.randn(6, 3)), x_initial=torch.randn(4, 3))
    assert FAConv(3).extra_repr() == "3, epsilon=0.1, attention_dropout=0.0, norm='both'"
