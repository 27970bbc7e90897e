"""DNAConv agrees with its formula, node by node; what it refuses it explains."""

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
    sums,
)
from weft.errors import OptionError, ShapeError
from weft.graph import Graph
from weft.nn import DNAConv
from weft.testing import LayerCase

CASES = {
    "DNAConv": LayerCase(lambda i, o: DNAConv(i, 2, attention_dropout=0.3), same_width=True),
    "DNAConv groups": LayerCase(lambda i, o: DNAConv(i, 2, groups=2, normalize=False, bias=False), same_width=True),
}


def grouped(linear: Any, x: torch.Tensor) -> torch.Tensor:
    parts = [part @ matrix for part, matrix in zip(x.chunk(len(linear.weight), -1), linear.weight, strict=True)]
    return torch.cat(parts, -1) if linear.bias is None else torch.cat(parts, -1) + linear.bias


@pytest.mark.parametrize("options", [
    {}, {"num_heads": 2}, {"num_heads": 2, "groups": 3, "bias": False}, {"normalize": False, "groups": 2},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(options: dict[str, Any], weighted: bool) -> None:
    layer: Any = settled(DNAConv(6, **options))
    x, weight, heads = (drawn(NUM_SOURCES, 3, 6), drawn(NUM_TARGETS, 3, 6)), drawn(NUM_EDGES), layer.num_heads
    query = grouped(layer.query, x[1])[:, -1:].reshape(NUM_TARGETS, 1, heads, -1)[TARGET]
    key, value = (grouped(each, x[0]).reshape(NUM_SOURCES, 3, heads, -1)[SOURCE] for each in (layer.key, layer.value))
    score = (query * key).sum(-1) / (6 / heads) ** 0.5
    p = score.exp() / (1 + score.exp().sum(1, keepdim=True))
    p = p * weight[:, None, None] if weighted else p
    messages = (p[..., None] * value).sum(1).flatten(1)
    if layer.normalize:
        degrees = torch.bincount(SOURCE, minlength=NUM_SOURCES)[SOURCE] * torch.bincount(TARGET)[TARGET]
        messages = messages / degrees.double().sqrt()[:, None]
    given = (weight,) if weighted else ()
    found = [call(BIPARTITE, x, *given) for call in (layer, layer.attention)]
    assert_agrees(found, [sums(messages), p], [*x, *given, *layer.parameters()])


def test_one_layer_may_come_without_a_dimension() -> None:
    graph, x, layer = Graph(SOURCE, TARGET, 5), torch.randn(5, 6), DNAConv(6, 2)
    torch.testing.assert_close(layer(graph, x), layer(graph, x[:, None]))


def test_large_scores_stay_finite() -> None:
    graph, layer = Graph(SOURCE, TARGET, 5), DNAConv(6, 2)
    assert layer(graph, 1e4 * torch.randn(5, 3, 6)).isfinite().all()


def test_dropout_acts_in_training_only() -> None:
    graph, x, layer = Graph(SOURCE, TARGET, 5), torch.randn(5, 3, 6), DNAConv(6, 2, attention_dropout=1.0)
    assert not layer(graph, x).any()
    assert layer.eval()(graph, x).any()


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`groups` that divides the 6 features, got 4"):
        DNAConv(6, groups=4)
    with pytest.raises(OptionError, match=r"`attention_dropout` from 0 to 1, got 2"):
        DNAConv(6, attention_dropout=2)
    with pytest.raises(ShapeError, match=r"`x` of shape \(num_nodes, num_layers, 6\), got \(5, 2, 3, 6\)"):
        DNAConv(6)(Graph(SOURCE, TARGET, 5), torch.randn(5, 2, 3, 6))


def test_text_form_is_the_constructor() -> None:
    expected = "6, 2, groups=3, normalize=True, attention_dropout=0.0, bias=True"
    assert DNAConv(6, 2, groups=3).extra_repr() == expected
    layer = DNAConv(6)
    layer.reset_parameters()
    assert not layer.query.bias.any()
