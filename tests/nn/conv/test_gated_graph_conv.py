"""GatedGraphConv agrees with its formula; what it refuses it explains."""

import pytest
import torch
from torch import nn

from tests.nn.compared import BIPARTITE, NUM_EDGES, SOURCE, SQUARE, assert_agrees, drawn, settled, sums
from weft.errors import DtypeError, IdError, OptionError, ShapeError
from weft.nn import GatedGraphConv
from weft.testing import Input, LayerCase

TYPED = {"edge_type": Input("edge", num_types=3)}
CASES = {
    "GatedGraphConv": LayerCase(lambda i, o: GatedGraphConv(i, o, 2), same_width=True, bipartite=False),
    "GatedGraphConv typed": LayerCase(
        lambda i, o: GatedGraphConv(i, o, 2, num_types=3), inputs=TYPED, same_width=True, bipartite=False
    ),
    "GatedGraphConv layers": LayerCase(
        lambda i, o: GatedGraphConv(i, o, 2, num_types=3, separate_layers=True),
        inputs=TYPED, same_width=True, bipartite=False,
    ),
}  # fmt: skip
TYPE = torch.tensor([2, 0, 1, 0, 0, 2, 2])


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("num_types", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(separate: bool, num_types: int, weighted: bool) -> None:
    layer = settled(GatedGraphConv(3, 4, 3, num_types=num_types, separate_layers=separate))
    x, weight = drawn(6, 3), drawn(NUM_EDGES)
    typed = TYPE if num_types > 1 else torch.zeros_like(TYPE)
    options = {"edge_type": TYPE} if num_types > 1 else {}
    found = layer(SQUARE, x, weight if weighted else None, **options)
    h = nn.functional.pad(x, (0, 1))
    for at in range(3):
        if separate:
            messages = torch.einsum("ei,eio->eo", h[SOURCE], layer.weight[at][typed])
        else:
            messages = torch.stack([layer.linears[t](h[j]) for j, t in zip(SOURCE, typed, strict=True)])
        h = layer.gru(sums(messages * weight[:, None] if weighted else messages), h)
    assert_agrees(found, h, [x, *([weight] if weighted else []), *layer.parameters()])


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`out_features` of at least 3, the width of what comes in, got 2"):
        GatedGraphConv(3, 2, 1)
    with pytest.raises(OptionError, match="`num_layers` of at least 1, got 0"):
        GatedGraphConv(3, 3, 0)
    layer = GatedGraphConv(3, 3, 1, num_types=2)
    with pytest.raises(ShapeError, match="as many sources as targets"):
        layer(BIPARTITE, torch.randn(4, 3))
    with pytest.raises(ShapeError, match="`edge_type` for 2 types, got none"):
        layer(SQUARE, torch.randn(6, 3))
    with pytest.raises(DtypeError, match=r"`edge_type` as integers, got torch\.float32"):
        layer(SQUARE, torch.randn(6, 3), edge_type=torch.ones(7))
    with pytest.raises(IdError):
        layer(SQUARE, torch.randn(6, 3), edge_type=TYPE)


def test_text_form_is_the_constructor() -> None:
    text = GatedGraphConv(3, 4, 2, num_types=5, bias=False).extra_repr()
    assert text == "3, 4, 2, num_types=5, separate_layers=False, bias=False"
