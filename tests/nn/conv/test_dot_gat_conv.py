"""DotGatConv agrees with its formulas, node by node; what it refuses it explains."""

from typing import Any

import pytest
import torch

from tests.nn.compared import (
    BIPARTITE,
    NUM_EDGES,
    NUM_SOURCES,
    NUM_TARGETS,
    SOURCE,
    TARGET,
    assert_agrees,
    drawn,
    settled,
    softmax_by_target,
    sums,
)
from weft.errors import OptionError, ShapeError
from weft.graph import Graph
from weft.nn import DotGatConv

CASES = {
    "DotGatConv": lambda i, o: DotGatConv(i, o // 2, 2, dropout=0.3, attention_dropout=0.4),
    "DotGatConv two": lambda i, o: DotGatConv((i, i), o, 2, concat=False),
}
WIDTH, HEADS = 3, 2


@pytest.mark.parametrize("concat", [True, False])
@pytest.mark.parametrize("sizes", [4, (4, 5)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(concat: bool, sizes: int | tuple[int, int], weighted: bool) -> None:
    layer: Any = settled(DotGatConv(sizes, WIDTH, HEADS, concat=concat))
    x = drawn(NUM_SOURCES, 4), drawn(NUM_TARGETS, sizes if isinstance(sizes, int) else sizes[1])
    weight = drawn(NUM_EDGES)
    source, target = (layer.fc_src, layer.fc_dst) if isinstance(sizes, tuple) else (layer.fc, layer.fc)
    z, own = source(x[0]).reshape(-1, HEADS, WIDTH)[SOURCE], target(x[1]).reshape(-1, HEADS, WIDTH)[TARGET]
    attention = softmax_by_target((z * own).sum(-1) / WIDTH**0.5)
    attention = attention * weight[:, None] if weighted else attention
    out = sums(attention[..., None] * z)
    given = (weight,) if weighted else ()
    found = [call(BIPARTITE, x, *given) for call in (layer, layer.attention)]
    assert_agrees(found, (out.flatten(1) if concat else out.mean(1), attention), [*x, *given, *layer.parameters()])


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    graph, x, layer = Graph(SOURCE, TARGET, 5), torch.randn(5, 6, 4), DotGatConv(4, WIDTH, HEADS)
    for call in (layer, layer.attention):
        torch.testing.assert_close(call(graph, x)[:, 2], call(graph, x[:, 2]))


def test_attention_dropout_acts_in_training_only() -> None:
    graph, x, layer = Graph(SOURCE, TARGET, 5), torch.randn(5, 4), DotGatConv(4, WIDTH, HEADS, attention_dropout=1.0)
    assert not layer(graph, x).any()
    assert layer.eval()(graph, x).any()


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`attention_dropout` from 0 to 1, got 2"):
        DotGatConv(4, WIDTH, HEADS, attention_dropout=2)
    with pytest.raises(ShapeError, match=r"one tensor for 4 sources and 6 targets"):
        DotGatConv(4, WIDTH, HEADS)(BIPARTITE, torch.randn(4, 4))


def test_text_form_is_the_constructor() -> None:
    assert DotGatConv((4, 5), 3, 2).extra_repr() == "(4, 5), 3, 2, concat=True, dropout=0.0, attention_dropout=0.0"
