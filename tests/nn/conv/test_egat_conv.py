"""EGATConv agrees with its formulas, node by node; what it refuses it explains."""

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
from weft.errors import ShapeError
from weft.graph import Graph
from weft.nn import EGATConv
from weft.testing import Input, LayerCase

CASES = {
    "EGATConv": LayerCase(
        lambda i, o: EGATConv(i, o // 2, 2, edge_features=3, out_edge_features=2),
        inputs={"edge_features": Input("edge", (3,))},
        outputs=("target", "edge"),
    ),
}
WIDTH, HEADS = 3, 2


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"concat": False}], ids=str)
@pytest.mark.parametrize("sizes", [4, (4, 5)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(options: dict[str, Any], sizes: int | tuple[int, int], weighted: bool) -> None:
    layer: Any = settled(EGATConv(sizes, WIDTH, HEADS, edge_features=2, out_edge_features=5, **options))
    x = drawn(NUM_SOURCES, 4), drawn(NUM_TARGETS, sizes if isinstance(sizes, int) else sizes[1])
    weight, edge = drawn(NUM_EDGES), drawn(NUM_EDGES, 2)
    new = layer.fc_ni(x[0])[SOURCE] + layer.fc_fij(edge) + layer.fc_nj(x[1])[TARGET]
    new = torch.nn.functional.leaky_relu(new if layer.bias is None else new + layer.bias, 0.01)
    by_head = new.reshape(-1, HEADS, 5)
    attention = softmax_by_target((by_head * layer.attn).sum(-1))
    attention = attention * weight[:, None] if weighted else attention
    z = layer.fc_node_src(x[0]).reshape(-1, HEADS, WIDTH)[SOURCE]
    out = sums(attention[..., None] * z)
    expected = (out.flatten(1), new, attention) if layer.concat else (out.mean(1), by_head.mean(1), attention)
    given = (weight,) if weighted else ()
    found = (
        *layer(BIPARTITE, x, *given, edge_features=edge),
        layer.attention(BIPARTITE, x, *given, edge_features=edge),
    )
    assert_agrees(found, expected, [*x, *given, edge, *layer.parameters()])


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    graph, x, edge = Graph(SOURCE, TARGET, 5), torch.randn(5, 6, 4), torch.randn(7, 2)
    layer = EGATConv(4, WIDTH, HEADS, edge_features=2, out_edge_features=5)
    pairs = zip(layer(graph, x, edge_features=edge), layer(graph, x[:, 2], edge_features=edge), strict=True)
    for whole, part in pairs:
        torch.testing.assert_close(whole[:, 2], part)


def test_wrong_arguments_are_told() -> None:
    layer = EGATConv(4, WIDTH, HEADS, edge_features=2, out_edge_features=5)
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, 2\), got \(7, 3\)"):
        layer(Graph(SOURCE, TARGET, 5), torch.randn(5, 4), edge_features=torch.randn(7, 3))


def test_text_form_is_the_constructor() -> None:
    layer = EGATConv(4, 3, 2, edge_features=5, out_edge_features=6)
    assert layer.extra_repr() == "4, 3, 2, edge_features=5, out_edge_features=6, concat=True, bias=True"
