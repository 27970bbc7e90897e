"""FiLMConv agrees with its formula; what it refuses it explains."""

import pytest
import torch
from torch import Tensor, nn

from tests.nn.compared import BIPARTITE, NUM_TARGETS, SOURCE, TARGET, assert_agrees, drawn, settled, sums
from weft.errors import OptionError, ShapeError
from weft.nn import FiLMConv
from weft.testing import Input, LayerCase

CASES = {
    "FiLMConv": lambda i, o: FiLMConv(i, o),
    "FiLMConv typed": LayerCase(
        lambda i, o: FiLMConv(i, o, num_types=3, aggregator="mean"), inputs={"edge_type": Input("edge", num_types=3)}
    ),
}
TYPE = torch.tensor([2, 0, 1, 0, 0, 2, 2])


def modulated(projected: Tensor, film: Tensor) -> Tensor:
    beta, gamma = film.chunk(2, -1)
    return (gamma * projected + beta).relu()


@pytest.mark.parametrize("num_types", [1, 3])
@pytest.mark.parametrize("aggregator", ["sum", "mean", "max"])
@pytest.mark.parametrize("has_network", [False, True])
def test_agrees_with_its_formula(num_types: int, aggregator: str, has_network: bool) -> None:
    network = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 8)) if has_network else None
    layer = settled(FiLMConv((3, 5), 4, num_types=num_types, aggregator=aggregator, network=network))
    x, own = drawn(4, 3), drawn(6, 5)
    typed = TYPE if num_types > 1 else torch.zeros_like(TYPE)
    found = layer(BIPARTITE, (x, own), edge_type=typed)
    expected = modulated(layer.lin_skip(own), layer.film_skip(own))
    for kind in range(num_types):
        messages = modulated(layer.lins[kind](x)[SOURCE], layer.films[kind](own)[TARGET])
        for target in range(NUM_TARGETS):
            mine = messages[(target == TARGET) & (typed == kind)]
            if len(mine):
                one = {"sum": mine.sum, "mean": mine.mean, "max": mine.amax}[aggregator](0)
                expected = expected + one * (torch.arange(NUM_TARGETS) == target)[:, None]
    assert_agrees(found, expected, [x, own, *layer.parameters()])


def test_one_type_needs_none_named() -> None:
    layer = FiLMConv(3, 4)
    x = torch.randn(4, 3), torch.randn(6, 3)
    assert torch.equal(layer(BIPARTITE, x), layer(BIPARTITE, x, edge_type=torch.zeros(7, dtype=torch.int64)))
    assert sums(torch.ones(7, 1)).sum() == 7


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`aggregator` to be one of sum, mean, max, got 'min'"):
        FiLMConv(3, 4, aggregator="min")
    with pytest.raises(OptionError, match="`num_types` of at least 1, got 0"):
        FiLMConv(3, 4, num_types=0)
    layer, x = FiLMConv(3, 4, num_types=2), (torch.randn(4, 3), torch.randn(6, 3))
    with pytest.raises(ShapeError, match="`edge_type` for 2 types, got none"):
        layer(BIPARTITE, x)
    with pytest.raises(ShapeError, match="types from 0 to 1, got 0 to 2"):
        layer(BIPARTITE, x, edge_type=TYPE)


def test_text_form_is_the_constructor() -> None:
    assert FiLMConv(3, 4, num_types=2).extra_repr() == "3, 4, num_types=2, aggregator='sum'"
