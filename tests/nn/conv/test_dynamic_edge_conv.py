"""DynamicEdgeConv agrees with its formula, point by point; what it refuses it explains."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from weft.errors import OptionError, ShapeError, StructureError
from weft.nn import DynamicEdgeConv
from weft.testing import LayerCase

NO_GRAPH = "it takes no graph, but finds the edges of the points that it is given"
EDGES = ("check_bipartite", "check_isolated", "check_parallel_edges", "check_self_loops")
IDS = "as many points as int32 counts have more edges than int32 counts"
MANY = "a map over features would be one over graphs, as each has neighbours of its own"


def call(layer: Any, _: Any, x: Any, __: Any) -> Any:
    return layer(x)


def network(width: int, out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(2 * width, out), nn.Tanh(), nn.Linear(out, out))


CASES = {
    "DynamicEdgeConv": LayerCase(
        lambda i, o: DynamicEdgeConv(network(i, o), 3),
        bipartite=False,
        call=call,
        exempt={**dict.fromkeys(EDGES, NO_GRAPH), "check_export": IDS, "check_transforms": MANY},
    ),
}


def formula(layer: DynamicEdgeConv, points: Tensor, queries: Tensor) -> Tensor:
    rows = []
    for query in queries:
        near = ((points - query) ** 2).sum(1).argsort()[: layer.k]
        found = layer.network(torch.cat((query.expand(len(near), -1), points[near] - query), 1))
        rows.append({"max": found.amax, "mean": found.mean, "sum": found.sum}[layer.aggregator](0))
    return torch.stack(rows)


@pytest.mark.parametrize("aggregator", ["max", "mean", "sum"])
@pytest.mark.parametrize("k", [1, 3, 30])
def test_agrees_with_its_formula(aggregator: Any, k: int) -> None:
    layer = DynamicEdgeConv(network(4, 5), k, aggregator=aggregator).double()
    x = torch.randn(9, 4, dtype=torch.float64, requires_grad=True)
    found, expected = layer(x), formula(layer, x, x)
    torch.testing.assert_close(found, expected)
    wanted = [x, *layer.parameters()]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_clouds_are_apart_and_empty_ones_are_ordinary() -> None:
    layer, x = DynamicEdgeConv(network(3, 2), 4).double(), torch.randn(9, 3, dtype=torch.float64)
    found = layer(x, indptr=torch.tensor([0, 2, 2, 9]))
    torch.testing.assert_close(found, torch.cat((layer(x[:2]), layer(x[2:]))))


def test_targets_of_a_pair_look_among_the_sources_of_their_cloud() -> None:
    layer = DynamicEdgeConv(network(3, 2), 2).double()
    points, queries = (torch.randn(n, 3, dtype=torch.float64, requires_grad=True) for n in (7, 4))
    found = layer((points, queries), indptr=(torch.tensor([0, 3, 7]), torch.tensor([0, 3, 4])))
    expected = torch.cat((formula(layer, points[:3], queries[:3]), formula(layer, points[3:], queries[3:])))
    torch.testing.assert_close(found, expected)
    for ours, theirs in zip(
        *(torch.autograd.grad(out.sin().sum(), [points, queries]) for out in (found, expected)), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


def test_second_derivatives_agree_with_differences() -> None:
    layer, x = CASES["DynamicEdgeConv"].make(4, 2).double(), torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(layer, x, fast_mode=True)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`k` of at least 1, got 0"):
        DynamicEdgeConv(nn.Linear(4, 2), 0)
    with pytest.raises(OptionError, match="`aggregator` to be one of max, mean, sum, got 'min'"):
        DynamicEdgeConv(nn.Linear(4, 2), 2, aggregator="min")  # type: ignore[arg-type]
    layer, x = DynamicEdgeConv(nn.Linear(4, 2), 2), torch.randn(5, 2)
    with pytest.raises(ShapeError, match=r"points \(num_points, width\), of one width, got \(5, 2\) and \(5, 3\)"):
        layer((x, torch.randn(5, 3)))
    with pytest.raises(ShapeError, match="`indptr` to be a pair, as points are, got one tensor"):
        layer((x, x), indptr=torch.tensor([0, 5]))
    with pytest.raises(ShapeError, match="`indptr` to be one tensor, as points are, got a pair"):
        layer(x, indptr=(torch.tensor([0, 5]), torch.tensor([0, 5])))
    with pytest.raises(StructureError, match="indptr"):
        layer(x, indptr=torch.tensor([0, 4]))


def test_text_form_is_the_constructor() -> None:
    assert DynamicEdgeConv(nn.Linear(4, 2), 3, aggregator="sum").extra_repr() == "k=3, aggregator='sum'"
