import pytest
import torch

from weft.errors import DtypeError, OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.graph.algorithms import spread_values

# A parallel edge, a self loop, node 5 isolated, node 6 a source only.
SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 3, 3, 4, 6, 2]), torch.tensor([1, 1, 2, 0, 0, 4, 3, 4, 2])
GRAPH = Adjacency(SOURCE, TARGET, num_sources=7, num_targets=7)
WEIGHT = torch.rand(9) + 0.5


def matrix(norm, weight):
    dense = torch.zeros(7, 7).index_put((TARGET, SOURCE), torch.ones(9) if weight is None else weight, accumulate=True)
    leaving, entering = (total.where(total > 0, 1.0) for total in (dense.sum(0), dense.sum(1)))
    return dense / (entering[:, None] if norm == "right" else (entering[:, None] * leaving).sqrt())


@pytest.mark.parametrize("norm", ["both", "right"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize("alpha", [0.7, 1.0, 0.0])
@pytest.mark.parametrize("after", [None, lambda y: y.clamp(0, 0.5)], ids=["free", "bounded"])
def test_values_spread_as_the_formula_says(norm, weight, alpha, after):
    value = torch.rand(7, 3, requires_grad=True)
    expected = value
    for _ in range(4):
        expected = alpha * (matrix(norm, weight) @ expected) + (1 - alpha) * value
        expected = expected if after is None else after(expected)
    options = {"weight": weight, "alpha": alpha, "norm": norm, "num_iterations": 4, "after": after}
    found = spread_values(GRAPH, value, **options)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(spread_values(GRAPH, value.detach(), **options), expected.detach())
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), value) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_no_step_and_no_node():
    value = torch.rand(7)
    assert torch.equal(spread_values(GRAPH, value, num_iterations=0), value)
    none = torch.empty(0, dtype=torch.int64)
    assert spread_values(Graph(none, none, 0), torch.rand(0, 2)).shape == (0, 2)


@pytest.mark.parametrize(
    ("value", "options", "error", "text"),
    [
        (torch.ones(7, dtype=torch.int64), {}, DtypeError, "`value` in a floating dtype, got torch.int64"),
        (torch.ones(3), {}, ShapeError, r"`value` with a row for each of 7 nodes, got \(3,\)"),
        (torch.ones(7), {"norm": "left"}, OptionError, "`norm` to be one of both, right, got 'left'"),
        (torch.ones(7), {"alpha": 1.5}, OptionError, "`alpha`"),
        (torch.ones(7), {"num_iterations": -1}, OptionError, "`num_iterations` of at least 0, got -1"),
        (torch.ones(7), {"weight": torch.ones(2)}, ShapeError, r"`weight` of shape \(9,\), got \(2,\)"),
    ],
)
def test_wrong_arguments_are_refused(value, options, error, text):
    with pytest.raises(error, match=f"spread_values: expected {text}"):
        spread_values(GRAPH, value, **options)
