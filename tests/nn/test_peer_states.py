"""State dicts of DGL and PyG load by name, and then give the peer's outputs and gradients to 1e-5."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch import Tensor

import weft.nn
from benchmarks.fixtures.recipe import build
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency
from weft.nn import GATConv, GENConv, GraphConv, GroupRevRes, HeteroGraphConv, TAGConv, load_peer_state

FIXTURES = Path(__file__).parent / "fixtures"
CLOSE = {"rtol": 1e-5, "atol": 1e-5}

FORMS: dict[str, Callable[..., Any]] = {
    "graph": lambda layer, graph, x, given: layer(graph, x, **given),
    "signed": lambda layer, graph, x, given: layer((graph, graph.reversed()), x, **given),
    "points": lambda layer, graph, x, given: layer(x, **given),
}
"""How weft's layers are called."""


def listed() -> dict[str, tuple[Path, dict[str, Any]]]:
    found = {}
    for path in sorted(FIXTURES.glob("*/*.safetensors")):
        with safe_open(path, "pt") as stored:
            for name, case in json.loads(stored.metadata()["cases"]).items():
                found[f"{case['peer']} {case['layer']} {name}"] = (path, {**case, "name": name})
    return found


CASES = listed()


def tensors_of(path: Path, name: str) -> dict[str, dict[str, Tensor]]:
    """The tensors of a case: state, input, output, cotangent, gradient."""
    found: dict[str, dict[str, Tensor]] = {"gradient": {}, "input": {}, "state": {}}
    with safe_open(path, "pt") as stored:
        for key in stored.keys():  # noqa: SIM118
            case, _, rest = key.partition("/")
            if case == name:
                kind, _, of = rest.partition(".")
                found.setdefault(kind, {})[of] = stored.get_tensor(key)
    return found


@pytest.mark.parametrize("name", CASES)
def test_layer_agrees_with_the_peer(name: str) -> None:
    path, case = CASES[name]
    stored = tensors_of(path, case["name"])
    layer = getattr(weft.nn, case["weft"])(**{key: build(value, weft.nn) for key, value in case["ours"].items()}).eval()
    load_peer_state(layer, stored["state"], case["peer"])
    ends = {end: torch.tensor(case["graph"][end], dtype=torch.int64) for end in ("source", "target")}
    graph = Adjacency(**{**case["graph"], **ends})
    leaves = {key: stored["input"][key] for key in case["inputs"]}
    for value in leaves.values():
        value.requires_grad_(value.is_floating_point())
    given = dict(leaves)
    for name in [key.removesuffix("_source") for key in given if key.endswith("_source")]:
        given[name] = given.pop(f"{name}_source"), given.pop(f"{name}_target")
    x = given.pop("x")
    found = FORMS[case.get("form", "graph")](layer, graph, x, given)
    outs = found if isinstance(found, tuple) else (found,)
    assert len(outs) == case["outputs"]
    for at, out in enumerate(outs):
        torch.testing.assert_close(out, stored["output"][str(at)].reshape(out.shape), **CLOSE)
    total = sum((out * stored["cotangent"][str(at)].reshape(out.shape)).sum() for at, out in enumerate(outs))
    total.backward()
    of_inputs = {
        key.removeprefix("input."): value for key, value in stored["gradient"].items() if key.startswith("input.")
    }
    for key, expected in of_inputs.items():
        if key in leaves:
            torch.testing.assert_close(leaves[key].grad, expected, **CLOSE, msg=lambda text, key=key: f"{key}: {text}")
    # Gradients of parameters carry the peer's names as well: the same table turns them into weft's.
    state = {key: stored["gradient"].get(f"state.{key}", value) for key, value in stored["state"].items()}
    parameters = {key: value.grad for key, value in layer.named_parameters()}
    load_peer_state(layer, state, case["peer"])
    for key, value in layer.named_parameters():
        found_grad = torch.zeros_like(value) if parameters[key] is None else parameters[key]
        torch.testing.assert_close(found_grad, value.detach(), **CLOSE, msg=lambda text, key=key: f"{key}: {text}")


