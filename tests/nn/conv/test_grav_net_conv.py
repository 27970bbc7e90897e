"""GravNetConv agrees with its formula, point by point; what it refuses it explains."""

from typing import Any

import pytest
import torch
from torch import Tensor

from weft.errors import OptionError, ShapeError
from weft.nn import GravNetConv
from weft.testing import LayerCase

NO_GRAPH = "it takes no graph, but finds the edges of the points that it is given"
EDGES = ("check_bipartite", "check_isolated", "check_parallel_edges", "check_self_loops")
IDS = "as many points as int32 counts have more edges than int32 counts"
MANY = "a map over features would be one over graphs, as each has neighbours of its own"


def call(layer: Any, _: Any, x: Any, __: Any) -> Any:
    return layer(x)


def make(width: int, out: int) -> GravNetConv:
    return GravNetConv(width, out, space_features=2, propagated_features=4, k=3)


CASES = {
    "GravNetConv": LayerCase(
        make,
        bipartite=False,
        call=call,
        exempt={**dict.fromkeys(EDGES, NO_GRAPH), "check_export": IDS, "check_transforms": MANY},
    ),
}


def formula(layer: GravNetConv, points: Tensor, queries: Tensor) -> Tensor:
    rows = []
    space, sent = layer.fc_space(points), layer.fc_propagate(points)
    for query in queries:
        apart = ((space - layer.fc_space(query)) ** 2).sum(1)
        near = apart.argsort()[: layer.k]
        found = torch.exp(-10 * apart[near, None]) * sent[near]
        rows.append(layer.fc_self(query) + layer.fc_neigh(torch.cat((found.mean(0), found.amax(0)))))
    return torch.stack(rows)


@pytest.mark.parametrize("is_pair", [True, False])
def test_agrees_with_its_formula(is_pair: bool) -> None:
    layer = make(5, 3).double()
    points, queries = (torch.randn(n, 5, dtype=torch.float64, requires_grad=True) for n in (9, 4))
    found = layer((points, queries) if is_pair else points)
    expected = formula(layer, points, queries if is_pair else points)
    torch.testing.assert_close(found, expected)
    wanted = [points, *([queries] if is_pair else []), *layer.parameters()]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_clouds_are_apart_and_small_ones_are_ordinary() -> None:
    layer, x = make(5, 3).double(), torch.randn(9, 5, dtype=torch.float64)
    found = layer(x, indptr=torch.tensor([0, 2, 2, 9]))
    torch.testing.assert_close(found, torch.cat((layer(x[:2]), layer(x[2:]))))


def test_reset_draws_all_anew() -> None:
    layer = make(5, 3)
    before = {name: value.clone() for name, value in layer.named_parameters()}
    layer.reset_parameters()
    assert [name for name, value in layer.named_parameters() if torch.equal(value, before[name])] == []


def test_second_derivatives_agree_with_differences() -> None:
    layer, x = CASES["GravNetConv"].make(4, 2).double(), torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(layer, x, fast_mode=True)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`k` of at least 1, got 0"):
        GravNetConv(4, 2, space_features=2, propagated_features=2, k=0)
    with pytest.raises(ShapeError, match=r"points \(\*, 5\), got \(4, 3\)"):
        make(5, 3)(torch.randn(4, 3))


def test_text_form_is_the_constructor() -> None:
    assert make(5, 3).extra_repr() == "5, 3, space_features=2, propagated_features=4, k=3"
