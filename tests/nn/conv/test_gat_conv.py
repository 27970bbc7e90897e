"""GATConv agrees with its formulas, node by node; what it refuses it explains."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import GATConv
from weft.testing import Input, LayerCase

CASES = {
    "GATConv": lambda i, o: GATConv(i, o // 2, 2, residual=True, dropout=0.3, attention_dropout=0.4),
    "GATConv mean": lambda i, o: GATConv(i, o, 2, concat=False),
    "GATConv edges": LayerCase(
        lambda i, o: GATConv(i, o // 2, 2, edge_features=3, attention_dropout=0.4),
        inputs={"edge_features": Input("edge", (3,))},
    ),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS, WIDTH, HEADS = 4, 6, 3, 2
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)


def formula(
    layer: GATConv, x: tuple[Tensor, Tensor], weight: Tensor, edge: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Result and attention as the docstring tells them, one target after the other."""
    source, target = (layer.fc_src, layer.fc_dst) if isinstance(layer.in_features, tuple) else (layer.fc, layer.fc)
    z = source(x[0]).reshape(NUM_SOURCES, HEADS, WIDTH)
    left, right = (z * layer.attn_l).sum(-1), (target(x[1]).reshape(NUM_TARGETS, HEADS, WIDTH) * layer.attn_r).sum(-1)
    score = left[SOURCE] + right[TARGET]
    if edge is not None:
        score = score + (layer.fc_edge(edge).reshape(7, HEADS, WIDTH) * layer.attn_edge).sum(-1)
    score = functional.leaky_relu(score, layer.negative_slope)
    attention = torch.zeros_like(score)
    for node in range(NUM_TARGETS):
        attention[node == TARGET] = score[node == TARGET].softmax(0)
    attention = attention * weight[:, None]
    out = torch.zeros(NUM_TARGETS, HEADS, WIDTH, dtype=z.dtype).index_add(0, TARGET, attention[..., None] * z[SOURCE])
    out = out.flatten(1) if layer.concat else out.mean(1)
    if layer.residual:
        out = out + layer.res_fc(x[1])
    if layer.bias is not None:
        out = out + layer.bias
    return out, attention


