"""XConv agrees with its formula, point by point; what it refuses it explains."""

from typing import Any

import pytest
import torch
from torch import Tensor

from weft.errors import OptionError, ShapeError, StructureError
from weft.nn import XConv
from weft.testing import Input, LayerCase

NO_GRAPH = "it takes no graph, but finds the edges of the points that it is given"
EDGES = ("check_bipartite", "check_isolated", "check_parallel_edges", "check_self_loops")
SIZES = "inductor replaces matrix products of at most 32 rows, and the sizes of the check lie on both sides"
IDS = "as many points as int32 counts have more edges than int32 counts"


def call(layer: Any, _: Any, x: Any, inputs: Any) -> Any:
    return layer(x, **inputs)


CASES = {
    "XConv": LayerCase(
        lambda i, o: XConv(i, o, kernel_size=3),
        {"position": Input("node", (3,))},
        bipartite=False,
        call=call,
        exempt={**dict.fromkeys(EDGES, NO_GRAPH), "check_export": IDS, "check_inductor": SIZES},
    ),
}


def formula(layer: XConv, x: Tensor, position: Tensor) -> Tensor:
    rows = []
    for at in range(len(x)):
        near = ((position - position[at]) ** 2).sum(1).argsort()[: layer.kernel_size * layer.dilation : layer.dilation]
        place = position[near] - position[at]
        features = torch.cat((layer.lift(place), x[near]), 1)
        mixed = layer.transform(place.reshape(1, -1))[0].T @ features
        filters = layer.conv[0].weight.reshape(features.shape[1], -1, layer.kernel_size)
        deep = torch.stack([(mixed[:, c] * filters[c]).sum(1) for c in range(features.shape[1])]).flatten()
        rows.append(layer.conv[2](deep + layer.conv[0].bias))
    return torch.stack(rows)


@pytest.mark.parametrize("options", [{}, {"dilation": 2}, {"lifted_features": 3, "bias": False}])
@pytest.mark.parametrize("out", [2, 20])
def test_agrees_with_its_formula(options: dict[str, Any], out: int) -> None:
    layer = XConv(5, out, kernel_size=3, dims=2, **options).double().eval()
    x, position = (torch.randn(9, width, dtype=torch.float64, requires_grad=True) for width in (5, 2))
    found, expected = layer(x, position=position), formula(layer, x, position)
    torch.testing.assert_close(found, expected)
    wanted = [x, position, *layer.parameters()]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_clouds_are_apart_and_empty_ones_are_ordinary() -> None:
    layer = XConv(5, 4, kernel_size=3).double().eval()
    x, position = (torch.randn(9, width, dtype=torch.float64) for width in (5, 3))
    found = layer(x, position=position, indptr=torch.tensor([0, 4, 4, 9]))
    parts = [layer(x[rows], position=position[rows]) for rows in (slice(4), slice(4, None))]
    torch.testing.assert_close(found, torch.cat(parts))


def test_reset_draws_all_anew() -> None:
    layer = XConv(5, 4, kernel_size=3)
    before = {name: value.clone() for name, value in layer.named_parameters() if value.unique().numel() > 1}
    layer.reset_parameters()
    assert [
        name for name, value in layer.named_parameters() if name in before and torch.equal(value, before[name])
    ] == []


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`lifted_features` of at least 1, got 0, 1, 3, 1"):
        XConv(5, 4, kernel_size=0)
    layer = XConv(5, 4, kernel_size=3, dilation=2)
    with pytest.raises(ShapeError, match=r"`x` \(7, 5\) and `position` \(7, 3\), got \(6, 5\) and \(7, 3\)"):
        layer(torch.randn(6, 5), position=torch.randn(7, 3))
    with pytest.raises(StructureError, match="clouds of at least 3 x 2 points, got a smaller one"):
        layer(torch.randn(8, 5), position=torch.randn(8, 3), indptr=torch.tensor([0, 6, 8]))


def test_text_form_is_the_constructor() -> None:
    text = "5, 4, kernel_size=3, dims=3, lifted_features=1, dilation=1, bias=False"
    assert XConv(5, 4, kernel_size=3, bias=False).extra_repr() == text
