"""NNConv agrees with its formula; what it refuses it explains."""

import pytest
import torch
from torch import nn

import weft
from tests.nn.compared import BIPARTITE, NUM_EDGES, SOURCE, assert_agrees, drawn, settled, sums
from weft.errors import OptionError, ShapeError
from weft.nn import NNConv
from weft.testing import Input, LayerCase

NETWORKS = [
    nn.Linear(2, 12), nn.Linear(2, 12, bias=False),
    nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 12)), nn.Sequential(nn.Linear(2, 12), nn.Tanh()),
]  # fmt: skip
EDGES = {"edge_features": Input("edge", (3,))}
CASES = {
    "NNConv": LayerCase(lambda i, o: NNConv(i, o, nn.Linear(3, i * o), residual=True), inputs=EDGES),
    "NNConv sum": LayerCase(
        lambda i, o: NNConv(
            i, o, nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, i * o)), aggregator="sum", residual="linear"
        ),
        inputs=EDGES,
    ),
}


@pytest.mark.parametrize("aggregator", ["mean", "sum", "max"])
@pytest.mark.parametrize(("residual", "in_target"), [(False, 5), (True, 4), (True, 5), ("linear", 4)])
@pytest.mark.parametrize("network", NETWORKS, ids=["linear", "no bias", "ends linear", "does not"])
def test_agrees_with_its_formula(network: nn.Module, aggregator: str, residual: bool | str, in_target: int) -> None:
    layer = settled(NNConv((3, in_target), 4, network, aggregator=aggregator, residual=residual))
    x, own, edge = drawn(4, 3), drawn(6, in_target), drawn(NUM_EDGES, 2)
    found = layer(BIPARTITE, (x, own), edge_features=edge)
    messages = torch.einsum("ei,eio->eo", x[SOURCE], network(edge).view(-1, 3, 4))
    expected = sums(messages, aggregator) + layer.bias
    if residual:
        expected = expected + layer.res_fc(own)
    assert isinstance(layer.res_fc, nn.Identity) == (residual is True and in_target == 4)
    wanted = [x, *([own] if residual else []), edge, *layer.parameters()]
    assert_agrees(found, expected, wanted)


def test_small_chunks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 12))
    for aggregator in ("sum", "mean", "max"):
        layer = settled(NNConv(3, 4, network, aggregator=aggregator))
        given, edge = (BIPARTITE, (drawn(4, 3), drawn(6, 3))), drawn(NUM_EDGES, 2)
        expected = layer(*given, edge_features=edge)
        with monkeypatch.context() as small:
            small.setattr(weft.settings, "chunk_bytes", 700)
            torch.testing.assert_close(layer(*given, edge_features=edge), expected)


def test_one_number_for_an_edge_is_a_feature() -> None:
    layer = NNConv(3, 4, nn.Linear(1, 12)).double()
    x, edge = (drawn(4, 3), drawn(6, 3)), drawn(NUM_EDGES)
    assert torch.equal(layer(BIPARTITE, x, edge_features=edge), layer(BIPARTITE, x, edge_features=edge[:, None]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`aggregator` to be one of mean, sum, max, got 'min'"):
        NNConv(3, 4, nn.Linear(2, 12), aggregator="min")
    with pytest.raises(OptionError, match="`residual` to be True, False or \"linear\", got 'identity'"):
        NNConv(3, 4, nn.Linear(2, 12), residual="identity")
    x, edge = (torch.randn(4, 3), torch.randn(6, 3)), torch.randn(NUM_EDGES, 2)
    with pytest.raises(ShapeError, match=r"a network that gives 3 numbers for each feature of the result, got \(11,\)"):
        NNConv(3, 4, nn.Linear(2, 11))(BIPARTITE, x, edge_features=edge)
    with pytest.raises(ShapeError, match=r"a network that gives 3 \* 4 numbers for an edge, got 3 \* 5"):
        NNConv(3, 4, nn.Linear(2, 15))(BIPARTITE, x, edge_features=edge)
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(7, \*, 2\), got \(6, 2\)"):
        NNConv(3, 4, nn.Linear(2, 12))(BIPARTITE, x, edge_features=edge[:6])


def test_text_form_is_the_constructor() -> None:
    text = NNConv(3, 4, nn.Linear(2, 12), residual=True).extra_repr()
    assert text == "3, 4, aggregator='mean', residual=True, bias=True"
