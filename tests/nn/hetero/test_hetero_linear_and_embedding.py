"""HeteroLinear and HeteroEmbedding keep one map and one table for each key."""

import pytest
import torch

from weft.errors import FeatureError
from weft.nn import HeteroEmbedding, HeteroLinear, load_peer_state

EDGE = ("user", "buys", "item")


def test_every_key_has_a_map_of_its_own() -> None:
    layer = HeteroLinear({"user": 3, EDGE: 5}, 2)
    x = {"user": torch.randn(4, 3), EDGE: torch.randn(6, 7, 5)}
    found = layer(x)
    assert list(layer.state_dict())[2:] == [f"linears.{EDGE}.weight", f"linears.{EDGE}.bias"]
    for key, value in found.items():
        expected = x[key] @ layer.linears[key].weight.T + layer.linears[key].bias
        torch.testing.assert_close(value, expected)
    assert layer({"user": x["user"]}).keys() == {"user"}
    assert HeteroLinear({"user": 3}, 2, bias=False).linears["user"].bias is None


def test_weights_of_peers_load() -> None:
    layer, weight = HeteroLinear({"type": 3}, 2), torch.randn(2, 3)
    load_peer_state(layer, {"lins.type.weight": weight, "lins.type.bias": torch.ones(2)}, "pyg")
    assert torch.equal(layer.linears["type"].weight, weight)


def test_every_key_has_a_table_of_its_own() -> None:
    layer = HeteroEmbedding({"user": 3, EDGE: 5}, 2)
    found = layer({EDGE: torch.tensor([4, 0, 4])})
    assert torch.equal(found[EDGE], layer.weight[EDGE][[4, 0, 4]])
    assert {key: value.shape[0] for key, value in layer.weight.items()} == {"user": 3, EDGE: 5}
    assert list(layer.state_dict()) == ["embeds.user.weight", f"embeds.{EDGE}.weight"]


def test_unknown_keys_are_told() -> None:
    with pytest.raises(FeatureError, match="HeteroLinear: expected features of 'user', got 'item'"):
        HeteroLinear({"user": 3}, 2)({"item": torch.ones(1, 3)})
    with pytest.raises(FeatureError, match="HeteroEmbedding: expected ids of 'user', got 'item'"):
        HeteroEmbedding({"user": 3}, 2)({"item": torch.tensor([0])})
