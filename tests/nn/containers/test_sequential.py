"""Sequential calls what takes a graph with it, and everything else without."""

import copy
import pickle

import pytest
import torch
from torch import nn

from weft.errors import OptionError
from weft.graph import Adjacency, Block, Graph
from weft.nn import GATConv, GraphConv, SAGEConv, Sequential, SignedConv, lazy

GRAPH = Graph([0, 1, 2, 0], [1, 2, 0, 0], 3)
X, WEIGHT = torch.randn(3, 5), torch.rand(4)


def make() -> Sequential:
    return Sequential(GraphConv(5, 6), nn.ReLU(), SAGEConv(6, 4), nn.LayerNorm(4), nn.Linear(4, 2))


def test_layers_get_the_graph_and_other_modules_do_not() -> None:
    model = make()
    first, relu, second, norm, last = model
    expected = last(norm(second(GRAPH, relu(first(GRAPH, X, WEIGHT)), WEIGHT)))
    assert torch.equal(model(GRAPH, X, WEIGHT), expected)
    assert torch.equal(model(GRAPH, X, inputs={"edge_weight": WEIGHT}), expected)
    assert not torch.equal(model(GRAPH, X), expected)
    assert len(model) == 5
    assert model[-1] is last


def test_names_are_those_of_torch() -> None:
    parts = list(make())
    assert list(Sequential(*parts).state_dict()) == list(nn.Sequential(*parts).state_dict())
    copied = copy.deepcopy(make())
    again = pickle.loads(pickle.dumps(copied))
    assert torch.equal(again(GRAPH, X), copied(GRAPH, X))


def test_blocks_go_to_the_layers_in_turn() -> None:
    model = make()
    outer = Block([3, 4, 1, 2], [0, 0, 1, 2], node_ids=range(5), num_targets=3)
    inner = Block([0, 2], [0, 1], node_ids=range(3), num_targets=2)
    x, weights = torch.randn(5, 5), [torch.rand(4), torch.rand(2)]
    first, relu, second, norm, last = model
    expected = last(norm(second(inner, relu(first(outer, x, weights[0])), weights[1])))
    assert torch.equal(model([outer, inner], x, weights), expected)
    assert torch.equal(model((outer, inner), x, weights), expected)


def test_bipartite_pairs_and_graphs_in_pairs() -> None:
    bipartite = Adjacency([0, 1], [1, 0], num_sources=3, num_targets=2)
    model = Sequential(SAGEConv((5, 4), 6), nn.ReLU())
    assert model(bipartite, (X, torch.randn(2, 4))).shape == (2, 6)
    signed = Sequential(SignedConv(5, 4, first=True), nn.ReLU(), SignedConv(4, 3, first=False))
    assert signed((GRAPH, GRAPH), X).shape == (3, 6)


def test_lazy_layers_are_made_where_they_stand() -> None:
    model = Sequential(
        lazy(lambda i: GraphConv(i, 6)), nn.ReLU(), lazy(lambda i: nn.Linear(i, 3)), lazy(lambda i: GATConv(i, 2, 2))
    )
    found = model(GRAPH, X)
    assert [type(part) for part in model] == [GraphConv, nn.ReLU, nn.Linear, GATConv]
    assert torch.equal(model(GRAPH, X), found)
    assert len(list(model.parameters())) == 8


def test_one_in_another() -> None:
    inner = Sequential(SAGEConv(6, 4), nn.ReLU())
    model = Sequential(GraphConv(5, 6), inner)
    assert torch.equal(model(GRAPH, X, WEIGHT), inner(GRAPH, model[0](GRAPH, X, WEIGHT), WEIGHT))


def test_compiles() -> None:
    model = make()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(GRAPH, X, WEIGHT), model(GRAPH, X, WEIGHT))


def test_wrong_arguments_are_told() -> None:
    model = make()
    with pytest.raises(OptionError, match="a module at 1, got builtin_function_or_method"):
        Sequential(GraphConv(5, 6), torch.relu)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="2 graphs, one for each layer that takes one, got 3"):
        model([GRAPH] * 3, X)
    with pytest.raises(OptionError, match="a list with a `graph` for each layer that takes a graph, got 1"):
        model([GRAPH], X)
    with pytest.raises(OptionError, match="a list with a `edge_weight` for each layer that takes a graph, got Tensor"):
        model([GRAPH, GRAPH], X, WEIGHT)
    with pytest.raises(OptionError, match="inputs that a layer takes, got `position`"):
        model(GRAPH, X, inputs={"position": X})
