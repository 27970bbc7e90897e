"""TransformerConv agrees with its formulas, node by node; what it refuses it explains."""

from typing import Any

import pytest
import torch
from torch import Tensor

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
from weft.nn import TransformerConv
from weft.testing import Input, LayerCase

# Without biases: a softmax takes no notice of the bias of the keys, whose gradient is 0 but for rounding.
CASES = {
    "TransformerConv": lambda i, o: TransformerConv(
        i, o // 2, 2, beta=True, dropout=0.3, attention_dropout=0.4, bias=False
    ),
    "TransformerConv edges": LayerCase(
        lambda i, o: TransformerConv(i, o, 2, edge_features=3, concat=False, attention_dropout=0.4, bias=False),
        inputs={"edge_features": Input("edge", (3,))},
    ),
}
WIDTH, HEADS = 3, 2


def formula(layer: Any, x: tuple[Tensor, Tensor], weight: Tensor, edge: Tensor | None) -> tuple[Tensor, Tensor]:
    query = layer.query(x[1]).reshape(NUM_TARGETS, HEADS, WIDTH)[TARGET]
    key = layer.key(x[0]).reshape(NUM_SOURCES, HEADS, WIDTH)[SOURCE]
    value = layer.value(x[0]).reshape(NUM_SOURCES, HEADS, WIDTH)[SOURCE]
    if edge is not None:
        projected = layer.edge(edge).reshape(NUM_EDGES, HEADS, WIDTH)
        key, value = key + projected, value + projected
    attention = softmax_by_target((query * key).sum(-1) / WIDTH**0.5) * weight[:, None]
    out = sums(attention[..., None] * value)
    out = out.flatten(1) if layer.concat else out.mean(1)
    if layer.skip is None:
        return out, attention
    own = layer.skip(x[1])
    if layer.beta is None:
        return out + own, attention
    gate = (torch.cat((out, own, out - own), 1) @ layer.beta.weight.T).sigmoid()
    return (1 - gate) * out + gate * own, attention


@pytest.mark.parametrize("options", [
    {}, {"skip": False}, {"beta": True}, {"concat": False, "bias": False}, {"edge_features": 2},
    {"edge_features": 2, "beta": True, "concat": False}, {"edge_features": 2, "skip": False, "bias": False},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("sizes", [4, (4, 5)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(options: dict[str, Any], sizes: int | tuple[int, int], weighted: bool) -> None:
    layer = settled(TransformerConv(sizes, WIDTH, HEADS, **options))
    x = drawn(NUM_SOURCES, 4), drawn(NUM_TARGETS, sizes if isinstance(sizes, int) else sizes[1])
    weight = drawn(NUM_EDGES)
    given, edge = (weight,) if weighted else (), drawn(NUM_EDGES, 2) if "edge_features" in options else None
    found = [call(BIPARTITE, x, *given, edge_features=edge) for call in (layer, layer.attention)]
    expected = formula(layer, x, weight if weighted else torch.ones_like(weight), edge)
    assert_agrees(found, expected, [*x, *given, *([] if edge is None else [edge]), *layer.parameters()])


@pytest.mark.parametrize("edge_features", [None, 2])
def test_attention_dropout_keeps_the_expectation(edge_features: int | None) -> None:
    graph, x = Graph(SOURCE, TARGET, 5), torch.randn(5, 4)
    layer = TransformerConv(4, WIDTH, HEADS, attention_dropout=0.5, edge_features=edge_features, skip=False)
    edge = None if edge_features is None else torch.randn(7, 2)
    torch.manual_seed(0)
    with torch.no_grad():
        mean = torch.stack([layer(graph, x, edge_features=edge) for _ in range(1000)]).mean(0)
        expected = layer.eval()(graph, x, edge_features=edge)
    assert (mean - expected).abs().max() < 0.15 * expected.abs().max()


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    graph, x, edge = Graph(SOURCE, TARGET, 5), torch.randn(5, 6, 4), torch.randn(7, 2)
    for layer, given in (
        (TransformerConv(4, WIDTH, HEADS, beta=True), None),
        (TransformerConv(4, WIDTH, HEADS, edge_features=2), edge),
    ):
        for call in (layer, layer.attention):
            whole, part = call(graph, x, edge_features=given)[:, 2], call(graph, x[:, 2], edge_features=given)
            torch.testing.assert_close(whole, part)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`dropout` from 0 to 1, got 2"):
        TransformerConv(4, WIDTH, HEADS, dropout=2)
    with pytest.raises(OptionError, match=r"a skip for `beta`"):
        TransformerConv(4, WIDTH, HEADS, skip=False, beta=True)
    graph, x = Graph(SOURCE, TARGET, 5), torch.randn(5, 4)
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, 3\), got none"):
        TransformerConv(4, WIDTH, HEADS, edge_features=3)(graph, x)
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\)"):
        TransformerConv(4, WIDTH, HEADS)(graph, x, torch.rand(6))


def test_text_form_is_the_constructor() -> None:
    expected = (
        "4, 3, 2, edge_features=None, concat=True, skip=True, beta=True, dropout=0.0, attention_dropout=0.0, bias=True"
    )
    assert TransformerConv(4, 3, 2, beta=True).extra_repr() == expected
