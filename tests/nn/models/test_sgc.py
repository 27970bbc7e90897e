"""SGC agrees with powers of a dense matrix."""

import pytest
import torch

from tests.nn.compared import NUM_NODES, SOURCE, SQUARE, assert_agrees, drawn, matrix, normalised, settled
from weft.errors import OptionError
from weft.nn.models import SGC
from weft.testing import LayerCase

CASES = {"SGC": LayerCase(lambda i, o: SGC(i, o), bipartite=False)}


@pytest.mark.parametrize("norm", ["both", "right"])
@pytest.mark.parametrize("widths", [(4, 3), (3, 5)], ids=["narrower", "wider"])
def test_agrees_with_its_formula(norm: str, widths: tuple[int, int]) -> None:
    model = settled(SGC(*widths, num_hops=3, norm=norm))
    x, weight = drawn(NUM_NODES, widths[0]), drawn(len(SOURCE), positive=True)
    s = torch.linalg.matrix_power(normalised(matrix(weight), norm), 3)
    expected = s @ x @ model.layer.fc.weight.T + model.layer.fc.bias
    assert_agrees(model(SQUARE, x, weight), expected, [x, weight, *model.parameters()])


def test_it_sends_twice_by_default() -> None:
    assert SGC(4, 3).layer.k == 2


def test_reset_draws_the_map_anew() -> None:
    model = settled(SGC(4, 3))
    before = {name: value.clone() for name, value in model.named_parameters()}
    model.reset_parameters()
    assert not any(torch.equal(value, before[name]) for name, value in model.named_parameters())


def test_options_that_do_not_exist_are_refused() -> None:
    with pytest.raises(OptionError, match="SGC: expected `num_hops` that is not negative, got -1"):
        SGC(4, 3, num_hops=-1)
    with pytest.raises(OptionError, match="`norm`"):
        SGC(4, 3, norm="up")  # type: ignore[arg-type]
