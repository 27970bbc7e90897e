"""APPNP agrees with dense matrices; what it drops and what it refuses."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.nn.compared import NUM_NODES, SOURCE, SQUARE, assert_agrees, drawn, matrix, normalised, settled
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency
from weft.nn import APPNPConv
from weft.nn.models import APPNP
from weft.testing import LayerCase

CASES = {
    "APPNP": LayerCase(lambda i, o: APPNP(i, 8, o, num_hops=3, dropout=0.5, edge_dropout=0.5), bipartite=False),
}


@pytest.mark.parametrize("options", [{}, {"num_layers": 3, "norm": "right"}, {"num_layers": 1, "alpha": 0.0}], ids=str)
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_agrees_with_its_formula(options: dict[str, Any], weighted: bool) -> None:
    model: Any = settled(APPNP(4, 6, 3, num_hops=4, **options))
    x, weight = drawn(NUM_NODES, 4), drawn(len(SOURCE), positive=True)
    h = x
    for at, linear in enumerate(model.layers):
        h = linear(h.relu() if at else h)
    s = normalised(matrix(weight if weighted else torch.ones_like(weight)), options.get("norm", "both"))
    alpha, expected = options.get("alpha", 0.1), h
    for _ in range(4):
        expected = (1 - alpha) * s @ expected + alpha * h
    wanted = [x, *model.parameters(), *([weight] if weighted else [])]
    assert_agrees(model(SQUARE, x, weight if weighted else None), expected, wanted)


def test_it_has_the_widths_of_the_paper() -> None:
    model: Any = APPNP(4, 6, 3)
    assert [tuple(linear.weight.shape) for linear in model.layers] == [(6, 4), (3, 6)]
    assert (model.hops.k, model.hops.alpha) == (10, 0.1)


def test_dropout_falls_on_inputs_of_maps_and_on_edges() -> None:
    model: Any = APPNP(4, 6, 3, num_hops=2, dropout=0.4, edge_dropout=0.3)
    x = torch.randn(NUM_NODES, 4)
    torch.manual_seed(1)
    found = model(SQUARE, x)
    torch.manual_seed(1)
    h: Tensor = model.layers[0](functional.dropout(x, 0.4))
    h = model.layers[1](functional.dropout(h.relu(), 0.4))
    torch.testing.assert_close(found, APPNPConv(2, 0.1, edge_dropout=0.3)(SQUARE, h))
    assert torch.equal(model.eval()(SQUARE, x), model(SQUARE, x))


def test_reset_draws_all_parameters_anew() -> None:
    model = settled(APPNP(4, 6, 3))
    before = {name: value.clone() for name, value in model.named_parameters()}
    model.reset_parameters()
    assert not any(torch.equal(value, before[name]) for name, value in model.named_parameters())


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(OptionError, match="not negative, got 0 and 10"):
        APPNP(4, 6, 3, num_layers=0)
    with pytest.raises(OptionError, match=r"APPNP: .* `num_hops` that is not negative, got 2 and -1"):
        APPNP(4, 6, 3, num_hops=-1)
    for name in ("dropout", "edge_dropout", "alpha"):
        with pytest.raises(OptionError, match=f"`{name}`"):
            APPNP(4, 6, 3, **{name: 1.5})
    with pytest.raises(ShapeError, match=rf"APPNP: expected `x` of shape \({NUM_NODES}, \*, 4\)"):
        APPNP(4, 6, 3)(SQUARE, torch.randn(NUM_NODES, 3))
    pair = Adjacency(torch.tensor([0]), torch.tensor([0]), num_sources=2, num_targets=1)
    with pytest.raises(ShapeError, match="APPNP: expected a graph whose targets are its sources"):
        APPNP(4, 6, 3)(pair, torch.randn(2, 4))
