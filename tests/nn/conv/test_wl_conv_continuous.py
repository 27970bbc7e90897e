"""WLConvContinuous agrees with its formula, node by node."""

import pytest
import torch

from tests.nn.compared import assert_agrees, drawn
from weft.errors import ShapeError
from weft.graph import Adjacency
from weft.nn import WLConvContinuous
from weft.testing import LayerCase

CASES = {"WLConvContinuous": LayerCase(lambda i, o: WLConvContinuous(), same_width=True)}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)


@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(weighted: bool) -> None:
    x, own = drawn(NUM_SOURCES, 3), drawn(NUM_TARGETS, 3)
    weight = torch.rand(7, dtype=torch.float64, requires_grad=True)
    rows = []
    for node in range(NUM_TARGETS):
        edges = node == TARGET
        factor = weight[edges] if weighted else torch.ones(int(edges.sum()), dtype=torch.float64)
        mean = (factor[:, None] * x[SOURCE[edges]]).sum(0) / factor.sum() if edges.any() else 0
        rows.append((own[node] + mean) / 2)
    found = WLConvContinuous()(ADJACENCY, (x, own), weight if weighted else None)
    assert_agrees(found, torch.stack(rows), [x, own, weight])


def test_weights_that_sum_to_nothing_add_nothing() -> None:
    x = torch.ones(NUM_SOURCES, 3)
    found = WLConvContinuous()(ADJACENCY, (x, torch.ones(NUM_TARGETS, 3)), torch.zeros(7))
    assert torch.equal(found, torch.full((NUM_TARGETS, 3), 0.5))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\), got \(7, 1\)"):
        WLConvContinuous()(ADJACENCY, (torch.ones(4, 3), torch.ones(6, 3)), torch.rand(7, 1))
