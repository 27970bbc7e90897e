"""Layers with DGL's arguments give what DGL gave, and what weft's layers leave to the caller is done around them."""

import copy
import inspect
import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import weft.dgl as dgl
import weft.nn
from weft.dgl.nn import GATConv, GraphConv, SAGEConv
from weft.dgl.nn._translated import WORDS
from weft.errors import OptionError, ShapeError, StructureError

FIXTURES = Path(__file__).parents[1] / "nn" / "fixtures"
CASES: dict[str, dict[str, Any]] = json.loads((FIXTURES / "dgl_layers.json").read_text())["cases"]
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    return load_file(FIXTURES / "dgl_layers.safetensors")


def make_layer(case: dict[str, Any]) -> nn.Module:
    options = {key: tuple(value) if isinstance(value, list) else value for key, value in case["arguments"].items()}
    if case["layer"] != "SAGEConv":
        options["allow_zero_in_degree"] = True
    return getattr(dgl.nn, case["layer"])(**options)


def make_graph(described: dict[str, Any], source: Tensor, target: Tensor) -> dgl.DGLGraph:
    num_sources, num_targets = described["num_sources"], described["num_targets"]
    if described["kind"] == "block":
        return dgl.create_block((source, target), num_sources, num_targets)
    if described["kind"] == "graph":
        return dgl.graph((source, target), num_nodes=num_sources)
    return dgl.heterograph({("u", "r", "v"): (source, target)}, {"u": num_sources, "v": num_targets})


@pytest.mark.parametrize("name", CASES)
def test_outputs_attention_and_gradients_are_those_of_dgl(name: str, tensors: dict[str, Tensor]) -> None:
    case = CASES[name]
    stored = {key.partition("/")[2]: value.clone() for key, value in tensors.items() if key.partition("/")[0] == name}
    layer = make_layer(case)
    layer.load_state_dict({key.partition(".")[2]: stored[key] for key in stored if key.startswith("state.")})
    assert list(layer.state_dict()) == case["state"]
    graph = make_graph(case["graph"], stored["source"], stored["target"])
    inputs = {key: stored[f"input.{key}"].requires_grad_() for key in case["inputs"]}
    x = inputs["x"] if "x" in inputs else (inputs["x_source"], inputs["x_target"])

    options = {"edge_weight": inputs["edge_weight"]} if "edge_weight" in inputs else {}
    if case["attention"]:
        out, attention = layer(graph, x, **options, get_attention=True)
        torch.testing.assert_close(attention, stored["output.attention"], **CLOSE)
    else:
        out = layer(graph, x, **options)
    torch.testing.assert_close(out, stored["output.out"], **CLOSE)
    (out * stored["cotangent"]).sum().backward()
    for key, leaf in {**inputs, **dict(layer.named_parameters())}.items():
        found = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        torch.testing.assert_close(
            found, stored[f"gradient.{key}"], **CLOSE, msg=lambda text, key=key: f"{key}: {text}"
        )


@pytest.mark.parametrize("name", WORDS)
def test_every_word_of_the_table_is_an_argument_of_both(name: str) -> None:
    theirs = set(inspect.signature(getattr(dgl.nn, name).__init__).parameters)
    ours = set(inspect.signature(getattr(weft.nn, name).__init__).parameters)
    for word in WORDS[name].split():
        there, _, here = word.partition("=")
        assert there in theirs
        assert (here or there) in ours


@pytest.fixture
def ring() -> dgl.DGLGraph:
    return dgl.graph((torch.arange(6), torch.arange(1, 7) % 6))


def test_activation_and_norm_follow_the_sum(ring: dgl.DGLGraph) -> None:
    x, layer = torch.randn(6, 3), SAGEConv(3, 2, "mean", activation=torch.relu, norm=lambda h: h - 1)
    plain = copy.deepcopy(layer)
    plain.activation = plain.norm = None
    assert torch.equal(layer(ring, x), plain(ring, x).relu() - 1)
    for layer in (GraphConv(3, 2, activation=torch.tanh), GATConv(3, 2, 2, activation=nn.Tanh())):
        plain = copy.deepcopy(layer)
        plain.activation = None
        assert torch.equal(layer(ring, x), plain(ring, x).tanh())


@pytest.mark.parametrize("widths", [(3, 2), (2, 3)])
def test_a_weight_may_come_with_the_call(ring: dgl.DGLGraph, widths: tuple[int, int]) -> None:
    x, weight = torch.randn(6, widths[0]), torch.randn(widths, requires_grad=True)
    own, outside = GraphConv(*widths), GraphConv(*widths, weight=False)
    with torch.no_grad():
        own.weight.copy_(weight)
        outside.bias.normal_()
        own.bias.copy_(outside.bias)
    assert list(outside.state_dict()) == ["bias"]
    torch.testing.assert_close(outside(ring, x, weight=weight), own(ring, x))
    outside(ring, x, weight=weight).sum().backward()
    assert weight.grad is not None
    assert outside.bias.grad.tolist() == [6.0] * widths[1]
    outside.reset_parameters()
    assert outside.bias.abs().sum() == 0
    with pytest.raises(OptionError, match="weight=False"):
        own(ring, x, weight=weight)
    with pytest.raises(ShapeError):
        outside(ring, x)
    assert GraphConv(3, 3, weight=False, bias=False)(ring, torch.ones(6, 3)).tolist() == [[1.0] * 3] * 6


