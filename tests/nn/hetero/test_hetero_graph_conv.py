"""HeteroGraphConv runs a layer for each edge type and reduces; what it refuses it explains."""

import pytest
import torch

from weft.errors import DtypeError, FeatureError, OptionError, ShapeError
from weft.graph import Block, Graph
from weft.nn import GATConv, GraphConv, HeteroGraphConv, SAGEConv, load_peer_state
from weft.testing import TypedLayerCase

FOLLOWS, BUYS, SELLS = ("user", "follows", "user"), ("user", "buys", "item"), ("shop", "sells", "item")
EDGES = {FOLLOWS: ([0, 1, 1], [1, 0, 2]), BUYS: ([0, 2, 2], [1, 0, 1]), SELLS: ([0, 1], [1, 2])}
GRAPH = Graph(EDGES, num_nodes={"user": 3, "item": 3, "shop": 2})


def typed_case(layer: str, aggregator: str) -> TypedLayerCase:
    def make(widths, out_features, edge_types):
        layers = {}
        for name in edge_types:
            ends = widths[name[0]], widths[name[2]]
            sizes = ends[0] if name[0] == name[2] else ends
            layers[name] = SAGEConv(sizes, out_features) if layer == "sage" else GATConv(sizes, out_features // 2, 2)
        return HeteroGraphConv(layers, aggregator=aggregator)

    return TypedLayerCase(make)


TYPED_CASES = {
    "HeteroGraphConv sum": typed_case("sage", "sum"),
    "HeteroGraphConv mean": typed_case("gat", "mean"),
    "HeteroGraphConv max": typed_case("gat", "max"),
}


def features() -> dict[str, torch.Tensor]:
    return {
        name: torch.randn(count, 4, dtype=torch.float64, requires_grad=True)
        for name, count in (("user", 3), ("item", 3), ("shop", 2))
    }


AGGREGATORS = {
    "sum": lambda parts: parts[0] + parts[1],
    "mean": lambda parts: (parts[0] + parts[1]) / 2,
    "max": lambda parts: torch.stack(parts).amax(0),
    "min": lambda parts: torch.stack(parts).amin(0),
    "stack": lambda parts: torch.stack(parts, 1),
    "cat": lambda parts: torch.cat(parts, 1),
}


@pytest.mark.parametrize("aggregator", [*AGGREGATORS, "function"])
def test_results_of_each_edge_type_are_reduced(aggregator: str) -> None:
    layers = {"follows": GATConv(4, 2, 1), "buys": SAGEConv((4, 4), 2), SELLS: SAGEConv((4, 4), 2, "max")}
    how = (lambda parts, name: parts[-1] * len(name)) if aggregator == "function" else aggregator
    layer, x = HeteroGraphConv(layers, aggregator=how).double(), features()
    found = layer(GRAPH, x)
    parts = [
        layers["buys"](GRAPH["buys"].adjacency, (x["user"], x["item"])),
        layers[SELLS](GRAPH["sells"].adjacency, (x["shop"], x["item"])),
    ]
    user = layers["follows"](GRAPH["follows"].adjacency, x["user"])
    if aggregator == "function":
        expected = {"user": user * 4, "item": parts[1] * 4}
    elif aggregator == "stack":
        expected = {"user": user.unsqueeze(1), "item": torch.stack(parts, 1)}
    else:
        expected = {"user": user, "item": AGGREGATORS[aggregator](parts)}
    assert found.keys() == expected.keys()
    wanted = [*x.values(), *layer.parameters()]
    both = []
    for out in (found, expected):
        total = sum(value.sin().sum() for value in out.values())
        both.append(torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True))
    for name in expected:
        torch.testing.assert_close(found[name], expected[name])
    for ours, theirs in zip(*both, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_further_inputs_go_to_their_edge_type() -> None:
    layer, x = HeteroGraphConv({"buys": GraphConv(4, 2), SELLS: GraphConv(4, 2)}).double(), features()
    weight = torch.rand(3, dtype=torch.float64)
    expected = layer.mods["buys"](GRAPH["buys"].adjacency, x["user"], weight)
    expected = expected + layer.mods[SELLS](GRAPH["sells"].adjacency, x["shop"])
    for key in ("buys", BUYS):
        torch.testing.assert_close(layer(GRAPH, x, {key: {"edge_weight": weight}})["item"], expected)


def test_types_without_features_or_layer_are_passed_over() -> None:
    layer, x = HeteroGraphConv({"follows": GraphConv(4, 2), "sells": GraphConv(4, 2)}).double(), features()
    assert layer(GRAPH, {"shop": x["shop"]}).keys() == {"item"}
    assert layer(GRAPH, x).keys() == {"user", "item"}


def test_sources_of_another_type_are_never_taken_for_targets() -> None:
    layer, x = HeteroGraphConv({"buys": SAGEConv(4, 2)}).double(), features()
    assert GRAPH["buys"].adjacency.num_sources == GRAPH["buys"].adjacency.num_targets
    with pytest.raises(ShapeError, match="bipartite"):
        layer(GRAPH, {"user": x["user"]})


def test_pair_and_block_give_targets_their_own_features() -> None:
    layer, x = HeteroGraphConv({name: SAGEConv(4, 2) for name in EDGES}).double(), features()
    expected = layer(GRAPH, x)
    for name, value in layer(GRAPH, (x, x)).items():
        torch.testing.assert_close(value, expected[name])
    block = Block(
        {FOLLOWS: ([0, 1], [1, 0]), BUYS: ([0, 2, 2], [1, 0, 1]), SELLS: ([0], [1])},
        node_ids={"user": range(3), "item": range(3), "shop": range(2)},
        num_targets={"user": 2, "item": 2},
    )
    for name, value in layer(block, x).items():
        torch.testing.assert_close(value, expected[name][:2])


def test_names_of_types_may_be_those_of_methods_or_have_dots() -> None:
    names = [("type", "to", "keys"), ("a.b", "c.d", "type")]
    graph = Graph({name: ([0], [0]) for name in names})
    layer = HeteroGraphConv({"to": GraphConv(2, 1), names[1]: GraphConv(2, 1)})
    assert layer(graph, {"type": torch.ones(1, 2), "a.b": torch.ones(1, 2)}).keys() == {"keys", "type"}
    assert list(layer.state_dict())[2] == "mods.('a#b', 'c#d', 'type').weight"
    layer.load_state_dict(layer.state_dict())


def test_states_of_peers_load() -> None:
    layer = HeteroGraphConv({BUYS: SAGEConv((4, 3), 2), "follows": GraphConv(4, 2)})
    dgl = {f"mods.{BUYS}.{name}": value for name, value in SAGEConv((4, 3), 2).state_dict().items()}
    dgl |= {"mods.follows.weight": torch.ones(4, 2), "mods.follows.bias": torch.ones(2)}
    load_peer_state(layer, dgl, "dgl")
    assert torch.equal(layer.mods[BUYS].fc_neigh.weight, dgl[f"mods.{BUYS}.fc_neigh.weight"])
    layer = HeteroGraphConv({BUYS: GraphConv(4, 2)})
    weight = torch.randn(2, 4)
    load_peer_state(
        layer,
        {"convs.<user___buys___item>.lin.weight": weight, "convs.<user___buys___item>.bias": torch.ones(2)},
        "pyg",
    )
    assert torch.equal(layer.mods[BUYS].weight, weight.T)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`aggregator` to be one of sum, mean, max, min, stack, cat, got 'add'"):
        HeteroGraphConv({"buys": GraphConv(4, 2)}, aggregator="add")
    with pytest.raises(OptionError, match="a layer for an edge type, got none"):
        HeteroGraphConv({})
    layer, x = HeteroGraphConv({"buys": GraphConv(4, 2), "sells": GraphConv(4, 3)}).double(), features()
    with pytest.raises(OptionError, match="features by node type"):
        layer(GRAPH, x["user"])
    with pytest.raises(DtypeError, match="a Graph or a Block, got Adjacency"):
        layer(GRAPH["buys"].adjacency, x)
    with pytest.raises(ShapeError, match=r"features of 'user' with a row for each of 3 nodes, got \(2, 4\)"):
        layer(GRAPH, {**x, "user": x["shop"]})
    with pytest.raises(ShapeError, match=r"results of one shape for \"sum\", got \(3, 2\) and \(3, 3\)"):
        layer(GRAPH, x)
    with pytest.raises(FeatureError, match="features of nothing and layers for buys, sells"):
        layer(GRAPH, {})
