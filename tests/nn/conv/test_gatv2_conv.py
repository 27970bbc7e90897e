"""GATv2Conv agrees with its formulas, node by node; what it refuses it explains."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import GATv2Conv
from weft.testing import Input, LayerCase

CASES = {
    "GATv2Conv": lambda i, o: GATv2Conv(i, o // 2, 2, residual=True, dropout=0.3, attention_dropout=0.4),
    "GATv2Conv shared": lambda i, o: GATv2Conv(i, o, 2, concat=False, share_weights=True, output_bias=True),
    "GATv2Conv edges": LayerCase(
        lambda i, o: GATv2Conv(i, o // 2, 2, edge_features=3, attention_dropout=0.4),
        inputs={"edge_features": Input("edge", (3,))},
    ),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS, WIDTH, HEADS = 4, 6, 3, 2
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)


def formula(
    layer: GATv2Conv, x: tuple[Tensor, Tensor], weight: Tensor, edge: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Result and attention as the docstring tells them, one target after the other."""
    left = layer.fc_src(x[0]).reshape(NUM_SOURCES, HEADS, WIDTH)
    right = (layer.fc_src if layer.share_weights else layer.fc_dst)(x[1]).reshape(NUM_TARGETS, HEADS, WIDTH)
    both = left[SOURCE] + right[TARGET]
    if edge is not None:
        both = both + layer.fc_edge(edge).reshape(-1, HEADS, WIDTH)
    score = (functional.leaky_relu(both, layer.negative_slope) * layer.attn).sum(-1)
    attention = torch.zeros_like(score)
    for node in range(NUM_TARGETS):
        attention[node == TARGET] = score[node == TARGET].softmax(0)
    attention = attention * weight[:, None]
    out = torch.stack([(attention[..., None] * left[SOURCE])[node == TARGET].sum(0) for node in range(NUM_TARGETS)])
    out = out.flatten(1) if layer.concat else out.mean(1)
    if layer.residual:
        out = out + layer.res_fc(x[1])
    return out if layer.bias is None else out + layer.bias, attention


@pytest.mark.parametrize("options", [
    {}, {"concat": False, "output_bias": True}, {"negative_slope": -0.3}, {"bias": False}, {"residual": True},
    {"residual": True, "bias": False, "concat": False}, {"residual": "linear"}, {"edge_features": 2},
    {"edge_features": 2, "concat": False, "negative_slope": -0.3, "output_bias": True}, {"share_weights": True},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("sizes", [4, (4, 5), (4, WIDTH * HEADS)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(options: dict[str, Any], sizes: int | tuple[int, int], weighted: bool) -> None:
    if "share_weights" in options:
        sizes = 4
    layer = GATv2Conv(sizes, WIDTH, HEADS, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(NUM_SOURCES, 4, dtype=torch.float64, requires_grad=True)
    own = torch.randn(
        NUM_TARGETS, sizes if isinstance(sizes, int) else sizes[1], dtype=torch.float64, requires_grad=True
    )
    weight = torch.randn(7, dtype=torch.float64, requires_grad=True)
    given, edges = (weight,) if weighted else (), {}
    if "edge_features" in options:
        edges["edge_features"] = torch.randn(7, 2, dtype=torch.float64, requires_grad=True)
    found = layer(ADJACENCY, (x, own), *given, **edges), layer.attention(ADJACENCY, (x, own), *given, **edges)
    expected = formula(layer, (x, own), weight if weighted else torch.ones_like(weight), *edges.values())
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)
        wanted = [x, own, *given, *edges.values(), *layer.parameters()]
        asked = {"retain_graph": True, "materialize_grads": True, "allow_unused": True}
        gradients = [torch.autograd.grad(out.sin().sum(), wanted, **asked) for out in (ours, theirs)]
        for one, other in zip(*gradients, strict=True):
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("edge_features", [None, 2])
def test_attention_dropout_keeps_the_expectation(edge_features: int | None) -> None:
    graph, x = Graph(SOURCE, TARGET, 5), torch.randn(5, 4)
    layer = GATv2Conv(4, WIDTH, HEADS, attention_dropout=0.5, edge_features=edge_features)
    edges = {} if edge_features is None else {"edge_features": torch.randn(7, 2)}
    torch.manual_seed(0)
    with torch.no_grad():
        mean = torch.stack([layer(graph, x, **edges) for _ in range(1000)]).mean(0)
        expected = layer.eval()(graph, x, **edges)
    assert (mean - expected).abs().max() < 0.15 * expected.abs().max()


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    graph, x, weight, edges = Graph(SOURCE, TARGET, 5), torch.randn(5, 6, 4), torch.rand(7), torch.randn(7, 2)
    for layer, given in (
        (GATv2Conv(4, WIDTH, HEADS, residual=True), {}),
        (GATv2Conv(4, WIDTH, HEADS, edge_features=2), {"edge_features": edges}),
    ):
        whole, part = layer(graph, x, weight, **given)[:, 2], layer(graph, x[:, 2], weight, **given)
        torch.testing.assert_close(whole, part)
        torch.testing.assert_close(layer.attention(graph, x, **given)[:, 2], layer.attention(graph, x[:, 2], **given))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`attention_dropout` from 0 to 1, got -1"):
        GATv2Conv(4, WIDTH, HEADS, attention_dropout=-1)
    with pytest.raises(OptionError, match=r"ends of one width to share weights, got 4 and 5"):
        GATv2Conv((4, 5), WIDTH, HEADS, share_weights=True)
    with pytest.raises(OptionError, match=r"`residual`"):
        GATv2Conv(4, WIDTH, HEADS, residual="other")  # type: ignore[arg-type]
    graph, x = Graph(SOURCE, TARGET, 5), torch.randn(5, 4)
    with pytest.raises(ShapeError, match=r"no `edge_features`, got \(7, 2\)"):
        GATv2Conv(4, WIDTH, HEADS)(graph, x, edge_features=torch.randn(7, 2))
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, 3\), got \(7, 2\)"):
        GATv2Conv(4, WIDTH, HEADS, edge_features=3)(graph, x, edge_features=torch.randn(7, 2))


def test_text_form_is_the_constructor() -> None:
    expected = (
        "4, 3, 2, edge_features=None, share_weights=True, concat=False, residual=False, dropout=0.0, "
        "attention_dropout=0.0, negative_slope=0.2, bias=True, output_bias=False"
    )
    assert GATv2Conv(4, 3, 2, share_weights=True, concat=False).extra_repr() == expected