@pytest.mark.parametrize("make", [GraphConv, lambda *sizes, **options: GATConv(*sizes, 2, **options)])
def test_a_node_that_no_edge_enters_is_an_error_unless_allowed(make: Any) -> None:
    graph, x = dgl.graph(([0, 1], [1, 0]), num_nodes=4), torch.ones(4, 3)
    layer = make(3, 2)
    with pytest.raises(StructureError, match=r"2 without, the first of them 2; hint: add self loops"):
        layer(graph, x)
    assert issubclass(StructureError, dgl.DGLError)
    layer.set_allow_zero_in_degree(True)
    assert layer(graph, x)[2:].abs().sum() == 0
    assert make(3, 2, allow_zero_in_degree=True)(graph, x).shape[0] == 4


def test_edge_weights_may_stand_in_a_column(ring: dgl.DGLGraph) -> None:
    x, w = torch.randn(6, 3), torch.rand(6)
    for layer in (GraphConv(3, 2), SAGEConv(3, 2, "pool"), GATConv(3, 2, 2)):
        assert torch.equal(layer(ring, x, edge_weight=w), layer(ring, x, edge_weight=w.view(6, 1)))
        with pytest.raises(ShapeError, match=r"\(6,\) or \(6, 1\)"):
            layer(ring, x, edge_weight=w[:4])


def test_a_block_drops_features_once_for_both_ends() -> None:
    block, x = dgl.create_block(([0, 1], [0, 1]), 2, 2), torch.ones(2, 64)
    layer = SAGEConv(64, 64, "mean", feat_drop=0.5)
    with torch.no_grad():
        layer.fc_self.weight.copy_(torch.eye(64))
        layer.fc_neigh.weight.copy_(-torch.eye(64))
    assert layer(block, x).abs().sum() == 0
    assert layer(block, (x, x)).abs().sum() > 0


def test_dropout_of_attention_is_for_training(ring: dgl.DGLGraph) -> None:
    x, layer = torch.randn(6, 3), GATConv(3, 4, 2, attn_drop=0.9)
    model = nn.ModuleList([layer]).eval()
    kept = layer(ring, x)
    assert torch.equal(layer(ring, x), kept)
    model.train()
    assert not torch.isclose(layer(ring, x), kept).any()  # every edge of a head is dropped or counts ten times


def test_parameters_are_one_set_under_dgls_names(ring: dgl.DGLGraph) -> None:
    layer = GATConv(3, 2, 2)
    assert [name for name, _ in layer.named_parameters()] == ["attn_l", "attn_r", "bias", "fc.weight"]
    assert layer.res_fc is None
    assert GraphConv(3, 2, bias=False).bias is None
    assert layer.fc is dict(layer.named_children())["fc"]
    x = torch.randn(6, 3)
    before = layer(ring, x)
    for other in (copy.deepcopy(layer), _pickled(layer)):
        assert torch.equal(other(ring, x), before)
        with torch.no_grad():
            other.bias.add_(1)
        assert torch.equal(other(ring, x), before + 1)
        other.bias = nn.Parameter(torch.zeros(4))
        assert torch.equal(other(ring, x), before)
    assert torch.equal(layer(ring, x), before)
    assert layer.double()(ring, x.double()).dtype is torch.float64
    doubled = {name: 2 * p for name, p in layer.named_parameters()}
    called = torch.func.functional_call(layer, doubled, (ring, x.double()))
    layer.load_state_dict(doubled)
    assert torch.equal(layer(ring, x.double()), called)


def _pickled(layer: nn.Module) -> Any:
    buffer = io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


def test_what_comes_later_or_not_at_all_is_refused(ring: dgl.DGLGraph) -> None:
    with pytest.raises(OptionError, match="aggregator_type"):
        SAGEConv(3, 2, "median")
    with pytest.raises(OptionError, match="norm"):
        GraphConv(3, 2, norm="q")
    with pytest.raises(OptionError, match=r"weft\.nn takes weft's graphs"):
        SAGEConv(3, 2, "mean")(ring._as_weft(), torch.ones(6, 3))
    typed = dgl.heterograph({("u", "a", "u"): ([0], [0]), ("u", "b", "u"): ([0], [0])})
    with pytest.raises(OptionError):
        GraphConv(3, 2)(typed, torch.ones(1, 3))
    assert GraphConv(3, 2)(typed["a"], torch.ones(1, 3)).shape == (1, 2)
