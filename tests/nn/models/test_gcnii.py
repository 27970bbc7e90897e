"""GCNII agrees with dense matrices, on the whole graph and on blocks."""

import math
from typing import Any

import pytest
import torch

from tests.nn.compared import NUM_NODES, SOURCE, SQUARE, TARGET, assert_agrees, drawn, matrix, normalised, settled
from weft.errors import OptionError, ShapeError
from weft.graph import Block
from weft.nn.models import GCNII
from weft.testing import LayerCase

CASES = {
    "GCNII": LayerCase(lambda i, o: GCNII(i, 8, o, num_layers=2, dropout=0.5), bipartite=False),
}


@pytest.mark.parametrize("shared_weights", [True, False], ids=["GCNII", "GCNII*"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_agrees_with_its_formula(shared_weights: bool, weighted: bool) -> None:
    model: Any = settled(GCNII(4, 5, 3, num_layers=3, alpha=0.2, theta=0.7, shared_weights=shared_weights))
    x, weight = drawn(NUM_NODES, 4), drawn(len(SOURCE), positive=True)
    ones = torch.ones_like(weight)
    a, counts = normalised(matrix(ones), "both"), matrix(ones)
    if weighted:
        a = a / counts.clamp(min=1) * matrix(weight)
    initial = h = model.first(x).relu()
    for at, layer in enumerate(model.layers, 1):
        beta, eye = math.log(0.7 / at + 1), torch.eye(5, dtype=torch.float64)
        own = layer.weight1 if shared_weights else layer.weight2
        h = 0.8 * (a @ h) @ ((1 - beta) * eye + beta * layer.weight1) + 0.2 * initial @ ((1 - beta) * eye + beta * own)
        h = h.relu()
    found = model(SQUARE, x, weight if weighted else None)
    assert_agrees(found, model.out(h), [x, *model.parameters(), *([weight] if weighted else [])])


def test_blocks_give_the_targets_what_the_graph_gives() -> None:
    # Targets, their neighbours, and the neighbours of those; without a norm, which counts the edges of a block alone.
    model: Any = settled(GCNII(4, 5, 3, num_layers=2, norm="none"))
    x, weight = drawn(NUM_NODES, 4), drawn(len(SOURCE))
    blocks, weights, targets = [], [], [1, 0]
    for _ in range(2):
        edges = [at for at, target in enumerate(TARGET.tolist()) if target in targets]
        nodes = list(dict.fromkeys([*targets, *SOURCE[edges].tolist()]))
        ends = ([nodes.index(end) for end in side[edges].tolist()] for side in (SOURCE, TARGET))
        blocks.insert(0, Block(*ends, node_ids=nodes, num_targets=len(targets)))
        weights.insert(0, weight[edges])
        targets = nodes
    found, expected = model(blocks, x[targets], weights), model(SQUARE, x, weight)[[1, 0]]
    assert_agrees(found, expected, [x, weight, *model.parameters()])


def test_dropout_falls_on_the_input_of_every_layer_and_map() -> None:
    model: Any = GCNII(4, 5, 3, num_layers=2, dropout=0.4)
    x, drop = torch.randn(NUM_NODES, 4), torch.nn.Dropout(0.4)
    torch.manual_seed(1)
    found = model(SQUARE, x)
    torch.manual_seed(1)
    initial = h = model.first(drop(x)).relu()
    for layer in model.layers:
        h = layer(SQUARE, drop(h), x_initial=initial).relu()
    torch.testing.assert_close(found, model.out(drop(h)))
    assert torch.equal(model.eval()(SQUARE, x), model(SQUARE, x))


def test_the_defaults_are_those_of_the_paper() -> None:
    model: Any = GCNII(4, 5, 3)
    last = model.layers[-1]
    assert (len(model.layers), last.layer, last.alpha, last.theta, last.bias) == (64, 64, 0.1, 0.5, None)


def test_reset_draws_all_parameters_anew() -> None:
    model = settled(GCNII(4, 5, 3, num_layers=2, shared_weights=False))
    before = {name: value.clone() for name, value in model.named_parameters()}
    model.reset_parameters()
    assert not any(torch.equal(value, before[name]) for name, value in model.named_parameters())


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(OptionError, match="GCNII: expected `num_layers` of at least 1, got 0"):
        GCNII(4, 5, 3, num_layers=0)
    for name in ("alpha", "dropout"):
        with pytest.raises(OptionError, match=f"`{name}`"):
            GCNII(4, 5, 3, **{name: 1.5})
    model, x = GCNII(4, 5, 3, num_layers=2), torch.randn(NUM_NODES, 4)
    with pytest.raises(ShapeError, match=rf"GCNII: expected `x` of shape \({NUM_NODES}, \*, 4\)"):
        model(SQUARE, x[:, :3])
    block = Block([0, 1], [0, 0], node_ids=range(NUM_NODES), num_targets=NUM_NODES)
    with pytest.raises(ShapeError, match="2 blocks, one for each layer, got 1 of them"):
        model([block], x)
    with pytest.raises(ShapeError, match="2 tensors of `edge_weight`, one for each layer, got 1 of them"):
        model([block, block], x, [torch.ones(2)])
