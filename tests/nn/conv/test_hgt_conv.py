"""HGTConv agrees with its formula, written out edge by edge; what it refuses it explains."""

import pytest
import torch
from torch import Tensor

from weft.errors import IdError, OptionError, ShapeError
from weft.graph import Adjacency
from weft.nn import HGTConv, TypedLinear
from weft.testing import Input, LayerCase

INPUTS = {"node_type": Input("node", num_types=2), "edge_type": Input("edge", num_types=3)}
TYPES = {"num_node_types": 2, "num_edge_types": 3}
CASES = {
    "HGTConv": LayerCase(lambda i, o: HGTConv(i, o // 2, 2, **TYPES), INPUTS),
    "HGTConv skip norm": LayerCase(
        lambda i, o: HGTConv(i, o // 2, 2, activation=torch.tanh, layer_norm=True, bias=True, dropout=0.5, **TYPES),
        INPUTS,
        same_width=True,
    ),
}

FEW = ((0, 0, 1, 2, 2, 3), (1, 1, 2, 2, 0, 4), 4, 6)
MANY = (tuple(e % 3 for e in range(40)), tuple((e * e) % 4 for e in range(40)), 3, 5)


def by_formula(layer: HGTConv, edges: tuple, x: tuple[Tensor, Tensor], kinds: tuple, edge_type: Tensor) -> Tensor:
    source, target, _, num_targets = edges
    heads, width = layer.num_heads, layer.out_features

    def mapped(linear: TypedLinear, row: Tensor, kind: Tensor) -> Tensor:
        return row @ linear.W[kind] + (0 if linear.bias is None else linear.bias[kind])

    rows = []
    for i in range(num_targets):
        into = [e for e in range(len(source)) if target[e] == i]
        q = mapped(layer.linear_q, x[1][i], kinds[1][i]).reshape(heads, width)
        parts = []
        for h in range(heads):
            scores, messages = [], []
            for e in into:
                j, r = source[e], edge_type[e]
                k, v = (
                    mapped(linear, x[0][j], kinds[0][j]).reshape(heads, width)[h]
                    for linear in (layer.linear_k, layer.linear_v)
                )
                scores.append(k @ layer.relation_att[h].W[r] @ q[h] * layer.relation_pri[h][r] / width**0.5)
                messages.append(v @ layer.relation_msg[h].W[r])
            empty = x[1].new_zeros(width)
            parts.append(torch.softmax(torch.stack(scores), 0) @ torch.stack(messages) if into else empty)
        h = torch.cat(parts)
        out = mapped(layer.linear_a, h if layer.activation is None else layer.activation(h), kinds[1][i])
        gate = layer.skip[kinds[1][i]].sigmoid()
        own = x[1][i] if layer.residual_w is None else x[1][i] @ layer.residual_w
        out = gate * out + (1 - gate) * own
        rows.append(out if layer.norm is None else layer.norm(out))
    return torch.stack(rows)


@pytest.mark.parametrize("edges", [FEW, MANY], ids=["by head", "products first"])
@pytest.mark.parametrize(
    "options", [{}, {"layer_norm": True}, {"activation": torch.nn.functional.gelu, "bias": True}], ids=str
)
@pytest.mark.parametrize("in_target", [5, 6])
def test_agrees_with_the_formula(edges: tuple, options: dict[str, bool], in_target: int) -> None:
    torch.manual_seed(0)
    source, target, num_sources, num_targets = edges
    layer = HGTConv((4, in_target), 3, 2, **TYPES, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = tuple(
        torch.randn(*size, dtype=torch.float64, requires_grad=True)
        for size in ((num_sources, 4), (num_targets, in_target))
    )
    kinds = torch.randint(2, (num_sources,)), torch.randint(2, (num_targets,))
    edge_type = torch.randint(3, (len(source),))
    graph = Adjacency(source, target, num_sources=num_sources, num_targets=num_targets)
    found = layer(graph, x, node_type=kinds, edge_type=edge_type)
    expected = by_formula(layer, edges, x, kinds, edge_type)
    torch.testing.assert_close(found, expected)
    wanted = [*x, *layer.parameters()]
    both = [torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)]
    for ours, theirs in zip(*both, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_dropout_is_before_the_skip() -> None:
    layer, x = HGTConv(6, 3, 2, dropout=1.0, **TYPES), torch.randn(4, 6)
    kinds = {"node_type": torch.zeros(4, dtype=torch.int64), "edge_type": torch.zeros(2, dtype=torch.int64)}
    graph = Adjacency([0, 1], [1, 2], num_sources=4, num_targets=4)
    torch.testing.assert_close(layer(graph, x, **kinds), x * (1 - layer.skip[0].sigmoid()))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`dropout`"):
        HGTConv(4, 3, 2, dropout=2.0, **TYPES)
    layer, x = HGTConv(4, 3, 2, **TYPES), (torch.randn(4, 4), torch.randn(6, 4))
    graph = Adjacency(*FEW[:2], num_sources=4, num_targets=6)
    edge_type, kinds = torch.zeros(6, dtype=torch.int64), (torch.zeros(4).long(), torch.zeros(6).long())
    with pytest.raises(ShapeError, match="`node_type` for both ends of a bipartite graph"):
        layer(graph, x, node_type=kinds[0], edge_type=edge_type)
    with pytest.raises(ShapeError, match=r"`node_type\[1\]` of shape \(6,\), got \(4,\)"):
        layer(graph, x, node_type=(kinds[0], kinds[0]), edge_type=edge_type)
    with pytest.raises(ShapeError, match=r"`edge_type` of shape \(6,\), got \(5,\)"):
        layer(graph, x, node_type=kinds, edge_type=edge_type[:5])
    with pytest.raises(IdError):
        layer(graph, x, node_type=kinds, edge_type=edge_type + 3)
    with pytest.raises(IdError):
        layer(graph, x, node_type=(kinds[0] - 1, kinds[1]), edge_type=edge_type)
    many = Adjacency(*MANY[:2], num_sources=3, num_targets=5)
    for wrong in (-1, 3):
        with pytest.raises(IdError):
            layer(
                many, (x[0][:3], x[1][:5]), node_type=(kinds[0][:3], kinds[1][:5]), edge_type=torch.full((40,), wrong)
            )
