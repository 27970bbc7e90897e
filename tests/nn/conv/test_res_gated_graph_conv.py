"""ResGatedGraphConv agrees with its formula; what it refuses it explains."""

import pytest
import torch

from tests.nn.compared import BIPARTITE, NUM_EDGES, SOURCE, TARGET, assert_agrees, drawn, settled, sums
from weft import settings
from weft.errors import OptionError
from weft.nn import ResGatedGraphConv
from weft.testing import Input, LayerCase

CASES = {
    "ResGatedGraphConv": lambda i, o: ResGatedGraphConv(i, o),
    "ResGatedGraphConv edges": LayerCase(
        lambda i, o: ResGatedGraphConv(i, o, edge_features=3, root_weight=False),
        inputs={"edge_features": Input("edge", (3,))},
    ),
}


@pytest.mark.parametrize("budget", [2**26, 100])  # edges are projected beforehand, or a few at a time
@pytest.mark.parametrize("edge_width", [None, 2])
@pytest.mark.parametrize("root", [False, True])
def test_agrees_with_its_formula(
    edge_width: int | None, root: bool, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "chunk_bytes", budget)
    layer = settled(ResGatedGraphConv((3, 5), 4, edge_features=edge_width, root_weight=root, bias=root))
    x, own, edge = drawn(4, 3), drawn(6, 5), drawn(NUM_EDGES, 2)
    found = layer(BIPARTITE, (x, own), **({"edge_features": edge} if edge_width else {}))
    more = [edge] if edge_width else []
    at_source, at_target = torch.cat([x[SOURCE], *more], 1), torch.cat([own[TARGET], *more], 1)
    gates = torch.sigmoid(layer.lin_key(at_target) + layer.lin_query(at_source))
    expected = sums(gates * layer.lin_value(at_source))
    if root:
        expected = expected + layer.lin_skip(own) + layer.bias
    assert_agrees(found, expected, [x, own, *more, *layer.parameters()])


def test_wrong_arguments_are_told() -> None:
    x = torch.randn(4, 3), torch.randn(6, 3)
    with pytest.raises(
        OptionError, match="`edge_features` to be some, got none; hint: the layer takes them if it is made"
    ):
        ResGatedGraphConv(3, 4, edge_features=2)(BIPARTITE, x)
    with pytest.raises(OptionError, match="`edge_features` to be none, got some"):
        ResGatedGraphConv(3, 4)(BIPARTITE, x, edge_features=torch.randn(NUM_EDGES, 2))


def test_text_form_is_the_constructor() -> None:
    text = ResGatedGraphConv(3, 4, edge_features=2, bias=False).extra_repr()
    assert text == "3, 4, edge_features=2, root_weight=True, bias=False"
