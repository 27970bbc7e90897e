"""MFConv agrees with its formula, node by node."""

import pytest
import torch

from tests.nn.compared import assert_agrees, drawn
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency
from weft.nn import MFConv

CASES = {"MFConv": lambda i, o: MFConv(i, o, max_degree=3)}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)


@pytest.mark.parametrize("max_degree", [1, 2, 5])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(max_degree: int, bias: bool, weighted: bool) -> None:
    layer = MFConv((3, 4), 2, max_degree=max_degree, bias=bias).double()
    x, own, weight = drawn(NUM_SOURCES, 3), drawn(NUM_TARGETS, 4), drawn(7)
    rows = []
    for node in range(NUM_TARGETS):
        edges = (node == TARGET).nonzero().flatten()
        degree = min(len(edges), max_degree)
        row = layer.lins_r[str(degree)](own[node])
        if degree:
            factor = weight[edges, None] if weighted else 1
            row = row + layer.lins_l[str(degree)]((factor * x[SOURCE[edges]]).sum(0))
        rows.append(row)
    found = layer(ADJACENCY, (x, own), weight if weighted else None)
    assert_agrees(found, torch.stack(rows), [x, own, weight, *layer.parameters()])


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`max_degree` of at least 1, got 0"):
        MFConv(3, 2, max_degree=0)
    with pytest.raises(ShapeError, match=r"`x` of two dimensions, got \(4, 5, 3\)"):
        MFConv(3, 2)(ADJACENCY, (torch.randn(4, 5, 3), torch.randn(6, 5, 3)))
    assert MFConv(3, 2, bias=False).extra_repr() == "3, 2, max_degree=10, bias=False"


def test_parameters_may_be_drawn_anew() -> None:
    layer = MFConv(3, 2, max_degree=2)
    before = [parameter.clone() for parameter in layer.parameters()]
    layer.reset_parameters()
    assert not any(torch.equal(one, other) for one, other in zip(before, layer.parameters(), strict=True))
