"""HypergraphConv agrees with its formula, node by node; what it refuses it explains."""

from typing import Any

import pytest
import torch

from tests.nn.compared import assert_agrees, drawn, settled
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import HypergraphConv
from weft.testing import Input, LayerCase

OF_SOURCES = "the result has a row for each source, the nodes, and depends on the edges that leave them"
EXEMPT = dict.fromkeys(
    ["check_bipartite", "check_empty", "check_isolated", "check_parallel_edges", "check_self_loops"],
    OF_SOURCES,
)
WEIGHT = {"hyperedge_weight": Input("target", positive=True)}
CASES = {
    "HypergraphConv": LayerCase(lambda i, o: HypergraphConv(i, o), inputs=WEIGHT, exempt=EXEMPT),
    "HypergraphConv nodes": LayerCase(
        lambda i, o: HypergraphConv(i, o // 2, attention="node", num_heads=2, attention_dropout=0.3), exempt=EXEMPT
    ),
    "HypergraphConv edges": LayerCase(
        lambda i, o: HypergraphConv(i, o, attention="edge", num_heads=2, concat=False), inputs=WEIGHT, exempt=EXEMPT
    ),
}

# Node 5 lies in no hyperedge, hyperedge 3 is empty, node 0 lies in two, and twice in the second.
NODE, HYPEREDGE = torch.tensor([0, 1, 2, 0, 3, 4, 0]), torch.tensor([0, 0, 0, 1, 1, 2, 1])
INCIDENCE = Adjacency(NODE, HYPEREDGE, num_sources=6, num_targets=4)


def softmax_by(key: torch.Tensor, score: torch.Tensor) -> torch.Tensor:
    parts = torch.zeros_like(score)
    for at in range(6):
        parts[key == at] = score[key == at].softmax(0)
    return parts


@pytest.mark.parametrize("options", [
    {}, {"bias": False}, {"attention": "node", "num_heads": 2}, {"attention": "edge", "num_heads": 2, "bias": False},
    {"attention": "node", "num_heads": 2, "concat": False, "negative_slope": -0.3},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(options: dict[str, Any], weighted: bool) -> None:
    layer: Any = settled(HypergraphConv(4, 3, **options))
    x, heads = (drawn(6, 4), drawn(4, 4)), layer.num_heads
    weight = drawn(4)
    w = weight if weighted else torch.ones_like(weight)
    z, p = layer.fc(x[0]).reshape(6, heads, 3), torch.ones(7, heads, dtype=torch.float64)
    if layer.kind != "none":
        f = layer.fc(x[1]).reshape(4, heads, 3)
        score = (torch.cat((z[NODE], f[HYPEREDGE]), -1) * layer.attn).sum(-1)
        score = torch.nn.functional.leaky_relu(score, layer.negative_slope)
        p = softmax_by(HYPEREDGE if layer.kind == "node" else NODE, score)
    y = [(p[..., None] * z[NODE])[e == HYPEREDGE].sum(0) / max(int((e == HYPEREDGE).sum()), 1) for e in range(4)]
    back = (w[:, None, None] * torch.stack(y))[HYPEREDGE] * p[..., None]
    out = []
    for i in range(6):
        mine = i == NODE
        out.append(back[mine].sum(0) / (w[HYPEREDGE][mine].sum() if mine.any() else 1))
    expected = torch.stack(out).flatten(1) if layer.concat else torch.stack(out).mean(1)
    expected = expected if layer.bias is None else expected + layer.bias
    given = {"hyperedge_weight": weight} if weighted else {}
    wanted = [x[0], *([x[1]] if layer.kind != "none" else []), *given.values(), *layer.parameters()]
    assert_agrees([layer(INCIDENCE, x, **given)], [expected], wanted)


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    x, weight = (torch.randn(6, 5, 4), torch.randn(4, 5, 4)), torch.rand(4)
    for layer in (HypergraphConv(4, 3), HypergraphConv(4, 3, attention="edge", num_heads=2)):
        part = layer(INCIDENCE, (x[0][:, 2], x[1][:, 2]), hyperedge_weight=weight)
        torch.testing.assert_close(layer(INCIDENCE, x, hyperedge_weight=weight)[:, 2], part)


@pytest.mark.parametrize("attention", ["none", "node", "edge"])
def test_hypergraphs_without_incidences_give_the_bias(attention: Any) -> None:
    none = torch.empty(0, dtype=torch.int64)
    layer = HypergraphConv(4, 3, attention=attention)
    torch.nn.init.ones_(layer.bias)
    for nodes, hyperedges in ((0, 0), (3, 0), (0, 2), (3, 2)):
        empty = Adjacency(none, none, num_sources=nodes, num_targets=hyperedges)
        assert torch.equal(layer(empty, (torch.randn(nodes, 4), torch.randn(hyperedges, 4))), torch.ones(nodes, 3))


def test_dropout_acts_in_training_only() -> None:
    x, layer = (torch.randn(6, 4), torch.randn(4, 4)), HypergraphConv(4, 3, attention="node", attention_dropout=1.0)
    assert not layer(INCIDENCE, x).any()
    assert layer.eval()(INCIDENCE, x).any()


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`attention` to be one of none, node, edge, got 'both'"):
        HypergraphConv(4, 3, attention="both")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"`attention_dropout` from 0 to 1, got 2"):
        HypergraphConv(4, 3, attention_dropout=2)
    with pytest.raises(ShapeError, match=r"`hyperedge_weight` of shape \(4,\), got \(6,\)"):
        HypergraphConv(4, 3)(INCIDENCE, torch.randn(6, 4), hyperedge_weight=torch.rand(6))
    with pytest.raises(ShapeError, match=r"one tensor for 6 sources and 4 targets"):
        HypergraphConv(4, 3, attention="node")(INCIDENCE, torch.randn(6, 4))
    with pytest.raises(ShapeError, match=r"`x` of shape \(5, \*, 4\), got \(6, 4\)"):
        HypergraphConv(4, 3)(Graph([0], [1], 5), torch.randn(6, 4))


def test_text_form_is_the_constructor() -> None:
    expected = "4, 3, attention='node', num_heads=2, concat=True, attention_dropout=0.0, negative_slope=0.2, bias=True"
    assert HypergraphConv(4, 3, attention="node", num_heads=2).extra_repr() == expected
