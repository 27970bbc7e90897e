"""RelGraphConv and TypedLinear take DGL's arguments and state dicts; what weft's layers leave out is done around them."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import weft.dgl as dgl

FIXTURE = Path(__file__).parents[2] / "nn" / "fixtures" / "dgl" / "RelGraphConv.safetensors"
SOURCE, TARGET = [0, 2, 0, 3, 1, 4, 6, 2, 0, 3, 6, 4, 1], [1, 2, 1, 0, 4, 3, 1, 7, 2, 1, 0, 0, 3]
OPTIONS = {
    "free": {},
    "norm": {"layer_norm": True, "regularizer": "basis", "num_bases": 2},
    "blocks": {"regularizer": "bdd", "num_bases": 2, "self_loop": False},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_state_dict_of_dgl_loads_as_it_is_and_gives_its_result(name: str) -> None:
    stored = {key.partition("/")[2]: value for key, value in load_file(FIXTURE).items() if key.startswith(f"{name}/")}
    layer = dgl.nn.RelGraphConv(4, 6, 5, **OPTIONS[name]).eval()
    layer.load_state_dict({key.partition(".")[2]: stored[key] for key in stored if key.startswith("state.")})
    graph = dgl.graph((SOURCE, TARGET), num_nodes=8)
    found = layer(graph, stored["input.x"], stored["input.edge_type"], stored["input.edge_weight"].unsqueeze(-1))
    torch.testing.assert_close(found, stored["output.0"], rtol=1e-5, atol=1e-5)


def test_counts_of_sorted_edges_are_types_and_the_result_is_activated_and_dropped() -> None:
    layer = dgl.nn.RelGraphConv(4, 6, 3, activation=torch.relu, dropout=1.0)
    graph, x = dgl.graph(([0, 1, 2], [1, 2, 0])), torch.randn(3, 4)
    assert not layer(graph, x, [2, 0, 1]).any()
    layer.eval()
    found = layer(graph, x, torch.tensor([0, 0, 2]), presorted=True)
    assert torch.equal(found, layer(graph, x, [2, 0, 1]))
    assert bool((found >= 0).all())
    assert bool(found.any())


def test_block_takes_features_of_its_sources() -> None:
    layer, x = dgl.nn.RelGraphConv(4, 6, 3), torch.randn(3, 4)
    block = dgl.create_block(([1, 2], [0, 1]), num_src_nodes=3, num_dst_nodes=2)
    square = dgl.graph(([1, 2], [0, 1]), num_nodes=3)
    torch.testing.assert_close(layer(block, x, torch.tensor([2, 0])), layer(square, x, torch.tensor([2, 0]))[:2])


def test_typed_linear_gives_its_matrices() -> None:
    layer = dgl.nn.TypedLinear(4, 6, 3, "basis", 2)
    assert list(layer.state_dict()) == ["W", "coeff"]
    x, kind = torch.randn(5, 4), torch.tensor([0, 2, 1, 1, 0])
    expected = torch.einsum("ri,rio->ro", x, layer.get_weight()[kind])
    torch.testing.assert_close(layer(x, kind, sorted_by_type=False), expected)
