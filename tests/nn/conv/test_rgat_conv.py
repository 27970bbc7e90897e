"""RGATConv agrees with its formula, written out edge by edge; what it refuses it explains."""

import pytest
import torch
from torch import Tensor

from weft.errors import IdError, OptionError, ShapeError
from weft.graph import Adjacency
from weft.nn import RGATConv
from weft.testing import Input, LayerCase

TYPES = {"edge_type": Input("edge", num_types=3)}
CASES = {
    "RGATConv": LayerCase(lambda i, o: RGATConv(i, o // 2, 3, num_heads=2), TYPES),
    "RGATConv within": LayerCase(
        lambda i, o: RGATConv(
            i,
            o,
            3,
            num_heads=2,
            mechanism="within",
            mode="multiplicative",
            concat=False,
            edge_features=2,
            attention_dropout=0.5,
        ),
        {**TYPES, "edge_features": Input("edge", (2,))},
    ),
}

FEW = ((0, 0, 1, 2, 2, 3, 1), (1, 1, 2, 2, 0, 4, 1), 4, 6)
MANY = (tuple(e % 3 for e in range(40)), tuple((e * e) % 4 for e in range(40)), 3, 5)


def by_formula(
    layer: RGATConv,
    edges: tuple,
    x: tuple[Tensor, Tensor],
    kinds: Tensor,
    features: Tensor | None,
    weight: Tensor | None,
) -> Tensor:
    source, target, _, num_targets = edges
    matrices, heads, rows = layer.linear_r.matrices(), layer.num_heads, []
    for i in range(num_targets):
        into = [e for e in range(len(source)) if target[e] == i]
        out = x[1].new_zeros(heads, layer.out_features)
        scores = {}
        for e in into:
            own, other = (row @ matrices[kinds[e]] for row in (x[1][i], x[0][source[e]]))
            score = own @ layer.q + other @ layer.k if layer.mode == "additive" else (own @ layer.q) * (other @ layer.k)
            if features is not None:
                term = layer.lin_edge(features[e]) @ layer.e
                score = score + term if layer.mode == "additive" else score * term
            scores[e] = torch.nn.functional.leaky_relu(score, 0.2) if layer.mode == "additive" else score
        for e in into:
            group = [f for f in into if layer.mechanism == "across" or kinds[f] == kinds[e]]
            share = scores[e].exp() / sum(scores[f].exp() for f in group)
            share = share if weight is None else share * weight[e]
            out = out + share[:, None] * (x[0][source[e]] @ matrices[kinds[e]]).reshape(heads, -1)
        out = out.flatten() if layer.concat else out.mean(0)
        rows.append(out if layer.bias is None else out + layer.bias)
    return torch.stack(rows)


@pytest.mark.parametrize("edges", [FEW, MANY], ids=["by head", "products first"])
@pytest.mark.parametrize("mechanism", ["across", "within"])
@pytest.mark.parametrize("mode", ["additive", "multiplicative"])
@pytest.mark.parametrize(
    "options",
    [{}, {"edge_features": 2, "concat": False}, {"regularizer": "basis", "num_bases": 2, "bias": False}],
    ids=str,
)
def test_agrees_with_the_formula(edges: tuple, mechanism: str, mode: str, options: dict[str, object]) -> None:
    torch.manual_seed(0)
    layer = RGATConv(4, 3, 3, num_heads=2, mechanism=mechanism, mode=mode, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    source, target, num_sources, num_targets = edges
    x = tuple(torch.randn(n, 4, dtype=torch.float64, requires_grad=True) for n in (num_sources, num_targets))
    kinds, inputs = torch.randint(3, (len(source),)), {}
    if "edge_features" in options:
        inputs["edge_features"] = torch.randn(len(source), 2, dtype=torch.float64, requires_grad=True)
    weight = torch.rand(len(source), dtype=torch.float64, requires_grad=True) if "edge_features" in options else None
    graph = Adjacency(source, target, num_sources=num_sources, num_targets=num_targets)
    found = layer(graph, x, weight, edge_type=kinds, **inputs)
    expected = by_formula(layer, edges, x, kinds, inputs.get("edge_features"), weight)
    torch.testing.assert_close(found, expected)
    wanted = [*x, *inputs.values(), *([] if weight is None else [weight]), *layer.parameters()]
    both = [torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)]
    for ours, theirs in zip(*both, strict=True):
        torch.testing.assert_close(ours, theirs)
    shares = layer.attention(graph, x, edge_type=kinds, **inputs)
    groups = torch.tensor(target) * 3 + (kinds if mechanism == "within" else 0)
    total = torch.zeros(18, 2, dtype=torch.float64).index_add(0, groups, shares)
    torch.testing.assert_close(total[groups], torch.ones_like(shares))


def test_attention_is_dropped_in_training_alone() -> None:
    layer, x = RGATConv(4, 3, 3, attention_dropout=1.0), torch.randn(4, 4)
    graph = Adjacency([0, 1], [1, 2], num_sources=4, num_targets=4)
    assert not layer(graph, x, edge_type=torch.tensor([0, 2])).any()
    assert layer.eval()(graph, x, edge_type=torch.tensor([0, 2])).any()


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`mechanism` to be one of across, within"):
        RGATConv(4, 3, 3, mechanism="across-relation")
    with pytest.raises(OptionError, match="`mode` to be one of additive, multiplicative"):
        RGATConv(4, 3, 3, mode="dot")
    layer, x = RGATConv(4, 3, 3), torch.randn(4, 4)
    graph, kinds = Adjacency([0, 1], [1, 2], num_sources=4, num_targets=4), torch.tensor([0, 2])
    with pytest.raises(ShapeError, match="edge features of width 0, got edge features"):
        layer(graph, x, edge_type=kinds, edge_features=torch.ones(2, 1))
    with pytest.raises(ShapeError, match="edge features of width 2, got no edge features"):
        RGATConv(4, 3, 3, edge_features=2)(graph, x, edge_type=kinds)
    with pytest.raises(ShapeError, match="`edge_type` of shape"):
        layer(graph, x, edge_type=kinds[:1])
    for wrong in (-1, 3):
        with pytest.raises(IdError):
            layer(graph, x, edge_type=torch.tensor([0, wrong]))
