"""EGConv agrees with its formula, node by node."""

import pytest
import torch
from torch import Tensor

from tests.nn.compared import assert_agrees, drawn
from weft.errors import OptionError
from weft.graph import Adjacency
from weft.nn import EGConv

CASES = {
    "EGConv": lambda i, o: EGConv(i, o, 2, num_bases=2),
    "EGConv several": lambda i, o: EGConv(i, o, 2, aggregators=["mean", "max", "std"], num_bases=3),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)
OUT, IN = torch.tensor([2.0, 1, 2, 2], dtype=torch.float64), torch.tensor([1.0, 3, 2, 1, 1, 1], dtype=torch.float64)


def reduced(name: str, h: Tensor, node: int) -> Tensor:
    """One aggregate of one target."""
    sources = SOURCE[node == TARGET]
    if not len(sources):
        return 0 * h[0]
    rows = h[sources]
    if name == "symnorm":
        return (rows / (OUT[sources] * IN[node]).sqrt()[:, None]).sum(0)
    if name in ("max", "min"):
        return getattr(rows, name)(0).values
    variance = (rows - rows.mean(0)).square().mean(0)
    of = {"sum": rows.sum(0), "mean": rows.mean(0), "var": variance}
    return of[name] if name in of else torch.where(variance < 1e-20, 0, variance.clamp(min=1e-20).sqrt())


@pytest.mark.parametrize("aggregators", [
    ["symnorm"], ["mean", "max", "std"], ["var", "symnorm", "min", "sum"],
], ids=str)  # fmt: skip
@pytest.mark.parametrize("bias", [False, True])
def test_agrees_with_its_formula(aggregators: list[str], bias: bool) -> None:
    torch.manual_seed(0)
    layer = EGConv((3, 5), 6, 2, aggregators=aggregators, num_bases=3, bias=bias).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x, own = drawn(NUM_SOURCES, 3), drawn(NUM_TARGETS, 5)
    h, rows = layer.bases_lin(x), []
    for node in range(NUM_TARGETS):
        aggregates = torch.stack([reduced(name, h, node).reshape(3, 3) for name in aggregators])
        weights = layer.comb_lin(own[node]).reshape(2, len(aggregators), 3)
        rows.append(torch.einsum("hab,abf->hf", weights, aggregates).flatten())
    expected = torch.stack(rows) + (layer.bias if bias else 0)
    assert_agrees(layer(ADJACENCY, (x, own)), expected, [x, own, *layer.parameters()])


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`aggregators` to be one of sum, .*, got 'median'"):
        EGConv(3, 4, 2, aggregators=["median"])
    with pytest.raises(OptionError, match="`num_heads` that divides `out_features`, got 1, 4, and 3 for 4"):
        EGConv(3, 4, 3)
    assert EGConv(3, 4, 2).extra_repr() == "3, 4, 2, aggregators=('symnorm',), num_bases=4, bias=True"
