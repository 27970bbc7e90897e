"""GINEConv agrees with its formula; what it refuses it explains."""

import pytest
import torch
from torch import nn

from tests.nn.compared import BIPARTITE, NUM_EDGES, SOURCE, assert_agrees, drawn, settled, sums
from weft.errors import OptionError, ShapeError
from weft.nn import GINEConv
from weft.testing import Input, LayerCase

CASES = {
    "GINEConv": LayerCase(
        lambda i, o: GINEConv(nn.Linear(i, o), edge_features=3, in_features=i, learn_eps=True),
        inputs={"edge_features": Input("edge", (3,))},
    ),
}


@pytest.mark.parametrize("projects", [False, True])
@pytest.mark.parametrize("has_network", [False, True])
def test_agrees_with_its_formula(projects: bool, has_network: bool) -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh()) if has_network else None
    options = {"edge_features": 2, "in_features": 3} if projects else {}
    layer = settled(GINEConv(network, learn_eps=True, eps=0.5, **options))
    x, own, edge = drawn(4, 3), drawn(6, 3), drawn(NUM_EDGES, 2 if projects else 3)
    found = layer(BIPARTITE, (x, own), edge_features=edge)
    edges = layer.lin(edge) if projects else edge
    expected = (1 + layer.eps) * own + sums((x[SOURCE] + edges).relu())
    expected = network(expected) if has_network else expected
    assert_agrees(found, expected, [x, own, edge, *layer.parameters()])


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    x, own, edge = drawn(4, 2, 3), drawn(6, 2, 3), drawn(NUM_EDGES, 2, 5)
    layer = GINEConv(edge_features=5, in_features=3).double()
    whole = layer(BIPARTITE, (x, own), edge_features=edge)
    torch.testing.assert_close(whole[:, 1], layer(BIPARTITE, (x[:, 1], own[:, 1]), edge_features=edge[:, 1]))


def test_eps_is_a_parameter_only_if_it_is_learned() -> None:
    assert not list(GINEConv(eps=0.1).parameters())
    assert GINEConv(eps=0.1).state_dict()["eps"].item() == pytest.approx(0.1)
    layer = GINEConv(nn.Linear(2, 2), eps=0.1, learn_eps=True)
    with torch.no_grad():
        layer.eps.fill_(3.0)
    layer.reset_parameters()
    assert layer.eps.item() == pytest.approx(0.1)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`in_features` beside `edge_features`, got edge_features=3 alone"):
        GINEConv(edge_features=3)
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, \*, 3\), got \(7, 2\)"):
        GINEConv()(BIPARTITE, (torch.randn(4, 3), torch.randn(6, 3)), edge_features=torch.randn(7, 2))


def test_text_form_is_the_constructor() -> None:
    layer = GINEConv(edge_features=2, in_features=3)
    assert layer.extra_repr() == "edge_features=2, in_features=3, learn_eps=False"
