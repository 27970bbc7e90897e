"""Layers of weft.dgl, made and called as DGL's were when the fixtures were recorded, load DGL's state and give DGL's results."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch import Tensor

import benchmarks.fixtures.layers
import weft.dgl as dgl
from benchmarks.fixtures.recipe import Graph, Recipe, build

FIXTURES = Path(__file__).parents[2] / "nn" / "fixtures" / "dgl"
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def listed() -> dict[str, Recipe]:
    found = {}
    for path in sorted(Path(benchmarks.fixtures.layers.__file__).parent.glob("[a-z]*.py")):
        for recipe in importlib.import_module(f"benchmarks.fixtures.layers.{path.stem}").RECIPES:
            if recipe.peer == "dgl" and recipe.layer in vars(dgl.nn) and recipe.lazy is None:
                found[f"{recipe.layer} {recipe.name}"] = recipe
    return found


RECIPES = listed()


def graph_of(graph: Graph) -> Any:
    ends = torch.tensor(graph.source), torch.tensor(graph.target)
    if graph.kind == "graph":
        return dgl.graph(ends, num_nodes=graph.num_sources)
    counts = {"source": graph.num_sources, "target": graph.num_targets}
    return dgl.heterograph({("source", "to", "target"): ends}, counts)


def stored_of(recipe: Recipe) -> dict[str, dict[str, Tensor]]:
    found: dict[str, dict[str, Tensor]] = {kind: {} for kind in ("input", "state", "output", "cotangent", "gradient")}
    with safe_open(FIXTURES / f"{recipe.layer}.safetensors", "pt") as stored:
        for key in stored.keys():  # noqa: SIM118
            case, _, rest = key.partition("/")
            if case == recipe.name:
                kind, _, of = rest.partition(".")
                found[kind][of] = stored.get_tensor(key)
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_a_layer_is_called_as_dgls_and_gives_its_results(name: str) -> None:
    recipe = RECIPES[name]
    stored = stored_of(recipe)
    layer = getattr(dgl.nn, recipe.layer)(**{key: build(value) for key, value in recipe.theirs.items()}).eval()
    layer.load_state_dict(stored["state"])
    inputs = {key: value.requires_grad_(value.is_floating_point()) for key, value in stored["input"].items()}
    found = recipe.call(layer, graph_of(recipe.graph), **inputs)
    outs = tuple(found) if isinstance(found, (tuple, list)) else (found,)
    for at, out in enumerate(outs):
        torch.testing.assert_close(out, stored["output"][str(at)], **CLOSE)
    total = torch.stack([(out * stored["cotangent"][str(at)]).sum() for at, out in enumerate(outs)]).sum()
    total.backward()
    leaves = {f"input.{key}": value for key, value in inputs.items()}
    leaves |= {f"state.{key}": value for key, value in layer.named_parameters()}
    for key, expected in stored["gradient"].items():
        torch.testing.assert_close(
            leaves[key].grad, expected.reshape(leaves[key].shape), **CLOSE, msg=lambda text, key=key: f"{key}: {text}"
        )
