"""CGConv agrees with its formula; what it refuses it explains."""

import pytest
import torch
from torch.nn import functional

from tests.nn.compared import BIPARTITE, NUM_EDGES, SOURCE, TARGET, assert_agrees, drawn, settled, sums
from weft import settings
from weft.errors import OptionError
from weft.nn import CGConv
from weft.testing import Input, LayerCase

CASES = {
    "CGConv": LayerCase(lambda i, _: CGConv(i, batch_norm=True), same_width=True),
    "CGConv edges": LayerCase(
        lambda i, _: CGConv(i, edge_features=3), inputs={"edge_features": Input("edge", (3,))}, same_width=True
    ),
}


@pytest.mark.parametrize("budget", [2**26, 100])  # edges are projected beforehand, or a few at a time
@pytest.mark.parametrize("edge_width", [None, 2])
@pytest.mark.parametrize("aggregator", ["sum", "mean", "max"])
@pytest.mark.parametrize("norm", [False, True])
def test_agrees_with_its_formula(
    edge_width: int | None, aggregator: str, norm: bool, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "chunk_bytes", budget)
    layer = settled(CGConv((3, 5), edge_features=edge_width, aggregator=aggregator, batch_norm=norm, bias=norm)).eval()
    x, own, edge = drawn(4, 3), drawn(6, 5), drawn(NUM_EDGES, 2)
    found = layer(BIPARTITE, (x, own), **({"edge_features": edge} if edge_width else {}))
    z = torch.cat([own[TARGET], x[SOURCE], *([edge] if edge_width else [])], 1)
    expected = sums(torch.sigmoid(layer.lin_f(z)) * functional.softplus(layer.lin_s(z)), aggregator)
    expected = own + (layer.bn(expected) if norm else expected)
    assert_agrees(found, expected, [x, own, *([edge] if edge_width else []), *layer.parameters()])


@pytest.mark.parametrize("size", [-1e4, -90.0, 0.0, 19.0, 90.0, 1e4])
def test_softplus_of_large_numbers(size: float) -> None:
    layer = CGConv(1, bias=True)
    with torch.no_grad():
        layer.lin_s.weight.zero_()
        layer.lin_f.weight.zero_()
        layer.lin_f.bias.fill_(50.0)
        layer.lin_s.bias.fill_(size)
    graph = type(BIPARTITE)(torch.tensor([0]), torch.tensor([0]), num_sources=1, num_targets=1)
    out = layer(graph, torch.zeros(1, 1))
    out.sum().backward()
    torch.testing.assert_close(out.item(), functional.softplus(torch.tensor(size)).item())
    torch.testing.assert_close(layer.lin_s.bias.grad.item(), torch.sigmoid(torch.tensor(size)).item())


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`aggregator` to be one of sum, mean, max, got 'min'"):
        CGConv(3, aggregator="min")
    with pytest.raises(OptionError, match="`edge_features` to be some, got none"):
        CGConv(3, edge_features=2)(BIPARTITE, (torch.randn(4, 3), torch.randn(6, 3)))


def test_text_form_is_the_constructor() -> None:
    text = CGConv(3, edge_features=2).extra_repr()
    assert text == "3, edge_features=2, aggregator='sum', batch_norm=False, bias=True"
