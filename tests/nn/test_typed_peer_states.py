"""State dicts of PyG's layers on typed graphs load by name, and then give its outputs and gradients to 1e-5."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from benchmarks.fixtures.record_typed import COUNTS, EDGES, WIDTHS
from weft.graph import Graph
from weft.nn import GraphConv, HANConv, HeteroGraphConv, load_peer_state

FIXTURES = Path(__file__).parent / "fixtures" / "typed" / "pyg"
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def made(name: str) -> nn.Module:
    if name == "HANConv":
        return HANConv(WIDTHS, 3, 2, edge_types=list(EDGES))
    return HeteroGraphConv({key: GraphConv(4, 3, norm="none") for key in list(EDGES)[:2]}, aggregator="max")


@pytest.mark.parametrize("name", ["HANConv", "HeteroConv"])
def test_layer_agrees_with_pyg(name: str) -> None:
    stored, layer = load_file(FIXTURES / f"{name}.safetensors"), made(name)
    load_peer_state(
        layer, {key.removeprefix("state."): v for key, v in stored.items() if key.startswith("state.")}, "pyg"
    )
    x = {kind: stored[f"input.{kind}"].requires_grad_() for kind in COUNTS}
    found = layer(Graph(EDGES, num_nodes=COUNTS), x)
    assert {f"output.{kind}" for kind in found} == {key for key in stored if key.startswith("output.")}
    for kind, value in found.items():
        torch.testing.assert_close(value, stored[f"output.{kind}"], **CLOSE)
    sum(value.sin().sum() for value in found.values()).backward()
    for kind, value in x.items():
        if value.grad is not None:
            torch.testing.assert_close(value.grad, stored[f"gradient.input.{kind}"], **CLOSE)
    gradients = {key: parameter.grad for key, parameter in layer.named_parameters()}
    start = "gradient.state."
    load_peer_state(layer, {key.removeprefix(start): v for key, v in stored.items() if key.startswith(start)}, "pyg")
    for key, parameter in layer.named_parameters():
        torch.testing.assert_close(gradients[key], parameter.detach(), **CLOSE)
