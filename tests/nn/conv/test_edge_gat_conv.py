"""EdgeGATConv agrees with its formulas, node by node; what it refuses it explains."""

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
from weft.nn import EdgeGATConv
from weft.testing import Input, LayerCase

CASES = {
    "EdgeGATConv": LayerCase(
        lambda i, o: EdgeGATConv(i, o // 2, 2, edge_features=3, dropout=0.2, attention_dropout=0.4),
        inputs={"edge_features": Input("edge", (3,))},
    ),
}
WIDTH, HEADS = 3, 2


@pytest.mark.parametrize("options", [
    {}, {"residual": False}, {"residual": True, "bias": False}, {"concat": False}, {"negative_slope": -0.3},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("sizes", [4, (4, 5), (4, HEADS * WIDTH)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(options: dict[str, Any], sizes: int | tuple[int, int], weighted: bool) -> None:
    layer: Any = settled(EdgeGATConv(sizes, WIDTH, HEADS, edge_features=2, **options))
    x = drawn(NUM_SOURCES, 4), drawn(NUM_TARGETS, sizes if isinstance(sizes, int) else sizes[1])
    weight, edge = drawn(NUM_EDGES), drawn(NUM_EDGES, 2)
    source, target = (layer.fc_src, layer.fc_dst) if isinstance(sizes, tuple) else (layer.fc, layer.fc)
    z, own = source(x[0]).reshape(-1, HEADS, WIDTH)[SOURCE], target(x[1]).reshape(-1, HEADS, WIDTH)[TARGET]
    f = layer.fc_edge(edge).reshape(-1, HEADS, WIDTH)
    score = (z * layer.attn_l + own * layer.attn_r + f * layer.attn_edge).sum(-1)
    attention = softmax_by_target(torch.nn.functional.leaky_relu(score, layer.negative_slope))
    attention = attention * weight[:, None] if weighted else attention
    out = sums(attention[..., None] * (z + f))
    out = out.flatten(1) if layer.concat else out.mean(1)
    out = out if layer.res_fc is None else out + layer.res_fc(x[1])
    out = out if layer.bias is None else out + layer.bias
    given = (weight,) if weighted else ()
    found = [call(BIPARTITE, x, *given, edge_features=edge) for call in (layer, layer.attention)]
    assert_agrees(found, (out, attention), [*x, *given, edge, *layer.parameters()])


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    graph, x, edge = Graph(SOURCE, TARGET, 5), torch.randn(5, 6, 4), torch.randn(7, 2)
    layer = EdgeGATConv(4, WIDTH, HEADS, edge_features=2)
    for call in (layer, layer.attention):
        torch.testing.assert_close(call(graph, x, edge_features=edge)[:, 2], call(graph, x[:, 2], edge_features=edge))


def test_attention_dropout_acts_in_training_only() -> None:
    graph, x, edge = Graph(SOURCE, TARGET, 5), torch.randn(5, 4), torch.randn(7, 2)
    layer = EdgeGATConv(4, WIDTH, HEADS, edge_features=2, attention_dropout=1.0, residual=False)
    assert not layer(graph, x, edge_features=edge).any()
    assert layer.eval()(graph, x, edge_features=edge).any()


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`attention_dropout` from 0 to 1, got 2"):
        EdgeGATConv(4, WIDTH, HEADS, edge_features=2, attention_dropout=2)
    with pytest.raises(OptionError, match=r"`residual`"):
        EdgeGATConv(4, WIDTH, HEADS, edge_features=2, residual="other")  # type: ignore[arg-type]
    layer = EdgeGATConv(4, WIDTH, HEADS, edge_features=2)
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, 2\), got \(7, 3\)"):
        layer(Graph(SOURCE, TARGET, 5), torch.randn(5, 4), edge_features=torch.randn(7, 3))


def test_text_form_is_the_constructor() -> None:
    expected = (
        "4, 3, 2, edge_features=5, concat=True, residual='linear', dropout=0.0, attention_dropout=0.0, "
        "negative_slope=0.2, bias=True"
    )
    assert EdgeGATConv(4, 3, 2, edge_features=5).extra_repr() == expected
