"""AGNNConv agrees with its formula, node by node."""

import pytest
import torch

from tests.nn.compared import assert_agrees, drawn
from weft.errors import ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import AGNNConv
from weft.testing import LayerCase

CASES = {"AGNNConv": LayerCase(lambda i, o: AGNNConv(0.7), same_width=True)}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)


@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(weighted: bool) -> None:
    layer = AGNNConv(1.7).double()
    x, own, weight = drawn(NUM_SOURCES, 3), drawn(NUM_TARGETS, 3), drawn(7)
    score = layer.beta * torch.cosine_similarity(x[SOURCE], own[TARGET])
    attention = torch.zeros_like(score)
    for node in range(NUM_TARGETS):
        attention[node == TARGET] = score[node == TARGET].softmax(0)
    torch.testing.assert_close(layer.attention(ADJACENCY, (x, own)), attention)
    weights = attention * weight if weighted else attention
    expected = torch.zeros(NUM_TARGETS, 3, dtype=torch.float64).index_add(0, TARGET, weights[:, None] * x[SOURCE])
    found = layer(ADJACENCY, (x, own), weight if weighted else None)
    assert_agrees(found, expected, [x, own, weight, layer.beta])


def test_beta_may_stay_as_it_is() -> None:
    layer, x = AGNNConv(0.5, learn_beta=False), torch.randn(5, 3)
    assert not list(layer.parameters())
    assert layer.state_dict()["beta"].tolist() == [0.5]
    other = AGNNConv(0.5)
    assert torch.equal(layer(Graph(SOURCE, TARGET, 5), x), other(Graph(SOURCE, TARGET, 5), x))
    with torch.no_grad():
        other.beta.fill_(3)
    other.reset_parameters()
    assert other.beta.item() == 0.5


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    layer, x = AGNNConv(2.0), torch.randn(5, 2, 3)
    graph = Graph(SOURCE, TARGET, 5)
    torch.testing.assert_close(layer(graph, x)[:, 1], layer(graph, x[:, 1]))
    torch.testing.assert_close(layer.attention(graph, x)[:, 1], layer.attention(graph, x[:, 1]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\), got \(6,\)"):
        AGNNConv()(Graph(SOURCE, TARGET, 5), torch.randn(5, 3), torch.rand(6))
    assert repr(AGNNConv(2)) == "AGNNConv(beta=2.0, learn_beta=True)"
