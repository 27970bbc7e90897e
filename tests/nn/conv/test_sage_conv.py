"""SAGEConv agrees with its formulas, node by node; what it refuses it explains."""

import pytest
import torch
from torch import Tensor

from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import SAGEConv
from weft.testing import LayerCase

CASES = {
    "SAGEConv mean": lambda i, o: SAGEConv(i, o, dropout=0.4),
    "SAGEConv pool": lambda i, o: SAGEConv(i, o, "pool", bias=False),
    "SAGEConv lstm": LayerCase(
        lambda i, o: SAGEConv(i, o, "lstm"),
        exempt={
            "check_permutation": "an LSTM reads neighbours in the order of edges",
            "check_transforms": "torch.vmap does not know torch's LSTM",
            "check_compile": "torch.compile does not know torch's LSTM",
            "check_inductor": "torch.compile does not know torch's LSTM",
            "check_export": "the number of steps is the highest degree, which a program cannot hold",
        },
    ),
    "SAGEConv gcn": lambda i, o: SAGEConv(i, o, "gcn"),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)
AGGREGATORS = ("mean", "sum", "max", "pool", "lstm", "gcn")


def formula(layer: SAGEConv, x: tuple[Tensor, Tensor], weight: Tensor) -> Tensor:
    """The layer as its docstring tells it, one target after the other."""
    rows = []
    for target in range(NUM_TARGETS):
        edges = target == TARGET
        h = x[0][SOURCE[edges]]
        if layer.aggregator == "pool":
            h = layer.fc_pool(h).relu()
        h = h * weight[edges, None]
        if layer.aggregator == "gcn":
            neighbours = (x[1][target] + h.sum(0)) / (1 + len(h))
        elif len(h) == 0:
            neighbours = torch.zeros(x[0].shape[1], dtype=torch.float64)
        elif layer.aggregator == "lstm":
            neighbours = layer.lstm(h[None])[0][0, -1]
        else:
            neighbours = {"mean": h.mean, "sum": h.sum, "max": h.amax, "pool": h.amax}[layer.aggregator](0)
        out = layer.fc_neigh(neighbours)
        own = layer.bias if layer.aggregator == "gcn" else layer.fc_self(x[1][target])
        rows.append(out + own)
    return torch.stack(rows)


@pytest.mark.parametrize("aggregator", AGGREGATORS)
@pytest.mark.parametrize(("width", "out"), [(3, 5), (5, 3)])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(aggregator: str, width: int, out: int, weighted: bool) -> None:
    layer = SAGEConv((width, width if aggregator == "gcn" else 2), out, aggregator).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(NUM_SOURCES, width, dtype=torch.float64, requires_grad=True)
    own = torch.randn(NUM_TARGETS, layer.in_features[1], dtype=torch.float64, requires_grad=True)
    weight = torch.randn(7, dtype=torch.float64, requires_grad=True)
    found = layer(ADJACENCY, (x, own), weight if weighted else None)
    expected = formula(layer, (x, own), weight if weighted else torch.ones_like(weight))
    torch.testing.assert_close(found, expected)
    wanted = [x, own, *layer.parameters(), *([weight] if weighted else [])]
    gradients = [torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("aggregator", AGGREGATORS)
def test_inputs_stay_as_they_were(aggregator: str) -> None:
    x, own = torch.randn(NUM_SOURCES, 4), torch.randn(NUM_TARGETS, 4)
    before = x.clone(), own.clone()
    with torch.no_grad():
        SAGEConv(4, 4, aggregator)(ADJACENCY, (x, own))
    assert torch.equal(x, before[0])
    assert torch.equal(own, before[1])


def test_dropout_acts_on_both_ends_in_training_only() -> None:
    graph, layer = Graph(SOURCE, TARGET, 5), SAGEConv(4, 3, dropout=1.0)
    x = torch.randn(5, 4)
    assert torch.equal(layer(graph, x), layer.fc_self.bias.expand(5, -1))
    pair = layer(graph, (x, x))
    assert torch.equal(pair, layer.fc_self.bias.expand(5, -1))
    assert not torch.equal(layer.eval()(graph, x), pair)


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    x, own = torch.randn(NUM_SOURCES, 5, 3), torch.randn(NUM_TARGETS, 5, 3)
    for aggregator in AGGREGATORS:
        layer = SAGEConv(3, 2, aggregator)
        torch.testing.assert_close(layer(ADJACENCY, (x, own))[:, 2], layer(ADJACENCY, (x[:, 2], own[:, 2])))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`aggregator` to be one of mean, sum, max, pool, lstm, gcn, got 'median'"):
        SAGEConv(3, 2, "median")
    with pytest.raises(OptionError, match='one width for "gcn", which adds them, got 3 and 4'):
        SAGEConv((3, 4), 2, "gcn")
    with pytest.raises(OptionError, match=r"`dropout` from 0 to 1, got 1.5"):
        SAGEConv(3, 2, dropout=1.5)
    layer = SAGEConv(3, 2)
    with pytest.raises(ShapeError, match=r"one tensor for 4 sources and 6 targets; hint: pass \(x_source, x_target\)"):
        layer(ADJACENCY, torch.randn(4, 3))
    with pytest.raises(ShapeError, match=r"`x\[1\]` of shape \(6, \*, 3\), got \(6, 2\)"):
        layer(ADJACENCY, (torch.randn(4, 3), torch.randn(6, 2)))
    typed = Graph({("user", "rates", "item"): ([0, 1], [1, 0])}, num_nodes={"user": 3, "item": 3})
    with pytest.raises(ShapeError, match="features for both ends of a bipartite graph"):
        layer(typed, torch.randn(3, 3))


def test_text_form_is_the_constructor() -> None:
    assert SAGEConv(3, 2, "pool", dropout=0.5).extra_repr() == "3, 2, 'pool', dropout=0.5, bias=True"
