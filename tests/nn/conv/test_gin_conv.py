"""GINConv agrees with its formula, node by node; what it refuses it explains."""

import pytest
import torch
from torch import Tensor, nn

from tests.nn.compared import (
    BIPARTITE,
    NUM_EDGES,
    NUM_NODES,
    NUM_TARGETS,
    SOURCE,
    SQUARE,
    TARGET,
    assert_agrees,
    drawn,
    settled,
)
from weft.errors import OptionError, ShapeError
from weft.nn import GINConv


def network(fan_in: int, fan_out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(fan_in, 5), nn.Tanh(), nn.Linear(5, fan_out))


CASES = {
    "GINConv sum": lambda i, o: GINConv(network(i, o), learn_eps=True),
    "GINConv max": lambda i, o: GINConv(nn.Linear(i, o), "max", eps=0.3),
}


def formula(layer: GINConv, x: tuple[Tensor, Tensor], weight: Tensor) -> Tensor:
    """The layer as its docstring tells it, one target after the other."""
    rows = []
    for target in range(NUM_TARGETS):
        edges = target == TARGET
        h = x[0][SOURCE[edges]] * weight[edges, None]
        reduced = {"sum": h.sum, "mean": h.mean, "max": h.amax}[layer.aggregator](0) if len(h) else 0.0
        row = (1 + layer.eps) * x[1][target] + reduced
        rows.append(row if layer.apply_func is None else layer.apply_func(row))
    return torch.stack(rows)


@pytest.mark.parametrize("aggregator", ["sum", "mean", "max"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("learn_eps", [False, True])
@pytest.mark.parametrize("has_network", [False, True])
def test_agrees_with_its_formula(aggregator: str, weighted: bool, learn_eps: bool, has_network: bool) -> None:
    layer = GINConv(network(3, 2) if has_network else None, aggregator, eps=0.4, learn_eps=learn_eps)
    layer = settled(layer)
    x, own, weight = drawn(4, 3), drawn(6, 3), drawn(NUM_EDGES)
    found = layer(BIPARTITE, (x, own), weight if weighted else None)
    expected = formula(layer, (x, own), weight if weighted else torch.ones_like(weight))
    assert_agrees(found, expected, [x, own, *layer.parameters(), *([weight] if weighted else [])])


def test_a_constant_eps_belongs_to_the_state() -> None:
    layer = GINConv(eps=0.5)
    assert list(layer.state_dict()) == ["eps"]
    assert not list(layer.parameters())
    x = torch.randn(NUM_NODES, 3)
    torch.testing.assert_close(layer(SQUARE, x)[5], 1.5 * x[5])


def test_reset_draws_the_network_anew_and_sets_eps_to_where_it_began() -> None:
    layer = settled(GINConv(network(3, 2), eps=0.3, learn_eps=True))
    before = layer.apply_func[0].weight.clone()
    layer.reset_parameters()
    assert layer.eps.tolist() == pytest.approx([0.3])
    assert not torch.equal(layer.apply_func[0].weight, before)


def test_inputs_stay_as_they_were() -> None:
    x = torch.randn(NUM_NODES, 3)
    before = x.clone()
    with torch.no_grad():
        GINConv()(SQUARE, x)
    assert torch.equal(x, before)


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    layer, x = GINConv(nn.Linear(3, 2)), torch.randn(NUM_NODES, 4, 3)
    torch.testing.assert_close(layer(SQUARE, x)[:, 2], layer(SQUARE, x[:, 2]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`aggregator` to be one of sum, mean, max, got 'min'"):
        GINConv(None, "min")
    with pytest.raises(ShapeError, match=r"GINConv: expected `x\[1\]` of shape \(6, \*, 3\), got \(6, 2\)"):
        GINConv()(BIPARTITE, (torch.ones(4, 3), torch.ones(6, 2)))
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\), got \(8,\)"):
        GINConv()(BIPARTITE, (torch.ones(4, 3), torch.ones(6, 3)), torch.ones(8))
    with pytest.raises(ShapeError):
        GINConv()(SQUARE, torch.tensor(1.0))


def test_text_form_tells_the_options() -> None:
    assert repr(GINConv(aggregator="mean")) == "GINConv('mean', learn_eps=False)"
