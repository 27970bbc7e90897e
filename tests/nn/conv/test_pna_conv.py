"""PNAConv agrees with its formula, node by node; what it refuses it explains."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import weft
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import PNAConv
from weft.testing import Input, LayerCase

CASES = {
    "PNAConv": lambda i, o: PNAConv(i, o, 1.3, num_towers=2),
    "PNAConv edges": LayerCase(
        lambda i, o: PNAConv(i, o, 1.3, aggregators=["sum", "max"], scalers=["linear"], edge_features=3, edge_encoder=True),
        inputs={"edge_features": Input("edge", (3,))},
    ),
}  # fmt: skip

# No target has two different sources: the third moment of two numbers is 0, and a root of what rounding leaves of it.
SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3, 1, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1, 1, 2])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)
POWERS = {"moment3": 3, "moment4": 4, "moment5": 5}


def reduced(name: str, messages: Tensor) -> Tensor:
    mean = messages.mean(0)
    if name in ("max", "min"):
        return getattr(messages, name)(0).values
    if name in ("mean", "sum"):
        return getattr(messages, name)(0)
    above = messages - mean
    if name in POWERS:
        moment = above.pow(POWERS[name]).mean(0)
        is_zero = moment.abs() < 1e-30
        return torch.where(is_zero, 0, moment.sign() * torch.where(is_zero, 1, moment).abs().pow(1 / POWERS[name]))
    variance = above.square().mean(0)
    return variance if name == "var" else torch.where(variance < 1e-20, 0, variance.clamp(min=1e-20).sqrt())


def formula(layer: PNAConv, x: tuple[Tensor, Tensor], edge_features: Tensor | None) -> Tensor:
    """The result as the docstring tells it, one tower and one target after the other."""
    outs, encoded = [], edge_features
    if encoded is not None and layer.edge_encoder is not None:
        encoded = layer.edge_encoder(encoded)
    for at, tower in enumerate(layer.towers):
        ends = [part.chunk(len(layer.towers), 1)[at] if layer.divide_input else part for part in x]
        messages = tower.M(torch.cat([ends[0][SOURCE], ends[1][TARGET], *([] if encoded is None else [encoded])], 1))
        rows = []
        for node in range(NUM_TARGETS):
            d = int((node == TARGET).sum())
            log = math.log(max(d, 1) + 1) / layer.delta
            scale = {
                "identity": 1.0,
                "amplification": log,
                "attenuation": 1 / log,
                "linear": max(d, 1) / layer.mean_degree,
            }
            scale["inverse_linear"] = 1 / scale["linear"]
            mine = messages[node == TARGET] if d else torch.zeros(1, messages.shape[1], dtype=messages.dtype)
            parts = torch.cat([reduced(name, mine) for name in layer.aggregators])
            rows.append(torch.cat([ends[1][node], *(scale[name] * parts for name in layer.scalers)]))
        h = tower.U(torch.stack(rows))
        h = h / NUM_TARGETS**0.5 if layer.graph_norm else h
        outs.append(h if tower.batchnorm is None else tower.batchnorm(h))
    out = functional.leaky_relu(layer.mixing_layer[0](torch.cat(outs, 1)), layer.negative_slope)
    return out + x[1] if layer.residual else out


@pytest.mark.parametrize("options", [
    {}, {"num_towers": 2, "graph_norm": True}, {"aggregators": ["std"], "residual": False},
    {"aggregators": ["moment3", "sum"], "edge_features": 2},
    {"aggregators": ["moment4", "moment5", "mean"], "divide_input": False},
    {"scalers": ["linear", "identity", "inverse_linear"], "mean_degree": 1.7, "batch_norm": False},
    {"edge_features": 2, "edge_encoder": True, "num_towers": 2, "negative_slope": 1.0},
    {"num_message_layers": 3, "num_update_layers": 2, "num_towers": 2, "aggregators": ["max", "var", "moment3"]},
], ids=str)  # fmt: skip
def test_agrees_with_its_formula(options: dict[str, Any]) -> None:
    torch.manual_seed(1)
    layer = PNAConv(4, 4, 1.2, **options).double().eval()
    for tower in layer.towers:
        if tower.batchnorm is not None:
            tower.batchnorm.running_mean.normal_()
            tower.batchnorm.running_var.uniform_(0.5, 2)
    x = torch.randn(NUM_SOURCES, 4, dtype=torch.float64, requires_grad=True)
    own = torch.randn(NUM_TARGETS, 4, dtype=torch.float64, requires_grad=True)
    edges = torch.randn(9, 2, dtype=torch.float64, requires_grad=True) if layer.edge_features else None
    found, expected = layer(ADJACENCY, (x, own), edge_features=edges), formula(layer, (x, own), edges)
    torch.testing.assert_close(found, expected)
    wanted = [x, own, *layer.parameters(), *([] if edges is None else [edges])]
    gradients = [torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_all_aggregates_without_edge_features_are_one_program() -> None:
    from weft.nn.conv._towers import MESSAGES

    u = torch.randn(5, 2, 3, requires_grad=True)
    given = {"source": {"u": u}, "target": {"v": u}}
    plan = weft.explain_plan(
        Graph(SOURCE, TARGET, 5), MESSAGES[False], reduce=("mean", "max", "min", "std", "sum"), **given
    )
    assert plan.startswith("pass_messages: source:6 target:6 | add 0 1 | mean 2; max 2; min 2; variance 2; sum 2\n")


def test_batch_norm_learns_in_training_only() -> None:
    layer, x = PNAConv(4, 4, 1.2, dropout=1.0, residual=False), torch.randn(5, 4)
    graph = Graph(SOURCE, TARGET, 5)
    torch.testing.assert_close(layer(graph, x), layer.mixing_layer(torch.zeros(5, 4)))
    assert layer.towers[0].batchnorm.running_mean.any()
    kept = layer.towers[0].batchnorm.running_mean.clone()
    assert not torch.equal(layer.eval()(graph, x)[0], layer(graph, x)[1])
    assert torch.equal(layer.towers[0].batchnorm.running_mean, kept)
    layer.reset_parameters()
    assert not layer.towers[0].batchnorm.running_mean.any()


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`aggregators` to be one of mean, max, min, sum, .*, got 'median'"):
        PNAConv(4, 4, 1.0, aggregators=["median"])
    with pytest.raises(OptionError, match=r"`scalers` to be one of identity, .*, got 'log'"):
        PNAConv(4, 4, 1.0, scalers=["log"])
    with pytest.raises(OptionError, match=r"a scaler, and `delta` and `mean_degree` above 0, got 3 scalers, 0 and 1.0"):
        PNAConv(4, 4, 0)
    with pytest.raises(OptionError, match=r"that `num_towers` divides, got 4 and 6 for 4"):
        PNAConv(4, 6, 1.0, num_towers=4)
    graph = Graph(SOURCE, TARGET, 5)
    with pytest.raises(ShapeError, match=r"`edge_features` of shape \(9, 3\), got none"):
        PNAConv(4, 4, 1.0, edge_features=3)(graph, torch.randn(5, 4))
    with pytest.raises(ShapeError, match=r"no `edge_features`, for which the layer was not made, got \(9, 3\)"):
        PNAConv(4, 4, 1.0)(graph, torch.randn(5, 4), edge_features=torch.randn(9, 3))


def test_text_form_is_the_constructor() -> None:
    assert repr(PNAConv(4, 6, 1.5, aggregators=["mean"], scalers=["identity"])).startswith(
        "PNAConv(\n  4, 6, 1.5, aggregators=('mean',), scalers=('identity',), mean_degree=1.0, num_towers=1, divide_input=True, "
        "edge_features=0, dropout=0.0, graph_norm=False, residual=False\n"
    )
    assert isinstance(PNAConv(4, 4, 1.5, num_update_layers=2).towers[0].U, nn.Sequential)
