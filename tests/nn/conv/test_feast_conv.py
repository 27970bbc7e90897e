"""FeaStConv agrees with its formula, node by node; what it refuses it explains."""

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
from weft.errors import ShapeError
from weft.graph import Graph
from weft.nn import FeaStConv

CASES = {
    "FeaStConv": lambda i, o: FeaStConv(i, o, 3),
    "FeaStConv square": lambda i, o: FeaStConv(i, o, 2, bias=False),
}


@pytest.mark.parametrize("width", [3, 5])  # below and above in_features: sums come last or first
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(width: int, bias: bool, weighted: bool) -> None:
    layer: Any = settled(FeaStConv(4, width, 2, bias=bias))
    x, weight = (drawn(NUM_SOURCES, 4), drawn(NUM_TARGETS, 4)), drawn(NUM_EDGES)
    q = (layer.u(x[0][SOURCE] - x[1][TARGET]) + layer.c).softmax(-1)
    messages = (q[..., None] * layer.fc(x[0]).reshape(-1, 2, width)[SOURCE]).sum(1)
    messages = messages * weight[:, None] if weighted else messages
    out = sums(messages) / torch.bincount(TARGET, minlength=NUM_TARGETS).clamp(min=1)[:, None]
    out = out if layer.bias is None else out + layer.bias
    given = (weight,) if weighted else ()
    assert_agrees([layer(BIPARTITE, x, *given)], [out], [*x, *given, *layer.parameters()])


@pytest.mark.parametrize("width", [3, 5])
def test_dimensions_between_nodes_and_features_are_kept(width: int) -> None:
    graph, x, layer = Graph(SOURCE, TARGET, 5), torch.randn(5, 6, 4), FeaStConv(4, width, 2)
    torch.testing.assert_close(layer(graph, x)[:, 2], layer(graph, x[:, 2]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ShapeError, match=r"one tensor for 4 sources and 6 targets"):
        FeaStConv(4, 3, 2)(BIPARTITE, torch.randn(4, 4))
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\)"):
        FeaStConv(4, 3, 2)(Graph(SOURCE, TARGET, 5), torch.randn(5, 4), torch.rand(6))


def test_text_form_is_the_constructor() -> None:
    assert FeaStConv(4, 3, 2).extra_repr() == "4, 3, 2, bias=True"
