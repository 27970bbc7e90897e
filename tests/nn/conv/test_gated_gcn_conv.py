"""GatedGCNConv agrees with its formula; what it refuses it explains."""

import pytest
import torch

from tests.nn.compared import BIPARTITE, NUM_EDGES, SOURCE, TARGET, assert_agrees, drawn, settled, sums
from weft.errors import OptionError, ShapeError
from weft.nn import GatedGCNConv
from weft.testing import Input, LayerCase

MEMORY = {"check_memory": "new features of the edges are a result"}
CASES = {
    "GatedGCNConv": LayerCase(
        lambda i, o: GatedGCNConv(i, o, 3), inputs={"edge_features": Input("edge", (3,))}, outputs=("target", "edge"),
        exempt=MEMORY,
    ),
}  # fmt: skip


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("edge_width", [2, 4])
def test_agrees_with_its_formula(norm: bool, residual: bool, edge_width: int) -> None:
    layer = settled(GatedGCNConv((3, 4), 4, edge_width, batch_norm=norm, residual=residual)).eval()
    x, own, edge = drawn(4, 3), drawn(6, 4), drawn(NUM_EDGES, edge_width)
    found = layer(BIPARTITE, (x, own), edge_features=edge)
    gates = layer.D(x[SOURCE]) + layer.E(own[TARGET]) + layer.C(edge)
    weights = torch.sigmoid(gates)
    h = layer.A(own) + sums(weights * layer.B(x[SOURCE])) / (sums(weights) + 1e-6)
    if norm:
        h, gates = layer.bn_node(h), layer.bn_edge(gates)
    h, gates = h.relu(), gates.relu()
    if residual and edge_width == 4:
        h, gates = own + h, edge + gates
    assert_agrees(found, (h, gates), [x, own, edge, *layer.parameters()])


def test_activation_and_dropout() -> None:
    x, edge = (torch.randn(4, 3), torch.randn(6, 3)), torch.randn(NUM_EDGES, 3)
    layer = GatedGCNConv(3, 3, 3, batch_norm=False, residual=False, activation=None, dropout=1.0)
    assert not any(out.any() for out in layer(BIPARTITE, x, edge_features=edge))
    assert all((out < 0).any() for out in layer.eval()(BIPARTITE, x, edge_features=edge))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`dropout` from 0 to 1, got 2"):
        GatedGCNConv(3, 3, 3, dropout=2)
    layer, x = GatedGCNConv(3, 3, 2), (torch.randn(4, 3), torch.randn(6, 3))
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, \*, 2\), got \(7, 3\)"):
        layer(BIPARTITE, x, edge_features=torch.randn(7, 3))
    with pytest.raises(ShapeError, match="features of two dimensions"):
        layer(BIPARTITE, x, edge_features=torch.randn(7, 1, 2))


def test_text_form_is_the_constructor() -> None:
    assert GatedGCNConv(3, 4, 2).extra_repr() == "3, 4, 2, batch_norm=True, residual=False, dropout=0.0"
