"""PDNConv agrees with its formula, edge by edge."""

import pytest
import torch

from tests.nn.compared import assert_agrees, drawn
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import PDNConv
from weft.testing import Input, LayerCase

EDGES = {"edge_features": Input("edge", (3,))}
CASES = {
    "PDNConv": LayerCase(lambda i, o: PDNConv(i, o, 3, hidden_features=5), inputs=EDGES),
    "PDNConv norm": LayerCase(
        lambda i, o: PDNConv(i, o, 3, hidden_features=5, norm="in"), inputs=EDGES, bipartite=False
    ),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_NODES = 5
GRAPH = Graph(SOURCE, TARGET, NUM_NODES)


@pytest.mark.parametrize("norm", ["none", "in"])
@pytest.mark.parametrize(("width", "out"), [(2, 4), (4, 2)])
@pytest.mark.parametrize("bias", [False, True])
def test_agrees_with_its_formula(norm: str, width: int, out: int, bias: bool) -> None:
    layer = PDNConv(width, out, 3, hidden_features=4, norm=norm, bias=bias).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x, edges = drawn(NUM_NODES, width), drawn(7, 3)
    weight = layer.mlp(edges).squeeze(1)
    if norm == "in":
        sums = torch.zeros(NUM_NODES, dtype=torch.float64).index_add(0, TARGET, weight)
        sums = torch.where(sums == 0, 1, sums)
        weight = weight / (sums[SOURCE] * sums[TARGET]).sqrt()
    messages = weight[:, None] * layer.lin(x)[SOURCE]
    expected = torch.zeros(NUM_NODES, out, dtype=torch.float64).index_add(0, TARGET, messages)
    expected = expected + layer.bias if bias else expected
    assert_agrees(layer(GRAPH, x, edge_features=edges), expected, [x, edges, *layer.parameters()])


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`norm` to be one of none, in, got 'both'"):
        PDNConv(3, 2, 3, hidden_features=4, norm="both")
    layer, pair = (
        PDNConv(3, 2, 3, hidden_features=4, norm="in"),
        Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6),
    )
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, 3\), got \(7, 2\)"):
        layer(GRAPH, torch.randn(5, 3), edge_features=torch.randn(7, 2))
    with pytest.raises(ShapeError, match='a square graph for the norm "in", got 4 sources and 6 targets'):
        layer(pair, torch.randn(4, 3), edge_features=torch.randn(7, 3))
    assert layer.extra_repr() == "3, 2, 3, hidden_features=4, norm='in', bias=True"
