"""HEATConv agrees with its formula, written out edge by edge; what it refuses it explains."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from weft.errors import IdError, OptionError, ShapeError
from weft.graph import Adjacency
from weft.nn import HEATConv
from weft.testing import Input, LayerCase

INPUTS = {
    "node_type": Input("node", num_types=2),
    "edge_type": Input("edge", num_types=3),
    "edge_features": Input("edge", (2,)),
}
TYPES = {"num_node_types": 2, "num_edge_types": 3, "edge_features": 2, "type_embedding": 3, "edge_embedding": 4}
CASES = {
    "HEATConv": LayerCase(lambda i, o: HEATConv(i, o // 2, 2, **TYPES), INPUTS),
    "HEATConv mean": LayerCase(
        lambda i, o: HEATConv(i, o, 2, concat=False, residual=True, attention_dropout=0.5, **TYPES), INPUTS
    ),
}

SOURCE, TARGET = (0, 0, 1, 2, 2, 3, 1), (1, 1, 2, 2, 0, 4, 1)
GRAPH = Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6)


def by_formula(layer: HEATConv, x: tuple, kinds: tuple, edge_type: Tensor, features: Tensor) -> Tensor:
    z = [
        torch.stack([row @ layer.hetero_lin.W[kind] for row, kind in zip(*end, strict=True)])
        for end in zip(x, kinds, strict=True)
    ]
    if layer.hetero_lin.bias is not None:
        z = [rows + layer.hetero_lin.bias[kind] for rows, kind in zip(z, kinds, strict=True)]
    rows = []
    for i in range(6):
        scores, messages = [], []
        for e in [e for e in range(7) if TARGET[e] == i]:
            j = SOURCE[e]
            r = leaky_relu(layer.edge_type_emb.weight[edge_type[e]], 0.2)
            f = leaky_relu(layer.edge_attr_emb.weight @ features[e], 0.2)
            scores.append(leaky_relu(layer.att.weight @ torch.cat([z[1][i], z[0][j], r, f]), 0.2))
            messages.append(layer.lin(torch.cat([z[0][j], f])))
        out = z[1].new_zeros(layer.num_heads, layer.out_features)
        if scores:
            out = torch.softmax(torch.stack(scores), 0).T @ torch.stack(messages)
        out = out + z[1][i] if layer.residual else out
        rows.append(out.flatten() if layer.concat else out.mean(0))
    return torch.stack(rows)


@pytest.mark.parametrize("options", [{}, {"concat": False, "bias": False, "residual": True}], ids=str)
def test_agrees_with_the_formula(options: dict[str, bool]) -> None:
    torch.manual_seed(0)
    layer = HEATConv(5, 3, 2, **TYPES, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = tuple(torch.randn(n, 5, dtype=torch.float64, requires_grad=True) for n in (4, 6))
    features = torch.randn(7, 2, dtype=torch.float64, requires_grad=True)
    kinds, edge_type = (torch.randint(2, (4,)), torch.randint(2, (6,))), torch.randint(3, (7,))
    given = {"node_type": kinds, "edge_type": edge_type, "edge_features": features}
    found = layer(GRAPH, x, **given)
    expected = by_formula(layer, x, kinds, edge_type, features)
    torch.testing.assert_close(found, expected)
    wanted = [*x, features, *layer.parameters()]
    both = [torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)]
    for ours, theirs in zip(*both, strict=True):
        torch.testing.assert_close(ours, theirs)
    shares = layer.attention(GRAPH, x, **given)
    total = torch.zeros(6, 2, dtype=torch.float64).index_add(0, torch.tensor(TARGET), shares)
    torch.testing.assert_close(total[torch.tensor(TARGET)], torch.ones_like(shares))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`attention_dropout`"):
        HEATConv(5, 3, attention_dropout=-1, **TYPES)
    layer, x = HEATConv(5, 3, **TYPES), (torch.randn(4, 5), torch.randn(6, 5))
    given = {
        "node_type": (torch.zeros(4).long(), torch.zeros(6).long()),
        "edge_type": torch.zeros(7).long(),
        "edge_features": torch.ones(7, 2),
    }
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, 2\), got \(7, 3\)"):
        layer(GRAPH, x, **{**given, "edge_features": torch.ones(7, 3)})
    with pytest.raises(ShapeError, match="`node_type` for both ends"):
        layer(GRAPH, x, **{**given, "node_type": torch.zeros(4).long()})
    with pytest.raises(IdError):
        layer(GRAPH, x, **{**given, "edge_type": torch.full((7,), 3)})
