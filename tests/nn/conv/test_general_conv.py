"""GeneralConv agrees with its formula, node by node; what it refuses it explains."""

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
from weft.nn import GeneralConv
from weft.testing import Input, LayerCase

EDGES = {"edge_features": Input("edge", (3,))}
CASES = {
    "GeneralConv": LayerCase(lambda i, o: GeneralConv(i, o, edge_features=3, num_heads=2), inputs=EDGES),
    "GeneralConv additive": LayerCase(
        lambda i, o: GeneralConv(i, o, edge_features=3, attention="additive", directed=False, bias=False), inputs=EDGES
    ),
    "GeneralConv max": lambda i, o: GeneralConv(i, o, aggregator="max", directed=False, normalize=True),
}


@pytest.mark.parametrize("options", [
    {}, {"aggregator": "mean"}, {"aggregator": "max"}, {"attention": "additive"}, {"attention": "dot"},
    {"residual": False, "bias": False}, {"residual": "linear", "normalize": True, "attention": "additive"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("edge_features", [None, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(
    options: dict[str, Any], directed: bool, edge_features: int | None, weighted: bool
) -> None:
    layer: Any = settled(GeneralConv(4, 3, num_heads=2, directed=directed, edge_features=edge_features, **options))
    x, weight = (drawn(NUM_SOURCES, 4), drawn(NUM_TARGETS, 4)), drawn(NUM_EDGES)
    edge = None if edge_features is None else drawn(NUM_EDGES, 2)

    def messages(near: torch.Tensor, far: torch.Tensor) -> torch.Tensor:
        found = layer.fc_src(near)
        found = found if layer.fc_dst is None else found + layer.fc_dst(far)
        return (found if edge is None else found + layer.fc_edge(edge)).reshape(NUM_EDGES, 2, 3)

    m = messages(x[0][SOURCE], x[1][TARGET])
    w = weight[:, None] if weighted else torch.ones(NUM_EDGES, 1, dtype=torch.float64)
    attention = None
    if layer.kind == "additive":
        attention = softmax_by_target(torch.nn.functional.leaky_relu((m * layer.attn).sum(-1), 0.2)) * w
    if layer.kind == "dot":
        score = (m * messages(x[1][TARGET], x[0][SOURCE])).sum(-1) / 3**0.5
        attention = softmax_by_target(torch.nn.functional.leaky_relu(score, 0.2)) * w
    sent = (w if attention is None else attention)[..., None] * m
    if layer.aggregator == "max":
        rows = [sent[node == TARGET] for node in range(NUM_TARGETS)]
        out = torch.stack([part.amax(0) if len(part) else sent.new_zeros(2, 3) for part in rows])
    else:
        out = sums(sent)
    if layer.aggregator == "mean":
        out = out / torch.bincount(TARGET, minlength=NUM_TARGETS).clamp(min=1)[:, None, None]
    out = out.mean(1) if layer.res_fc is None else out.mean(1) + layer.res_fc(x[1])
    out = torch.nn.functional.normalize(out, dim=-1) if layer.normalize else out
    given = (weight,) if weighted else ()
    found = [layer(BIPARTITE, x, *given, edge_features=edge)]
    if attention is not None:
        found.append(layer.attention(BIPARTITE, x, *given, edge_features=edge))
    wanted = [*x, *given, *([] if edge is None else [edge]), *layer.parameters()]
    assert_agrees(found, [out] if attention is None else [out, attention], wanted)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`aggregator` to be one of sum, mean, max, got 'min'"):
        GeneralConv(4, 3, aggregator="min")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"`attention` to be one of none, additive, dot"):
        GeneralConv(4, 3, attention="multiplicative")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r'the aggregator "sum" with attention, got \'max\''):
        GeneralConv(4, 3, attention="dot", aggregator="max")
    with pytest.raises(OptionError, match=r"ends of one width for"):
        GeneralConv((4, 5), 3, attention="dot")
    graph, x = Graph(SOURCE, TARGET, 5), torch.randn(5, 4)
    with pytest.raises(OptionError, match=r"a layer made with attention"):
        GeneralConv(4, 3).attention(graph, x)
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, 2\), got none"):
        GeneralConv(4, 3, edge_features=2)(graph, x)


def test_text_form_is_the_constructor() -> None:
    expected = (
        "4, 3, edge_features=None, aggregator='sum', num_heads=1, attention='none', directed=True, residual=True, "
        "normalize=False, negative_slope=0.2, bias=True"
    )
    assert GeneralConv(4, 3).extra_repr() == expected
