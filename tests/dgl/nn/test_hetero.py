"""HeteroGraphConv, HeteroLinear, HeteroEmbedding and HGTConv take DGL's arguments and state dicts."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import weft.dgl as dgl
from weft.errors import FeatureError, OptionError

EDGES = {
    ("user", "follows", "user"): ([0, 1], [1, 2]),
    ("user", "buys", "item"): ([0, 2], [1, 0]),
    ("shop", "sells", "item"): ([], []),
}
GRAPH = dgl.heterograph(EDGES, {"user": 3, "item": 2, "shop": 1})
FIXTURE = Path(__file__).parents[2] / "nn" / "fixtures" / "dgl" / "HGTConv.safetensors"
SOURCE, TARGET = [0, 2, 0, 3, 1, 4, 6, 2, 0, 3, 6, 4, 1], [1, 2, 1, 0, 4, 3, 1, 7, 2, 1, 0, 0, 3]


def test_modules_run_on_their_edge_types() -> None:
    mods = {"follows": dgl.nn.SAGEConv(4, 2, "mean"), ("user", "buys", "item"): dgl.nn.GraphConv(4, 2)}
    layer, x = dgl.nn.HeteroGraphConv(mods, aggregate="stack"), {"user": torch.randn(3, 4), "item": torch.randn(2, 4)}
    found = layer(GRAPH, x)
    assert found.keys() == {"user", "item"}
    torch.testing.assert_close(found["user"][:, 0], mods["follows"](GRAPH["follows"], x["user"]))
    torch.testing.assert_close(found["item"][:, 0], mods["user", "buys", "item"](GRAPH["buys"], x["user"]))
    assert "mods.('user', 'buys', 'item').weight" in layer.state_dict()
    weight = torch.rand(2)
    for given in ({"mod_args": {"buys": (None, weight)}}, {"mod_kwargs": {"buys": {"edge_weight": weight}}}):
        again = layer(GRAPH, x, **given)
        expected = mods["user", "buys", "item"](GRAPH["buys"], x["user"], edge_weight=weight)
        torch.testing.assert_close(again["item"][:, 0], expected)


def test_edge_types_without_edges_need_no_module_and_others_do() -> None:
    x = {name: torch.randn(GRAPH.num_nodes(name), 4) for name in GRAPH.ntypes}
    layer = dgl.nn.HeteroGraphConv({"follows": dgl.nn.GraphConv(4, 2)}, aggregate=lambda parts, name: parts[0])
    with pytest.raises(FeatureError, match="buys"):
        layer(GRAPH, x)
    with pytest.raises(OptionError, match="`aggregate`"):
        dgl.nn.HeteroGraphConv({}, aggregate="cat")


def test_keys_are_those_of_dgl() -> None:
    edge = ("user", "follows", "user")
    assert list(dgl.nn.HeteroLinear({edge: 3}, 5, bias=False).state_dict()) == [f"linears.{edge}.weight"]
    layer = dgl.nn.HeteroEmbedding({edge: 3}, 5)
    assert list(layer.state_dict()) == [f"embeds.{edge}.weight"]
    assert torch.equal(layer({edge: torch.tensor([2])})[edge], layer.weight[edge][2:])


@pytest.mark.parametrize("name", ["skip", "norm"])
def test_state_dict_of_hgt_loads_as_it_is_and_gives_its_result(name: str) -> None:
    stored = {key.partition("/")[2]: value for key, value in load_file(FIXTURE).items() if key.startswith(f"{name}/")}
    layer = dgl.nn.HGTConv(6, 3 if name == "skip" else 2, 2, 2, 3, use_norm=name == "norm").eval()
    layer.load_state_dict({key.partition(".")[2]: stored[key] for key in stored if key.startswith("state.")})
    graph = dgl.graph((SOURCE, TARGET), num_nodes=8)
    found = layer(graph, stored["input.x"], stored["input.node_type"], stored["input.edge_type"])
    torch.testing.assert_close(found, stored["output.0"], rtol=1e-5, atol=1e-5)


def test_block_takes_types_of_its_sources() -> None:
    layer, x = dgl.nn.HGTConv(4, 3, 2, 2, 3).eval(), torch.randn(3, 4)
    block = dgl.create_block(([1, 2], [0, 1]), num_src_nodes=3, num_dst_nodes=2)
    square = dgl.graph(([1, 2], [0, 1]), num_nodes=3)
    types = torch.tensor([0, 1, 1]), torch.tensor([2, 0])
    torch.testing.assert_close(layer(block, x, *types), layer(square, x, *types)[:2])
