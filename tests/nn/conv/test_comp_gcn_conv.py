"""CompGCNConv agrees with its formula, written out edge by edge; what it refuses it explains."""

import pytest
import torch
from torch import Tensor

from weft.errors import OptionError, ShapeError, WeftError
from weft.graph import Adjacency
from weft.nn import CompGCNConv
from weft.testing import Input, LayerCase


class WithRelations(torch.nn.Module):
    """The layer, in which features of relations are parameters and new ones are added to the result."""

    def __init__(self, in_features, out_features, composition):
        super().__init__()
        self.layer = CompGCNConv(in_features, out_features, 3, composition=composition)
        self.z = torch.nn.Parameter(torch.randn(6, in_features))

    def forward(self, graph, x, edge_weight=None, *, edge_type):
        out = self.layer(graph, x, edge_weight, edge_type=edge_type, relation_features=self.z)
        return out + self.layer.relations(self.z).mean(0)


WithRelations.__name__, WithRelations.__doc__ = CompGCNConv.__name__, CompGCNConv.__doc__
BOTH_WAYS = "edges act against their direction too"
EXEMPT = dict.fromkeys(("check_isolated", "check_parallel_edges", "check_self_loops"), BOTH_WAYS)


def case(composition: str) -> LayerCase:
    """The layer with one composition."""
    inputs = {"edge_type": Input("edge", num_types=3)}
    make = lambda i, o: WithRelations(i, o, composition)  # noqa: E731
    return LayerCase(make, inputs, bipartite=False, exempt=EXEMPT)


CASES = {f"CompGCNConv {composition}": case(composition) for composition in ("sub", "mult", "corr")}

SOURCE, TARGET, TYPE = (0, 0, 1, 2, 2, 3, 1), (1, 1, 2, 2, 0, 4, 1), (0, 2, 1, 1, 0, 2, 0)
GRAPH = Adjacency(SOURCE, TARGET, num_sources=6, num_targets=6)


def composed(kind: str, x: Tensor, z: Tensor) -> Tensor:
    if kind == "sub":
        return x - z
    if kind == "mult":
        return x * z
    return torch.stack([sum(x[i] * z[(i + k) % 5] for i in range(5)) for k in range(5)])


@pytest.mark.parametrize("kind", ["sub", "mult", "corr"])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_the_formula(kind: str, weighted: bool) -> None:
    torch.manual_seed(0)
    layer = CompGCNConv(5, 3, 3, composition=kind, bias=weighted).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x, z = (torch.randn(6, 5, dtype=torch.float64, requires_grad=True) for _ in range(2))
    weight = torch.rand(7, dtype=torch.float64, requires_grad=True) if weighted else None
    found = layer(GRAPH, x, weight, edge_type=torch.tensor(TYPE), relation_features=z)
    rows = []
    for i in range(6):
        row = layer.W_S(composed(kind, x[i], layer.loop[0]))
        for e in range(7):
            w = 1 if weight is None else weight[e]
            if TARGET[e] == i:
                row = row + layer.W_O(w * composed(kind, x[SOURCE[e]], z[TYPE[e]]))
            if SOURCE[e] == i:
                row = row + layer.W_I(w * composed(kind, x[TARGET[e]], z[3 + TYPE[e]]))
        rows.append(row / 3 if layer.bias is None else row / 3 + layer.bias)
    expected = torch.stack(rows)
    torch.testing.assert_close(found, expected)
    relations = layer.relations(z)
    torch.testing.assert_close(relations, z @ layer.W_R.weight.T)
    wanted = [x, z, *layer.parameters(), *([] if weight is None else [weight])]
    both = [
        torch.autograd.grad(out.sin().sum() + relations.sum(), wanted, retain_graph=True) for out in (found, expected)
    ]
    for ours, theirs in zip(*both, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`composition` to be one of sub, mult, corr"):
        CompGCNConv(5, 3, 3, composition="add")
    layer, x, z = CompGCNConv(5, 3, 3), torch.randn(6, 5), torch.randn(6, 5)
    with pytest.raises(ShapeError, match=r"`relation_features` of shape \(6, 5\), got \(3, 5\)"):
        layer(GRAPH, x, edge_type=torch.tensor(TYPE), relation_features=z[:3])
    pair = Adjacency(SOURCE, TARGET, num_sources=6, num_targets=5)
    with pytest.raises(ShapeError, match="a square graph, got 6 sources and 5 targets"):
        layer(pair, x, edge_type=torch.tensor(TYPE), relation_features=z)
    for kind in ("sub", "mult", "corr"):
        layer = CompGCNConv(5, 3, 3, composition=kind)
        for wrong in (-1, 3):
            with pytest.raises(WeftError):
                layer(GRAPH, x, edge_type=torch.full((7,), wrong), relation_features=z)
