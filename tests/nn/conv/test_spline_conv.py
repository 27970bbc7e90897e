"""SplineConv agrees with the paper's formula, its B-splines by the recursion of de Boor; what it refuses it explains."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from tests.nn.compared import BIPARTITE, NUM_EDGES, SOURCE, SQUARE, assert_agrees, drawn, settled, sums
from weft.errors import OptionError, ShapeError
from weft.nn import SplineConv
from weft.testing import Input, LayerCase

CASES = {
    "SplineConv": LayerCase(
        lambda i, o: SplineConv(i, o, dim=2, kernel_size=3), inputs={"pseudo": Input("edge", (2,))}
    ),
}


def spline(u: float, knot: int, degree: int) -> float:
    """The B-spline on the knots `knot`, `knot + 1`, ..., at u."""
    if degree == 0:
        return float(knot <= u < knot + 1)
    left = (u - knot) / degree * spline(u, knot, degree - 1)
    return left + (knot + degree + 1 - u) / degree * spline(u, knot + 1, degree - 1)


def basis(pseudo: Tensor, sizes: tuple[int, ...], is_open: tuple[bool, ...], degree: int) -> Tensor:
    """All splines of the grid at every edge, the first dimension running fastest."""
    rows = []
    for edge in pseudo.tolist():
        parts = []
        for u, size, ends in zip(edge, sizes, is_open, strict=True):
            # Spline p lies on the knots from p - degree on; in a ring it comes again a round later.
            at = u * (size - degree if ends else size)
            parts.append([
                sum(spline(at, p - degree + turn * size, degree) for turn in ((0,) if ends else (0, 1)))
                for p in range(size)
            ])  # fmt: skip
        rows.append([math.prod(each) for each in itertools.product(*reversed(parts))])
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("is_open", [(True, True), (True, False), (False, False)])
def test_agrees_with_its_formula(degree: int, is_open: tuple[bool, bool]) -> None:
    layer = settled(SplineConv((3, 5), 4, dim=2, kernel_size=(5, 4), degree=degree, is_open=is_open))
    x, own = drawn(4, 3), drawn(6, 5)
    pseudo = torch.rand(NUM_EDGES, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(degree))
    found = layer(BIPARTITE, (x, own), pseudo=pseudo)
    weights = basis(pseudo, (5, 4), is_open, degree)
    assert torch.allclose(weights.sum(1), torch.ones(NUM_EDGES).double())
    messages = torch.einsum("ep,ei,pio->eo", weights, x[SOURCE], layer.weight)
    expected = sums(messages, "mean") + layer.lin(own) + layer.bias
    assert_agrees(found, expected, [x, own, *layer.parameters()])


def test_gradient_of_coordinates_is_that_of_differences() -> None:
    layer = settled(SplineConv(3, 2, dim=1, kernel_size=4, degree=2, aggregator="sum", root_weight=False))
    x, pseudo = drawn(6, 3), torch.linspace(0.05, 0.85, NUM_EDGES, dtype=torch.float64)[:, None].requires_grad_()
    assert torch.autograd.gradcheck(lambda p: layer(SQUARE, x.detach(), pseudo=p), (pseudo,))


def test_both_ends_of_the_interval_belong_to_it() -> None:
    layer = settled(SplineConv(1, 1, dim=1, kernel_size=3, root_weight=False, bias=False))
    x = torch.ones(6, 1, dtype=torch.float64)
    pseudo = torch.ones(NUM_EDGES, 1, dtype=torch.float64)
    torch.testing.assert_close(layer(SQUARE, x, pseudo=pseudo)[1, 0], layer.weight[2, 0, 0])
    torch.testing.assert_close(layer(SQUARE, x, pseudo=0 * pseudo)[1, 0], layer.weight[0, 0, 0])


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`degree` of 1, 2 or 3, got 4"):
        SplineConv(3, 4, dim=1, kernel_size=5, degree=4)
    with pytest.raises(OptionError, match="`kernel_size` above 2 and `is_open` for 2 dimensions"):
        SplineConv(3, 4, dim=2, kernel_size=2, degree=2)
    with pytest.raises(ShapeError, match=r"`pseudo` of shape \(7, 2\) and features of two dimensions, got \(7, 3\)"):
        SplineConv(3, 4, dim=2, kernel_size=3)(SQUARE, torch.randn(6, 3), pseudo=torch.rand(7, 3))


def test_text_form_is_the_constructor() -> None:
    text = SplineConv(3, 4, dim=2, kernel_size=3).extra_repr()
    assert text == "3, 4, dim=2, kernel_size=(3, 3), degree=1, is_open=(True, True), aggregator='mean'"
