"""Stacks of two layers agree with the formulas of their papers, written out in plain torch: outputs and all gradients."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.nn.compared import NUM_NODES, SOURCE, SQUARE, TARGET, assert_agrees, drawn, matrix, normalised, settled
from weft.nn.models import ARMA, GIN, PNA, RGCN, EdgeCNN, GATv2, GraphTransformer

NUM_EDGES, NUM_TYPES = len(SOURCE), 3
TYPE = torch.arange(NUM_EDGES) % NUM_TYPES


def by_target(messages: Tensor, reduce: Callable[[Tensor], Tensor]) -> Tensor:
    """Messages of the edges, reduced target by target; 0 without any."""
    found = [messages[target == TARGET] for target in range(NUM_NODES)]
    zero = torch.zeros_like(reduce(messages))
    return torch.stack([reduce(mine) if len(mine) else zero for mine in found])


def softmax(score: Tensor) -> Tensor:
    """Softmax over the edges that enter each target."""
    total = by_target(score.exp(), lambda mine: mine.sum(0))
    return score.exp() / total[TARGET]


def heads(h: Tensor, count: int) -> Tensor:
    return h.unflatten(-1, (count, -1))


def attended(attention: Tensor, values: Tensor, is_last: bool) -> Tensor:
    """Values of edges and heads, summed; heads side by side, of the last layer their mean."""
    h = by_target(attention.unsqueeze(-1) * values, lambda mine: mine.sum(0))
    return h.mean(1) if is_last else h.flatten(1)


def gatv2(layer: Any, h: Tensor, given: dict[str, Tensor], is_last: bool) -> Tensor:
    left, right = heads(layer.fc_src(h), 2)[SOURCE], heads(layer.fc_dst(h), 2)[TARGET]
    both = functional.leaky_relu(left + right + heads(layer.fc_edge(given["edge_features"]), 2), 0.2)
    return attended(softmax((both * layer.attn).sum(-1)), left, is_last)


def transformer(layer: Any, h: Tensor, given: dict[str, Tensor], is_last: bool) -> Tensor:
    edge = heads(layer.edge(given["edge_features"]), 2)
    query, key = heads(layer.query(h), 2)[TARGET], heads(layer.key(h), 2)[SOURCE] + edge
    attention = softmax((query * key).sum(-1) / query.shape[-1] ** 0.5)
    m, own = attended(attention, heads(layer.value(h), 2)[SOURCE] + edge, is_last), layer.skip(h)
    gate = torch.sigmoid(layer.beta(torch.cat((m, own, m - own), 1)))
    return (1 - gate) * m + gate * own


def gin(layer: Any, h: Tensor, given: dict[str, Tensor], is_last: bool) -> Tensor:
    first, norm, _, second = layer.apply_func
    z = first((1 + layer.eps) * h + matrix(given["edge_weight"]) @ h)
    z = (z - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight + norm.bias
    return second(z.relu())


def edge_cnn(layer: Any, h: Tensor, given: dict[str, Tensor], is_last: bool) -> Tensor:
    first, second = layer.network[0], layer.network[2]
    pairs = torch.cat((h[TARGET], h[SOURCE] - h[TARGET]), 1)
    return by_target(second(first(pairs).relu()), lambda mine: mine.amax(0))


def pna(layer: Any, h: Tensor, given: dict[str, Tensor], is_last: bool) -> Tensor:
    tower = layer.towers[0]
    m = tower.M(torch.cat((h[SOURCE], h[TARGET], given["edge_features"]), 1))
    kinds = (lambda v: v.mean(0), lambda v: v.amax(0), lambda v: v.amin(0), lambda v: safe_std(v))
    parts = torch.cat([by_target(m, kind) for kind in kinds], 1)
    scale = torch.log1p(torch.bincount(TARGET, minlength=NUM_NODES).clamp(min=1).double()).unsqueeze(1) / 1.3
    return layer.mixing_layer[0](tower.U(torch.cat((h, parts, parts * scale, parts / scale), 1)))


def safe_std(rows: Tensor) -> Tensor:
    """Standard deviation over rows with a gradient of 0 where it is 0."""
    variance = (rows - rows.mean(0)).pow(2).mean(0)
    is_zero = variance <= 1e-20
    return torch.where(is_zero, 0.0, torch.where(is_zero, 1.0, variance).sqrt())


def arma(layer: Any, h: Tensor, given: dict[str, Tensor], is_last: bool) -> Tensor:
    a, found = normalised(matrix(torch.ones_like(given["edge_weight"])), "both"), []
    a = a * (matrix(given["edge_weight"]) / matrix(torch.ones_like(given["edge_weight"])).clamp(min=1))
    for stack in range(3):
        z = h
        for at in range(2):
            w = layer.weight[0] if at else layer.init_weight
            z = a @ z @ w[stack] + h @ layer.root_weight[at, stack] + layer.bias[at, stack]
            z = z if is_last else z.relu()
        found.append(z)
    return torch.stack(found).mean(0)


def rgcn(layer: Any, h: Tensor, given: dict[str, Tensor], is_last: bool) -> Tensor:
    out = h @ layer.loop_weight + layer.h_bias
    for type_, row in enumerate(layer.linear_r.coeff):
        mine = (type_ == TYPE).double()
        count = matrix(mine).sum(1, keepdim=True).clamp(min=1)
        out = out + matrix(mine * given["edge_weight"]) / count @ h @ torch.einsum("b,bij->ij", row, layer.linear_r.W)
    return out


CASES_OF = {
    "GATv2": (GATv2, gatv2, {"num_heads": 2, "edge_features": 5}, functional.elu),
    "GraphTransformer": (GraphTransformer, transformer, {"num_heads": 2, "edge_features": 5}, torch.relu),
    "GIN": (GIN, gin, {"learn_eps": True}, torch.relu),
    "EdgeCNN": (EdgeCNN, edge_cnn, {}, torch.relu),
    "PNA": (PNA, pna, {"delta": 1.3, "edge_features": 5}, torch.relu),
    "ARMA": (ARMA, arma, {"num_stacks": 3, "num_stack_layers": 2}, torch.relu),
    "RGCN": (RGCN, rgcn, {"num_types": NUM_TYPES, "regularizer": "basis", "num_bases": 2}, torch.relu),
}


@pytest.mark.parametrize("name", CASES_OF)
def test_a_stack_is_the_formula_of_its_paper(name: str) -> None:
    make, formula, options, activation = CASES_OF[name]
    model: Any = settled(make(4, 6, 3, num_layers=2, **options)).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    x = drawn(NUM_NODES, 4)
    given: dict[str, Tensor] = {}
    if "edge_features" in options:
        given["edge_features"] = drawn(NUM_EDGES, 5)
    elif make is not EdgeCNN:
        given["edge_weight"] = drawn(NUM_EDGES, positive=True)
    first, last = model.layers
    expected = formula(last, activation(formula(first, x, given, False)), given, True)
    types = {"edge_type": TYPE} if make is RGCN else {}
    found = model(SQUARE, x, **given, **types)
    assert found.shape == (NUM_NODES, 3)
    assert_agrees(found, expected, [x, *given.values(), *model.parameters()])


def test_the_weight_of_the_node_itself_is_learned_where_that_is_asked_for() -> None:
    learns = {learn_eps: dict(GIN(4, 6, 3, learn_eps=learn_eps).named_parameters()) for learn_eps in (False, True)}
    assert learns[True].keys() - learns[False].keys() == {f"layers.{at}.eps" for at in range(3)}


def test_an_embedding_is_one_hot_ids_without_their_matrix() -> None:
    # One-hot ids, as the paper has them: V_b and the matrix of the node itself have a row for each node.
    table = [drawn(NUM_NODES, 6) for _ in range(3)]
    model: Any = settled(RGCN(18, 6, 3, num_types=NUM_TYPES, regularizer="basis", num_bases=2))
    first, parts = model.layers[0], torch.eye(18, dtype=torch.float64).split(6, 1)
    with torch.no_grad():
        first.linear_r.W.copy_(torch.stack(parts[:2]))
        first.loop_weight.copy_(parts[2])
    hidden = torch.eye(NUM_NODES, dtype=torch.float64) @ table[2] + first.h_bias
    for type_, (one, two) in enumerate(first.linear_r.coeff):
        a = normalised(matrix((type_ == TYPE).double()), "right")
        hidden = hidden + a @ torch.eye(NUM_NODES, dtype=torch.float64) @ (one * table[0] + two * table[1])
    assert_agrees(first(SQUARE, torch.cat(table, 1), edge_type=TYPE), hidden, [*table, first.linear_r.coeff])
