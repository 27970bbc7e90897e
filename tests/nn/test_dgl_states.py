"""State dicts of DGL load as they are, and then give DGL's outputs, attention and gradients."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from weft.graph import Adjacency, Block
from weft.nn import GATConv, GraphConv, SAGEConv

FIXTURES = Path(__file__).parent / "fixtures"
CASES: dict[str, dict[str, Any]] = json.loads((FIXTURES / "dgl_layers.json").read_text())["cases"]
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    return load_file(FIXTURES / "dgl_layers.safetensors")


def make_layer(case: dict[str, Any]) -> nn.Module:
    """The layer for DGL's constructor arguments, which every case names in full or leaves at DGL's defaults."""
    options = dict(case["arguments"])
    sizes = options.pop("in_feats")
    sizes, out = tuple(sizes) if isinstance(sizes, list) else sizes, options.pop("out_feats")
    if case["layer"] == "SAGEConv":
        return SAGEConv(sizes, out, options.pop("aggregator_type"), **options)
    return {"GraphConv": GraphConv, "GATConv": GATConv}[case["layer"]](sizes, out, **options)


def make_graph(described: dict[str, Any], source: Tensor, target: Tensor) -> Adjacency | Block:
    counts = {"num_sources": described["num_sources"], "num_targets": described["num_targets"]}
    if described["kind"] == "block":
        return Block(source, target, node_ids=range(counts["num_sources"]), num_targets=counts["num_targets"])
    return Adjacency(source, target, **counts)


@pytest.mark.parametrize("name", CASES)
def test_layer_agrees_with_dgl(name: str, tensors: dict[str, Tensor]) -> None:
    case = CASES[name]
    stored = {key.partition("/")[2]: value for key, value in tensors.items() if key.partition("/")[0] == name}
    layer = make_layer(case)
    layer.load_state_dict({key.partition(".")[2]: stored[key] for key in stored if key.startswith("state.")})
    assert list(layer.state_dict()) == case["state"]
    graph = make_graph(case["graph"], stored["source"], stored["target"])
    inputs = {key: stored[f"input.{key}"].requires_grad_() for key in case["inputs"]}
    x = inputs["x"] if "x" in inputs else (inputs["x_source"], inputs["x_target"])

    out = layer(graph, x, inputs.get("edge_weight"))
    torch.testing.assert_close(out, stored["output.out"].reshape(out.shape), **CLOSE)
    if case["attention"]:
        attention = layer.attention(graph, x, inputs.get("edge_weight"))
        torch.testing.assert_close(attention, stored["output.attention"].squeeze(-1), **CLOSE)

    (out * stored["cotangent"].reshape(out.shape)).sum().backward()
    for key, leaf in {**inputs, **dict(layer.named_parameters())}.items():
        expected = stored[f"gradient.{key}"]
        found = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        torch.testing.assert_close(found, expected, **CLOSE, msg=lambda text, key=key: f"gradient of {key}: {text}")


def test_every_layer_and_aggregator_of_the_fixtures_is_covered() -> None:
    assert {case["layer"] for case in CASES.values()} == {"GraphConv", "SAGEConv", "GATConv"}
    assert sum(case["attention"] for case in CASES.values()) > 0
