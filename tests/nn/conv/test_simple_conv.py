"""SimpleConv agrees with its formula, node by node; what it refuses it explains."""

import pytest
import torch
from torch import Tensor

from tests.nn.compared import BIPARTITE, NUM_EDGES, NUM_NODES, NUM_TARGETS, SOURCE, SQUARE, TARGET, assert_agrees, drawn
from weft.errors import OptionError, ShapeError
from weft.nn import SimpleConv
from weft.testing import LayerCase

CASES = {
    "SimpleConv sum": LayerCase(lambda i, o: SimpleConv(combine="sum"), same_width=True),
    "SimpleConv max": LayerCase(lambda i, o: SimpleConv("max"), same_width=True),
    "SimpleConv var": LayerCase(lambda i, o: SimpleConv("var", combine="sum"), same_width=True),
}
REDUCERS = {
    "sum": lambda h: h.sum(0),
    "mean": lambda h: h.mean(0),
    "max": lambda h: h.amax(0),
    "min": lambda h: h.amin(0),
    "mul": lambda h: h.prod(0),
    "var": lambda h: h.var(0, unbiased=False),
    "std": lambda h: h.std(0, unbiased=False),
}


def formula(layer: SimpleConv, x: tuple[Tensor, Tensor], weight: Tensor) -> Tensor:
    """The layer as its docstring tells it, one target after the other."""
    rows = []
    for target in range(NUM_TARGETS):
        edges = target == TARGET
        h = x[0][SOURCE[edges]] * weight[edges, None]
        row = REDUCERS[layer.aggregator](h) if len(h) else x[0].new_zeros(3)
        own = x[1][target]
        rows.append({"none": row, "sum": own + row, "cat": torch.cat((own, row))}[layer.combine])
    return torch.stack(rows)


@pytest.mark.parametrize("aggregator", REDUCERS)
@pytest.mark.parametrize("combine", ["none", "sum", "cat"])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(aggregator: str, combine: str, weighted: bool) -> None:
    layer = SimpleConv(aggregator, combine=combine)
    x, own, weight = drawn(4, 3), drawn(6, 3), drawn(NUM_EDGES, positive=True)
    found = layer(BIPARTITE, (x, own), weight if weighted else None)
    expected = formula(layer, (x, own), weight if weighted else torch.ones_like(weight))
    if aggregator == "std":  # whose gradient plain torch does not know where it is 0
        torch.testing.assert_close(found, expected)
        return
    assert_agrees(found, expected, [x, *([own] if combine != "none" else []), *([weight] if weighted else [])])


def test_the_features_of_targets_may_be_absent() -> None:
    x = torch.randn(4, 3)
    layer = SimpleConv("mean")
    assert torch.equal(layer(BIPARTITE, x), layer(BIPARTITE, (x, torch.ones(1))))


@pytest.mark.parametrize("aggregator", ["sum", "var"])
def test_dimensions_between_nodes_and_features_are_kept(aggregator: str) -> None:
    layer, x, weight = SimpleConv(aggregator, combine="cat"), torch.randn(NUM_NODES, 4, 3), torch.rand(NUM_EDGES)
    torch.testing.assert_close(layer(SQUARE, x, weight)[:, 2], layer(SQUARE, x[:, 2], weight))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`aggregator` to be one of sum, mean, max, min, mul, var, std, got 'median'"):
        SimpleConv("median")
    with pytest.raises(OptionError, match="`combine` to be one of none, sum, cat, got 'self_loop'"):
        SimpleConv(combine="self_loop")
    with pytest.raises(ShapeError, match="features for both ends of a bipartite graph"):
        SimpleConv(combine="sum")(BIPARTITE, torch.ones(4, 3))


def test_text_form_is_the_constructor() -> None:
    assert repr(SimpleConv("max")) == "SimpleConv('max', combine='none')"
