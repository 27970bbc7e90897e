"""Layers with DGL's arguments give what DGL's gave for the recipes of benchmarks/fixtures, with DGL's state dict."""

import importlib
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

import weft.dgl as dgl
from benchmarks.fixtures.recipe import Graph, Recipe, build

ROOT = Path(__file__).parents[3]
MODULES = sorted(path.stem for path in (ROOT / "benchmarks" / "fixtures" / "layers").glob("[a-z]*.py"))
LISTED = [
    recipe for name in MODULES for recipe in importlib.import_module(f"benchmarks.fixtures.layers.{name}").RECIPES
]
RECIPES = [recipe for recipe in LISTED if recipe.peer == "dgl" and recipe.layer in dir(dgl.nn)]


def graph_of(graph: Graph) -> dgl.DGLGraph:
    ends = torch.tensor(graph.source), torch.tensor(graph.target)
    if graph.kind == "graph":
        return dgl.graph(ends, num_nodes=graph.num_sources)
    counts = {"source": graph.num_sources, "target": graph.num_targets}
    return dgl.heterograph({("source", "to", "target"): ends}, counts)


@pytest.mark.parametrize("recipe", RECIPES, ids=[f"{recipe.layer} {recipe.name}" for recipe in RECIPES])
def test_layer_takes_the_calls_and_the_state_of_dgl(recipe: Recipe) -> None:
    path = ROOT / "tests" / "nn" / "fixtures" / "dgl" / f"{recipe.layer}.safetensors"
    with safe_open(path, "pt") as stored:
        parts = (key.partition("/") for key in stored.keys())  # noqa: SIM118
        tensors = {rest: stored.get_tensor(f"{case}/{rest}") for case, _, rest in parts if case == recipe.name}
    layer = getattr(dgl.nn, recipe.layer)(**{key: build(value) for key, value in recipe.theirs.items()}).eval()
    layer.load_state_dict({key.removeprefix("state."): x for key, x in tensors.items() if key.startswith("state.")})
    inputs = {name: tensors[f"input.{name}"] for name in recipe.inputs}
    found = recipe.call(layer, graph_of(recipe.graph), **inputs)
    for at, out in enumerate(found if isinstance(found, tuple) else (found,)):
        torch.testing.assert_close(out, tensors[f"output.{at}"], rtol=1e-5, atol=1e-5)
