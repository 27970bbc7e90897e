"""to_hetero runs a model for one type on typed graphs, with a copy of each layer for each edge type."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from weft.errors import OptionError
from weft.graph import Block, Graph
from weft.nn import GATConv, GraphConv, SAGEConv, aggregate, to_hetero
from weft.testing import TypedLayerCase

FOLLOWS, BUYS, SELLS = ("user", "follows", "user"), ("user", "buys", "item"), ("shop", "sells", "item")
EDGES = {FOLLOWS: ([0, 1, 1], [1, 0, 2]), BUYS: ([0, 2, 2], [1, 0, 1]), SELLS: ([0, 1], [1, 2])}
GRAPH = Graph(EDGES, num_nodes={"user": 3, "item": 3, "shop": 2})


class Model(nn.Module):
    """Loops, branches on options, residuals, norms, linear maps, methods and operators."""

    def __init__(self, width: int, out_features: int, num_layers: int = 2) -> None:
        super().__init__()
        self.begin = nn.Linear(width, out_features)
        self.layers = nn.ModuleList(SAGEConv(out_features, out_features) for _ in range(num_layers))
        self.norms = nn.ModuleList(nn.LayerNorm(out_features) for _ in range(num_layers))
        self.drop, self.scale = nn.Dropout(0.5), nn.Parameter(torch.ones(out_features))

    def forward(self, graph, x):
        x = self.begin(x).tanh()
        for at, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            h = layer(graph, norm(x) * self.scale)
            if at + 1 < len(self.layers):
                h = self.drop(functional.elu(h))
            x = h + 0.5 * h
        return x


def features(width: int = 4) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {name: torch.randn(count, width) for name, count in (("user", 3), ("item", 3), ("shop", 2))}


TYPED_CASES = {
    "to_hetero": TypedLayerCase(
        lambda widths, out, edge_types: to_hetero(Model(widths["user"], out, 1), edge_types),
        one_width=True,
        targets_only=False,
        exempt={"check_gradients": "a layer of a node type that no edge enters does not read its neighbours' weight"},
    )
}


def test_each_layer_is_copied_for_each_edge_type_and_results_are_added() -> None:
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = SAGEConv(4, 5), GATConv(5, 2, 1)

        def forward(self, graph, x):
            return self.last(graph, torch.relu(self.first(graph, x)))

    one, x = Two(), features()
    model = to_hetero(one, GRAPH.edge_types)
    assert torch.equal(one.first.fc_self.weight, one.first.fc_self.weight)
    first, last = model.module.first.copies, model.module.last.copies
    assert not torch.equal(first[FOLLOWS].fc_self.weight, first[BUYS].fc_self.weight)

    def layer(copies, h):
        ends = {name: GRAPH.edge_sets[name].adjacency for name in EDGES}
        none = Graph([], [], 2)
        return {
            "user": copies[FOLLOWS](ends[FOLLOWS], h["user"]),
            "item": copies[BUYS](ends[BUYS], (h["user"], h["item"]))
            + copies[SELLS](ends[SELLS], (h["shop"], h["item"])),
            "shop": copies["shop", "no edge", "shop"](none, h["shop"]),
        }

    expected = layer(last, {name: torch.relu(h) for name, h in layer(first, x).items()})
    found = model(GRAPH, x)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)


def test_gradients_reach_every_copy_that_has_edges() -> None:
    model = to_hetero(Model(4, 3), GRAPH.edge_types)
    sum(out.sin().sum() for out in model(GRAPH, features()).values()).backward()
    without = {
        name for name, parameter in model.named_parameters() if parameter.grad is None or not parameter.grad.any()
    }
    assert all("no edge" in name and "fc_neigh" in name for name in without)
    assert len([name for name, _ in model.named_parameters() if "scale" in name]) == 1


def test_blocks_further_inputs_and_tuples_pass() -> None:
    class OnBlocks(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([GraphConv(4, 4), GraphConv(4, 2)])

        def forward(self, blocks, x, edge_weight=None):
            h = x
            for layer, block in zip(self.layers, blocks, strict=True):
                h = layer(block, h, edge_weight)
            return h, -h

    model, x = to_hetero(OnBlocks(), GRAPH.edge_types, aggregator="mean"), features()
    counts = {"user": 3, "item": 3, "shop": 2}
    block = Block(EDGES, node_ids={name: range(count) for name, count in counts.items()}, num_targets=counts)
    weight = {name: torch.rand(len(ends[0])) for name, ends in EDGES.items()}
    found, negative = model([block, block], x, {"edge_weight": weight})
    expected, _ = model([GRAPH, GRAPH], x, {"edge_weight": weight})
    unweighted, _ = model([GRAPH, GRAPH], x)
    for name in counts:
        torch.testing.assert_close(found[name], expected[name])
        assert torch.equal(negative[name], -found[name])
    assert not torch.equal(unweighted["item"], expected["item"])


def test_a_layer_of_ones_own_is_copied_and_one_that_is_shared_stays_so() -> None:
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(4, 4))

        def forward(self, graph, x):
            return aggregate(graph, (x[0] if isinstance(x, tuple) else x) @ self.weight)

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = Own()
            self.last = self.first

        def forward(self, graph, x):
            return torch.cat([x, self.last(graph, self.first(graph, x))], dim=1).flatten(1)

    model = to_hetero(Twice(), GRAPH.edge_types)
    assert model.module.first is model.module.last
    assert model(GRAPH, features())["item"].shape == (3, 8)


def test_an_edge_type_that_is_not_there_leaves_types_with_results() -> None:
    model, x = to_hetero(Model(4, 3), GRAPH.edge_types).eval(), features()
    part = Graph({BUYS: EDGES[BUYS]}, num_nodes={"user": 3, "item": 3, "shop": 2})
    assert {name: tuple(out.shape) for name, out in model(part, x).items()} == {
        "user": (3, 3),
        "item": (3, 3),
        "shop": (2, 3),
    }


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="edge types, got none"):
        to_hetero(Model(4, 3), [])
    with pytest.raises(OptionError, match="`aggregator` to be one of sum, mean, max, min"):
        to_hetero(Model(4, 3), [BUYS], aggregator="cat")

    class Sizes(nn.Module):
        def forward(self, graph, x):
            return x.new_zeros(x.shape) if self.training else x if x.sum() > 0 else -x

    with pytest.raises(OptionError, match="features by node type, got Tensor"):
        to_hetero(nn.Sequential(), [BUYS])(GRAPH, torch.ones(3, 4))
    model = to_hetero(nn.ModuleList([Sizes()]), [BUYS])
    assert "LayerByEdgeType" in repr(model)

    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = GraphConv(4, 4)

        def forward(self, graph, x):
            h = self.layer(graph, x)
            return h.view(h.shape) if self.training else h if h.sum() > 0 else -h

    model = to_hetero(Branches(), [BUYS])
    with pytest.raises(OptionError, match="`shape`; hint: sizes are those of each type"):
        model(GRAPH, features())
    with pytest.raises(OptionError, match="does not branch on features"):
        model.eval()(GRAPH, features())