@pytest.mark.parametrize("options", [
    {}, {"concat": False}, {"negative_slope": 0.0}, {"negative_slope": -0.3}, {"bias": False}, {"residual": True},
    {"residual": True, "bias": False}, {"residual": True, "concat": False}, {"residual": "linear"},
    {"edge_features": 2}, {"edge_features": 2, "concat": False, "negative_slope": -0.3},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("sizes", [4, (4, 5), (4, WIDTH * HEADS)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(options: dict[str, Any], sizes: int | tuple[int, int], weighted: bool) -> None:
    layer = GATConv(sizes, WIDTH, HEADS, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(NUM_SOURCES, 4, dtype=torch.float64, requires_grad=True)
    own = torch.randn(
        NUM_TARGETS, sizes if isinstance(sizes, int) else sizes[1], dtype=torch.float64, requires_grad=True
    )
    weight = torch.randn(7, dtype=torch.float64, requires_grad=True)
    given = (weight,) if weighted else ()
    edges = {}
    if "edge_features" in options:
        edges["edge_features"] = torch.randn(7, 2, dtype=torch.float64, requires_grad=True)
    found = layer(ADJACENCY, (x, own), *given, **edges), layer.attention(ADJACENCY, (x, own), *given, **edges)
    expected = formula(layer, (x, own), weight if weighted else torch.ones_like(weight), *edges.values())
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)
        wanted = [x, own, *given, *edges.values(), *layer.parameters()]
        options = {"retain_graph": True, "materialize_grads": True, "allow_unused": True}
        gradients = [torch.autograd.grad(out.sin().sum(), wanted, **options) for out in (ours, theirs)]
        for one, other in zip(*gradients, strict=True):
            torch.testing.assert_close(one, other)


def test_attention_sums_to_one_at_every_node_with_edges() -> None:
    layer, x = GATConv(4, WIDTH, HEADS, attention_dropout=0.9), torch.randn(5, 4)
    attention = layer.attention(Graph(SOURCE, TARGET, 5), x)
    assert attention.shape == (7, HEADS)
    sums = torch.zeros(5, HEADS).index_add(0, TARGET, attention)
    torch.testing.assert_close(sums, torch.tensor([1.0, 1, 1, 0, 1])[:, None].expand(-1, HEADS))


def test_dropouts_act_in_training_only() -> None:
    graph, x = Graph(SOURCE, TARGET, 5), torch.randn(5, 4)
    for options in ({"dropout": 1.0}, {"attention_dropout": 1.0}):
        layer = GATConv(4, WIDTH, HEADS, **options)
        assert not layer(graph, x).any()
        assert layer.eval()(graph, x).any()


def test_attention_dropout_keeps_the_expectation() -> None:
    graph, x = Graph(SOURCE, TARGET, 5), torch.randn(5, 4)
    layer = GATConv(4, WIDTH, HEADS, attention_dropout=0.5)
    torch.manual_seed(0)
    mean = torch.stack([layer(graph, x) for _ in range(2000)]).mean(0)
    expected = layer.eval()(graph, x)
    assert (mean - expected).abs().max() < 0.1 * expected.abs().max()


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    graph, x, weight = Graph(SOURCE, TARGET, 5), torch.randn(5, 6, 4), torch.rand(7)
    layer = GATConv(4, WIDTH, HEADS, residual=True)
    torch.testing.assert_close(layer(graph, x, weight)[:, 2], layer(graph, x[:, 2], weight))
    torch.testing.assert_close(layer.attention(graph, x)[:, 2], layer.attention(graph, x[:, 2]))
    layer, edges = GATConv(4, WIDTH, HEADS, edge_features=2), torch.randn(7, 2)
    torch.testing.assert_close(layer(graph, x, edge_features=edges)[:, 2], layer(graph, x[:, 2], edge_features=edges))


def test_inputs_stay_as_they_were() -> None:
    x, own = torch.randn(NUM_SOURCES, 6), torch.randn(NUM_TARGETS, 6)
    before = x.clone(), own.clone()
    with torch.no_grad():
        GATConv(6, WIDTH, HEADS, residual=True)(ADJACENCY, (x, own))
    assert torch.equal(x, before[0])
    assert torch.equal(own, before[1])


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`attention_dropout` from 0 to 1, got -1"):
        GATConv(4, WIDTH, HEADS, attention_dropout=-1)
    layer = GATConv((4, 5), WIDTH, HEADS)
    with pytest.raises(ShapeError, match=r"one tensor for 4 sources and 6 targets"):
        layer(ADJACENCY, torch.randn(4, 4))
    with pytest.raises(ShapeError, match=r"features of widths 4 and 5, alike between first and last, got \(5, 4\)"):
        layer(Graph(SOURCE, TARGET, 5), torch.randn(5, 4))
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\), got \(7, 2\)"):
        layer(ADJACENCY, (torch.randn(4, 4), torch.randn(6, 5)), torch.rand(7, 2))
    with pytest.raises(OptionError, match=r'`residual` to be False, True or "linear", got \'other\''):
        GATConv(4, WIDTH, HEADS, residual="other")  # type: ignore[arg-type]
    graph, x = Graph(SOURCE, TARGET, 5), torch.randn(5, 4)
    with pytest.raises(
        ShapeError, match=r"no `edge_features`, got \(7, 2\); hint: make the layer with edge_features=2"
    ):
        GATConv(4, WIDTH, HEADS)(graph, x, edge_features=torch.randn(7, 2))
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, 3\), got none"):
        GATConv(4, WIDTH, HEADS, edge_features=3)(graph, x)


def test_text_form_is_the_constructor() -> None:
    sizes = "(4, 5), 3, 2, concat=False, residual=True"
    expected = f"{sizes}, dropout=0.0, attention_dropout=0.0, negative_slope=0.2, bias=True"
    assert GATConv((4, 5), 3, 2, residual=True, concat=False).extra_repr() == expected
    assert "2, edge_features=4, concat=True" in GATConv(4, 3, 2, edge_features=4).extra_repr()