def test_layers_in_a_model_are_renamed_where_they_are() -> None:
    model = torch.nn.ModuleDict({"first": GraphConv(2, 3), "last": torch.nn.Linear(3, 1)})
    state = {
        "first.lin.weight": torch.arange(6.0).reshape(3, 2), "first.bias": torch.ones(3),
        "last.weight": torch.ones(1, 3), "last.bias": torch.zeros(1),
    }  # fmt: skip
    load_peer_state(model, state, "pyg")
    assert torch.equal(model["first"].weight, torch.arange(6.0).reshape(3, 2).T)
    assert torch.equal(model["last"].weight, torch.ones(1, 3))


def test_a_fused_layer_loads_and_gives_what_its_code_says() -> None:
    """PyG's FusedGATConv asks for dgNN, which is CUDA alone, so that nothing is recorded: its formula stands here, densely."""
    source, target = torch.tensor([0, 0, 2, 3, 3, 1]), torch.tensor([1, 2, 1, 0, 1, 1])
    weight, x, bias = torch.randn(6, 5), torch.randn(4, 5), torch.randn(6)
    att_src, att_dst = torch.randn(1, 2, 3), torch.randn(1, 2, 3)
    layer = GATConv(5, 3, 2, negative_slope=0.1)
    load_peer_state(layer, {"lin.weight": weight, "att_src": att_src, "att_dst": att_dst, "bias": bias}, "pyg")
    h = (x @ weight.T).reshape(4, 2, 3)
    score = (h * att_dst).sum(-1).unsqueeze(1) + (h * att_src).sum(-1).unsqueeze(0)
    there = torch.zeros(4, 4, dtype=torch.bool).index_put((target, source), torch.tensor(True))
    score = torch.nn.functional.leaky_relu(score, 0.1).masked_fill(~there.unsqueeze(-1), -torch.inf)
    expected = torch.einsum("tsh,shd->thd", score.softmax(1).nan_to_num(), h).flatten(1) + bias
    torch.testing.assert_close(layer(Adjacency(source, target, num_sources=4, num_targets=4), x), expected, **CLOSE)


def test_a_layer_in_a_layer_in_a_layer_is_renamed_by_all_three() -> None:
    cites = ("paper", "cites", "paper")
    typed = HeteroGraphConv({cites: GroupRevRes(TAGConv(2, 2, k=1))})
    parts = torch.arange(16.0).reshape(2, 2, 2, 2)
    state = {}
    for group, pair in enumerate(parts):
        place = f"convs.<paper___cites___paper>.convs.{group}."
        state |= {f"{place}lins.{hop}.weight": part for hop, part in enumerate(pair)} | {f"{place}bias": pair[0, 0]}
    load_peer_state(typed, state, "pyg")
    for layer, pair in zip(typed.mods[cites].gnn_modules, parts, strict=True):
        assert torch.equal(layer.lin.weight, torch.cat((pair[0], pair[1]), 1))
        assert torch.equal(layer.lin.bias, pair[0, 0])


def test_what_weft_has_no_use_for_is_left_over_unless_it_is_one() -> None:
    layer = GENConv(2, 2, message_norm=True, norm="none", num_layers=1)
    state = {"mlp.0.weight": torch.ones(2, 2), "msg_norm.scale": torch.ones(1)}
    load_peer_state(layer, state, "pyg")
    with pytest.raises(ShapeError, match=r"left over msg_norm\.scale"):
        load_peer_state(layer, {**state, "msg_norm.scale": torch.tensor([1.5])}, "pyg")


def test_error_names_what_does_not_fit() -> None:
    state = {"lin.weight": torch.ones(4, 2), "other": torch.ones(1)}
    with pytest.raises(
        ShapeError, match=r"missing bias; left over other; of another size weight \(2, 4\) for \(2, 3\)"
    ):
        load_peer_state(GraphConv(2, 3), state, "pyg")
    with pytest.raises(OptionError, match="`peer`"):
        load_peer_state(GraphConv(2, 3), {}, "jax")  # type: ignore[arg-type]
