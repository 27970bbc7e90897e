"""EGNNConv agrees with its formula, and turns and moves with positions; what it refuses it explains."""

import pytest
import torch

from tests.nn.compared import BIPARTITE, NUM_EDGES, SOURCE, SQUARE, TARGET, assert_agrees, drawn, settled, sums
from weft.errors import OptionError, ShapeError
from weft.nn import EGNNConv
from weft.testing import Input, LayerCase

POSITION = Input("node", (3,))
CASES = {
    "EGNNConv": LayerCase(
        lambda i, o: EGNNConv(i, o, normalize=True), inputs={"position": POSITION}, outputs=("target", "target")
    ),
    "EGNNConv edges": LayerCase(
        lambda i, o: EGNNConv(i, o, edge_features=2, hidden_features=5),
        inputs={"position": POSITION, "edge_features": Input("edge", (2,))}, outputs=("target", "target"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("edge_width", [None, 2])
@pytest.mark.parametrize("normalize", [False, True])
def test_agrees_with_its_formula(edge_width: int | None, normalize: bool) -> None:
    layer = settled(EGNNConv((3, 5), 4, hidden_features=6, edge_features=edge_width, normalize=normalize))
    x, own, edge = drawn(4, 3), drawn(6, 5), drawn(NUM_EDGES, 2)
    position, place = drawn(4, 3), drawn(6, 3)
    more = [edge] if edge_width else []
    options = {"edge_features": edge} if edge_width else {}
    found = layer(BIPARTITE, (x, own), position=(position, place), **options)
    d = position[SOURCE] - place[TARGET]
    length = (d * d).sum(1, keepdim=True)
    m = layer.edge_mlp(torch.cat([x[SOURCE], own[TARGET], length, *more], 1))
    moves = layer.coord_mlp(m) * (d / length.sqrt() if normalize else d)
    h = layer.node_mlp(torch.cat([own, sums(m)], 1))
    expected = h, place + sums(moves, "mean")
    assert_agrees(found, expected, [x, own, position, place, *more, *layer.parameters()])


def test_results_turn_and_move_with_positions() -> None:
    layer = settled(EGNNConv(3, 4, normalize=True))
    x, position = drawn(6, 3), drawn(6, 3).detach()
    turn, move = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64)).Q, torch.tensor([1.0, -2.0, 0.5])
    h, p = layer(SQUARE, x, position=position)
    turned_h, turned_p = layer(SQUARE, x, position=position @ turn + move)
    torch.testing.assert_close(turned_h, h)
    torch.testing.assert_close(turned_p, p @ turn + move)


def test_nodes_at_one_place_have_finite_gradients() -> None:
    layer = EGNNConv(3, 4, normalize=True)
    position = torch.zeros(6, 3, requires_grad=True)
    sum(out.sum() for out in layer(SQUARE, torch.randn(6, 3), position=position)).backward()
    assert position.grad.isfinite().all()


def test_wrong_arguments_are_told() -> None:
    layer = EGNNConv(3, 4)
    with pytest.raises(ShapeError, match=r"of shape \(6, \*, 3\), got \(5, 3\)"):
        layer(SQUARE, torch.randn(6, 3), position=torch.randn(5, 3))
    with pytest.raises(OptionError, match="`edge_features` to be none, got some"):
        layer(SQUARE, torch.randn(6, 3), position=torch.randn(6, 3), edge_features=torch.randn(7, 2))


def test_text_form_is_the_constructor() -> None:
    assert EGNNConv(3, 4).extra_repr() == "3, 4, hidden_features=4, edge_features=None, normalize=False"
