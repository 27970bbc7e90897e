"""EdgeConv agrees with its formula, split into the two ends or not; what it refuses it explains."""

import copy

import pytest
import torch
from torch import Tensor, nn

from tests.nn.compared import BIPARTITE, SOURCE, TARGET, assert_agrees, drawn, settled, sums
from weft.errors import FormulaError, OptionError, ShapeError
from weft.nn import EdgeConv, _differences, explain_plan

CASES = {
    "EdgeConv": lambda i, o: EdgeConv(i, o),
    "EdgeConv norm": lambda i, o: EdgeConv(i, o, batch_norm=True),
    "EdgeConv network": lambda i, o: EdgeConv(
        i, o, nn.Sequential(nn.Linear(2 * i, 5), nn.ReLU(), nn.Linear(5, o), nn.Tanh())
    ),
    "EdgeConv sum": lambda i, o: EdgeConv(
        i, o, nn.Sequential(nn.Linear(2 * i, 5), nn.Sigmoid(), nn.Linear(5, o)), aggregator="sum"
    ),
}
NETWORKS = {
    "linear": lambda: nn.Linear(6, 4),
    "activation": lambda: nn.Sequential(nn.Linear(6, 4), nn.ReLU()),
    "two": lambda: nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4)),
    "deep": lambda: nn.Sequential(nn.Linear(6, 5), nn.ELU(), nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 4, bias=False)),
    "norm": lambda: nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 4)),
    "norm only": lambda: nn.Sequential(nn.Linear(6, 4, bias=False), nn.BatchNorm1d(4, affine=False)),
    "other": lambda: nn.Sequential(nn.Tanh(), nn.Linear(6, 4)),
}


def differences(x: Tensor, own: Tensor) -> Tensor:
    return x[SOURCE] - own[TARGET]


@pytest.mark.parametrize("aggregator", ["max", "mean", "sum"])
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_agrees_with_its_formula(aggregator: str, norm: bool, training: bool) -> None:
    layer = settled(EdgeConv(3, 4, aggregator=aggregator, batch_norm=norm)).train(training)
    twin = copy.deepcopy(layer)
    x, own = drawn(4, 3), drawn(6, 3)
    found = layer(BIPARTITE, (x, own))
    messages = layer.theta(differences(x, own)) + layer.phi(own[TARGET])
    if norm:
        twin.bn.weight, twin.bn.bias = layer.bn.weight, layer.bn.bias
        messages = twin.bn(messages)
        for name, buffer in layer.bn.named_buffers():
            torch.testing.assert_close(buffer, getattr(twin.bn, name))
    assert_agrees(found, sums(messages, aggregator), [x, own, *layer.parameters()])


@pytest.mark.parametrize("aggregator", ["max", "mean", "sum"])
@pytest.mark.parametrize("name", NETWORKS)
def test_network_agrees_with_its_formula(name: str, aggregator: str) -> None:
    layer = settled(EdgeConv(3, 4, NETWORKS[name](), aggregator=aggregator))
    x, own = drawn(4, 3), drawn(6, 3)
    found = layer(BIPARTITE, (x, own))
    messages = layer.network(torch.cat((own[TARGET], differences(x, own)), -1))
    assert_agrees(found, sums(messages, aggregator), [x, own, *layer.parameters()])


def test_difference_may_be_reversed() -> None:
    layer = settled(EdgeConv(3, 4, reverses=True))
    x, own = drawn(4, 3), drawn(6, 3)
    messages = layer.theta(-differences(x, own)) + layer.phi(own[TARGET])
    assert_agrees(layer(BIPARTITE, (x, own)), sums(messages, "max"), [x, own, *layer.parameters()])


def test_one_activation_is_a_program_and_more_are_chunks() -> None:
    ends = {"source": {"u": torch.ones(4, 2)}, "target": {"u": torch.ones(6, 2)}}
    program = _differences._PROGRAMS[nn.ReLU]
    assert explain_plan(BIPARTITE, program, reduce="max", **ends).startswith("pass_messages")
    shared = {"step 0": nn.ELU(), "step 1": nn.Linear(2, 2)}
    assert explain_plan(BIPARTITE, _differences._STEPS, **ends, shared=shared).startswith("in chunks")


def test_hooks_on_linear_maps_are_called() -> None:
    network, calls = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4)), []
    for linear in (network[0], network[2]):
        linear.register_forward_hook(lambda module, inputs, out: calls.append(module))
        expected = EdgeConv(3, 4, network, aggregator="sum")(BIPARTITE, (torch.ones(4, 3), torch.ones(6, 3)))
        assert linear in calls
        linear._forward_hooks.clear()
        found = EdgeConv(3, 4, network, aggregator="sum")(BIPARTITE, (torch.ones(4, 3), torch.ones(6, 3)))
        torch.testing.assert_close(found, expected)


def test_no_edge_moves_no_statistics() -> None:
    layer = EdgeConv(3, 4, batch_norm=True)
    none = torch.empty(0, dtype=torch.int64)
    graph = type(BIPARTITE)(none, none, num_sources=2, num_targets=2)
    assert torch.equal(layer(graph, torch.randn(2, 3)), torch.zeros(2, 4))
    assert torch.equal(layer.bn.running_mean, torch.zeros(4))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`aggregator` to be one of max, mean, sum, got 'min'"):
        EdgeConv(3, 2, aggregator="min")
    with pytest.raises(OptionError, match=r"a network or `batch_norm`, got both; hint: put a torch\.nn\.BatchNorm1d"):
        EdgeConv(3, 2, nn.Linear(6, 2), batch_norm=True)
    ends = torch.randn(4, 3), torch.randn(6, 3)
    with pytest.raises(OptionError, match="a network of 6 features, got one of 3"):
        EdgeConv(3, 2, nn.Linear(3, 2))(BIPARTITE, ends)
    with pytest.raises(ShapeError, match=r"`x\[1\]` of shape \(6, \*, 3\)"):
        EdgeConv(3, 2)(BIPARTITE, (ends[0], torch.randn(6, 2)))
    late = nn.Sequential(nn.Linear(6, 2), nn.ReLU(), nn.BatchNorm1d(2))
    with pytest.raises(FormulaError, match="BatchNorm1d in shared"):
        EdgeConv(3, 2, late)(BIPARTITE, ends)


def test_text_form_is_the_constructor() -> None:
    assert EdgeConv(3, 2, batch_norm=True).extra_repr() == "3, 2, aggregator='max', batch_norm=True, reverses=False"
