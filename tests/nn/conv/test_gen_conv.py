"""GENConv agrees with its formula; what it refuses it explains."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.nn.compared import BIPARTITE, NUM_EDGES, NUM_TARGETS, SOURCE, TARGET, assert_agrees, drawn, settled, sums
from weft import settings
from weft.errors import OptionError
from weft.nn import GENConv
from weft.testing import Input, LayerCase

CASES = {
    "GENConv": lambda i, o: GENConv(i, o, learn_temperature=True, message_norm=True, learn_scale=True, norm="layer"),
    "GENConv edges": LayerCase(
        lambda i, o: GENConv(i, o, "power", edge_features=3, power=2.0, learn_power=True, norm="layer"),
        inputs={"edge_features": Input("edge", (3,))},
    ),
}


def aggregated(layer: GENConv, m: Tensor) -> Tensor:
    if layer.aggregator not in ("softmax", "power"):
        return sums(m, layer.aggregator)
    rows = []
    for target in range(NUM_TARGETS):
        mine = m[target == TARGET]
        if layer.aggregator == "softmax":
            rows.append((mine * torch.softmax(mine * layer.temperature, 0)).sum(0))
        else:
            rows.append((mine**layer.power).mean(0) ** (1 / layer.power) if len(mine) else m.new_zeros(m.shape[1]))
    return torch.stack(rows)


@pytest.mark.parametrize("budget", [2**26, 100])  # edges are projected beforehand, or a few at a time
@pytest.mark.parametrize("aggregator", ["softmax", "power", "sum", "mean", "max"])
@pytest.mark.parametrize("edge_width", [None, 2, 4])
@pytest.mark.parametrize("message_norm", [False, True])
def test_agrees_with_its_formula(
    aggregator: str, edge_width: int | None, message_norm: bool, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "chunk_bytes", budget)
    layer = settled(
        GENConv(
            (3, 5), 4, aggregator, edge_features=edge_width, learn_temperature=True, learn_power=True, bias=True,
            message_norm=message_norm, learn_scale=True, eps=0.1, norm="batch" if message_norm else "none",
        ).eval()
    )  # fmt: skip
    x, own, edge = drawn(4, 3), drawn(6, 5), drawn(NUM_EDGES, edge_width or 1)
    found = layer(BIPARTITE, (x, own), **({"edge_features": edge} if edge_width else {}))
    m = layer.lin_src(x)[SOURCE]
    if edge_width:
        m = m + (edge if edge_width == 4 else layer.lin_edge(edge))
    h = aggregated(layer, m.relu() + 0.1)
    if message_norm:
        h = functional.normalize(h, dim=-1) * own.norm(dim=-1, keepdim=True) * layer.scale
    expected = layer.mlp(layer.lin_dst(own) + h)
    assert_agrees(found, expected, [x, own, *([edge] if edge_width else []), *layer.parameters()])


def test_maps_are_there_where_widths_differ() -> None:
    layer = GENConv((3, 4), 4, edge_features=4)
    assert isinstance(layer.lin_src, nn.Linear)
    assert layer.lin_dst is None
    assert layer.lin_edge is None
    assert [type(step).__name__ for step in layer.mlp] == ["Linear", "BatchNorm1d", "ReLU", "Dropout", "Linear"]
    assert {name for name, _ in layer.named_parameters() if "." not in name} == set()


def test_reset_sets_learned_numbers_to_where_they_began() -> None:
    layer = GENConv(3, 3, temperature=0.5, learn_temperature=True)
    with torch.no_grad():
        layer.temperature.fill_(7.0)
    layer.reset_parameters()
    assert layer.temperature.item() == 0.5


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`aggregator` to be one of softmax, power, sum, mean, max, got 'min'"):
        GENConv(3, 4, "min")
    with pytest.raises(OptionError, match="`num_layers` of at least 1, got 0"):
        GENConv(3, 4, num_layers=0)
    with pytest.raises(OptionError, match="`power` other than 0, got 0"):
        GENConv(3, 4, "power", power=0)
    with pytest.raises(OptionError, match="`edge_features` to be some, got none"):
        GENConv(3, 4, edge_features=2)(BIPARTITE, (torch.randn(4, 3), torch.randn(6, 3)))


def test_text_form_is_the_constructor() -> None:
    assert GENConv(3, 4).extra_repr() == "3, 4, 'softmax', edge_features=None, message_norm=False"
