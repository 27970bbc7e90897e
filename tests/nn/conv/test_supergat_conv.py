"""SuperGATConv agrees with its formulas, node by node; what it refuses it explains."""

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
from weft.nn import SuperGATConv

CASES = {
    "SuperGATConv": lambda i, o: SuperGATConv(i, o // 2, 2, dropout=0.3, attention_dropout=0.4),
    "SuperGATConv dot": lambda i, o: SuperGATConv(i, o, 2, attention="dot", concat=False),
}
WIDTH, HEADS = 3, 2


@pytest.mark.parametrize("options", [
    {}, {"concat": False, "negative_slope": -0.3}, {"bias": False}, {"attention": "dot"},
    {"attention": "dot", "concat": False},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(options: dict[str, Any], weighted: bool) -> None:
    layer: Any = settled(SuperGATConv(4, WIDTH, HEADS, **options))
    x, weight = (drawn(NUM_SOURCES, 4), drawn(NUM_TARGETS, 4)), drawn(NUM_EDGES)
    z, own = layer.fc(x[0]).reshape(-1, HEADS, WIDTH)[SOURCE], layer.fc(x[1]).reshape(-1, HEADS, WIDTH)[TARGET]
    score = (z * own).sum(-1)
    if options.get("attention") == "dot":
        score = score / WIDTH**0.5
    else:
        score = score.sigmoid() * (z * layer.att_l + own * layer.att_r).sum(-1)
    attention = softmax_by_target(torch.nn.functional.leaky_relu(score, layer.negative_slope))
    attention = attention * weight[:, None] if weighted else attention
    out = sums(attention[..., None] * z)
    out = out.flatten(1) if layer.concat else out.mean(1)
    out = out if layer.bias is None else out + layer.bias
    given = (weight,) if weighted else ()
    found = [call(BIPARTITE, x, *given) for call in (layer, layer.attention)]
    assert_agrees(found, (out, attention), [*x, *given, *layer.parameters()])


@pytest.mark.parametrize("kind", ["mixed", "dot"])
def test_loss_is_the_cross_entropy_of_edges_and_other_pairs(kind: Any) -> None:
    layer: Any = settled(SuperGATConv(4, WIDTH, HEADS, attention=kind))
    x, others = drawn(5, 4), (torch.tensor([3, 4]), torch.tensor([0, 4]))
    z = layer.fc(x).reshape(-1, HEADS, WIDTH)
    ends = torch.cat((SOURCE, others[0])), torch.cat((TARGET, others[1]))
    logit = (z[ends[0]] * z[ends[1]]).sum(-1).mean(-1) / (WIDTH**0.5 if kind == "dot" else 1)
    truth = torch.tensor([1.0] * 7 + [0.0] * 2, dtype=torch.float64)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logit, truth)
    found = layer.attention_loss(Graph(SOURCE, TARGET, 5), x, Graph(*others, 5))
    assert_agrees([found], [expected], [x, layer.fc.weight])


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    graph, x, layer = Graph(SOURCE, TARGET, 5), torch.randn(5, 6, 4), SuperGATConv(4, WIDTH, HEADS)
    for call in (layer, layer.attention):
        torch.testing.assert_close(call(graph, x)[:, 2], call(graph, x[:, 2]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`attention` to be one of mixed, dot, got 'MX'"):
        SuperGATConv(4, WIDTH, HEADS, attention="MX")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"`dropout` from 0 to 1, got 2"):
        SuperGATConv(4, WIDTH, HEADS, dropout=2)
    with pytest.raises(ShapeError, match=r"one tensor for 4 sources and 6 targets"):
        SuperGATConv(4, WIDTH, HEADS)(BIPARTITE, torch.randn(4, 4))


def test_text_form_is_the_constructor() -> None:
    expected = (
        "4, 3, 2, attention='mixed', concat=True, dropout=0.0, attention_dropout=0.0, negative_slope=0.2, bias=True"
    )
    assert SuperGATConv(4, 3, 2).extra_repr() == expected
