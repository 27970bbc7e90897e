"""State dicts of PyG's layers on typed graphs load by name, and then give its outputs and gradients to 1e-5."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from benchmarks.fixtures.record_typed import COUNTS, EDGES, METADATA, WIDTHS
from weft.errors import OptionError, ShapeError
from weft.graph import Graph, to_homogeneous
from weft.nn import GraphConv, HANConv, HeteroGraphConv, HGTConv, load_peer_state

FIXTURES = Path(__file__).parent / "fixtures" / "typed" / "pyg"
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


class Named(nn.Module):
    """HGTConv on a graph of one type, called as PyG's is: by names of types."""

    def __init__(self) -> None:
        super().__init__()
        types = {"num_node_types": len(COUNTS), "num_edge_types": len(EDGES)}
        self.conv = HGTConv(6, 3, 2, activation=nn.functional.gelu, bias=True, **types)

    def forward(self, graph: Graph, x: dict[str, Tensor]) -> dict[str, Tensor]:
        one = to_homogeneous(graph)
        out = self.conv(
            one.graph, torch.cat([x[kind] for kind in COUNTS]), node_type=one.node_type, edge_type=one.edge_type
        )
        return dict(zip(COUNTS, out.split(list(COUNTS.values())), strict=True))


def made(name: str) -> nn.Module:
    if name == "HANConv":
        return HANConv(WIDTHS, 3, 2, edge_types=list(EDGES))
    if name == "HGTConv":
        return Named()
    return HeteroGraphConv({key: GraphConv(4, 3, norm="none") for key in list(EDGES)[:2]}, aggregator="max")


@pytest.mark.parametrize("name", ["HANConv", "HeteroConv", "HGTConv"])
def test_layer_agrees_with_pyg(name: str) -> None:
    stored, layer = load_file(FIXTURES / f"{name}.safetensors"), made(name)
    place = "conv." if isinstance(layer, Named) else ""

    def load(start: str) -> None:
        state = {place + key.removeprefix(start): value for key, value in stored.items() if key.startswith(start)}
        load_peer_state(layer, state, "pyg", metadata=METADATA)

    load("state.")
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
    load("gradient.state.")
    for key, parameter in layer.named_parameters():
        torch.testing.assert_close(gradients[key], parameter.detach(), **CLOSE)


def test_hgt_conv_asks_for_the_order_of_types() -> None:
    stored = load_file(FIXTURES / "HGTConv.safetensors")
    state = {key.removeprefix("state."): value for key, value in stored.items() if key.startswith("state.")}
    with pytest.raises(OptionError, match="`metadata` of PyG's HGTConv"):
        load_peer_state(Named().conv, state, "pyg")
    with pytest.raises(ShapeError, match=r"missing .*relation_pri\.0.*left over .*p_rel\.paper__in__venue"):
        load_peer_state(Named().conv, state, "pyg", metadata=(list(COUNTS), [*list(EDGES)[:2], ("a", "b", "c")]))
    state["kqv_lin.lins.venue.weight"] = torch.randn(18, 5)  # another width than papers have
    with pytest.raises(ShapeError, match=r"missing .*linear_k\.W.*left over .*kqv_lin\.lins\.venue\.weight"):
        load_peer_state(Named().conv, state, "pyg", metadata=METADATA)
