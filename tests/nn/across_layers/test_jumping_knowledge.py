"""JumpingKnowledge agrees with its formula, with DGL's and PyG's; what it refuses it explains."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from weft.errors import OptionError, ShapeError
from weft.nn import JumpingKnowledge, load_peer_state

FIXTURES = Path(__file__).parent / "fixtures"


def formula(layer: JumpingKnowledge, results: list[Tensor]) -> Tensor:
    rows = []
    for node in range(results[0].shape[0]):
        found = torch.stack([h[node] for h in results]) if layer.mode != "cat" else None
        if layer.mode == "cat":
            rows.append(torch.cat([h[node] for h in results]))
        elif layer.mode == "max":
            rows.append(found.amax(0))
        else:
            rows.append(layer.att(layer.lstm(found)[0]).softmax(0).T @ found)
    return torch.stack(rows).reshape(len(rows), -1)


@pytest.mark.parametrize("mode", ["cat", "max", "lstm"])
def test_agrees_with_its_formula(mode: Any) -> None:
    layer = JumpingKnowledge(mode, features=3, num_layers=4).double()
    results = [torch.randn(5, 3, dtype=torch.float64, requires_grad=True) for _ in range(4)]
    found, expected = layer(results), formula(layer, results)
    torch.testing.assert_close(found, expected)
    wanted = [*results, *layer.parameters()]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("peer", ["dgl", "pyg"])
def test_agrees_with_the_peer(peer: Any) -> None:
    with safe_open(FIXTURES / f"{peer}.safetensors", "pt") as stored:
        cases = json.loads(stored.metadata()["cases"])
        assert sorted(case["mode"] for case in cases.values()) == ["cat", "lstm", "max"]
        for name, options in cases.items():
            held = {
                key.removeprefix(f"{name}/"): stored.get_tensor(key)
                for key in stored.keys()  # noqa: SIM118
                if key.startswith(f"{name}/")
            }
            layer = JumpingKnowledge(**options)
            load_peer_state(
                layer, {k.removeprefix("state."): v for k, v in held.items() if k.startswith("state.")}, peer
            )
            results = [held[f"input.{at}"].requires_grad_() for at in range(3)]
            out = layer(results)
            torch.testing.assert_close(out, held["output"], rtol=1e-5, atol=1e-5)
            (out * held["cotangent"]).sum().backward()
            leaves = {f"input.{at}": h for at, h in enumerate(results)} | dict(layer.named_parameters(prefix="state"))
            for key, leaf in leaves.items():
                torch.testing.assert_close(leaf.grad, held[f"gradient.{key}"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode", ["cat", "max", "lstm"])
def test_nodes_are_apart_and_dimensions_between_are_kept(mode: Any) -> None:
    layer = JumpingKnowledge(mode, features=3, num_layers=2)
    results = [torch.randn(4, 5, 3) for _ in range(2)]
    torch.testing.assert_close(layer(results)[:, 2], layer([h[:, 2] for h in results]))
    torch.testing.assert_close(layer([h[1:3, 2] for h in results]), layer(results)[1:3, 2])
    assert layer([h[:0] for h in results]).shape[:2] == (0, 5)


@pytest.mark.parametrize("mode", ["cat", "max"])
def test_compiles(mode: Any) -> None:
    layer, results = JumpingKnowledge(mode), [torch.randn(4, 3) for _ in range(2)]
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(results), layer(results))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`mode` to be one of cat, max, lstm, got 'mean'"):
        JumpingKnowledge("mean")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match='`features` and `num_layers` for "lstm", got 3 and None'):
        JumpingKnowledge("lstm", features=3)
    with pytest.raises(ShapeError, match="at least one result, alike but for the width, got none"):
        JumpingKnowledge()([])
    with pytest.raises(ShapeError, match=r"alike in shape, got \(2, 3\) and \(2, 4\)"):
        JumpingKnowledge("max")([torch.ones(2, 3), torch.ones(2, 4)])
    with pytest.raises(ShapeError, match=r"3 results of width 4, got \(2, 4\) and \(2, 4\)"):
        JumpingKnowledge("lstm", features=4, num_layers=3)([torch.ones(2, 4)] * 2)


def test_reset_draws_all_anew_and_text_form_is_the_constructor() -> None:
    layer = JumpingKnowledge("lstm", features=3, num_layers=2)
    before = {name: value.clone() for name, value in layer.named_parameters()}
    layer.reset_parameters()
    assert [name for name, value in layer.named_parameters() if torch.equal(value, before[name])] == []
    assert layer.extra_repr() == "'lstm', features=3, num_layers=2"
    assert JumpingKnowledge("max").extra_repr() == "'max'"
