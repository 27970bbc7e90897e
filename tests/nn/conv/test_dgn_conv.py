"""DGNConv agrees with its formula, node by node; what it refuses it explains."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.nn.compared import assert_agrees, drawn
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import DGNConv
from weft.testing import Input, LayerCase

CASES = {
    "DGNConv": LayerCase(
        lambda i, o: DGNConv(i, o, 1.3, aggregators=["dir1-av", "mean", "dir2-dx"], num_towers=2),
        inputs={"eigenvectors": Input("node", (2,))},
    )
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS = 4, 6
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)


def directed(name: str, messages: Tensor, field: Tensor, own: Tensor) -> Tensor:
    weights = field[:, int(name[3]) - 1]
    weights = weights / weights.abs().sum()
    if name.endswith("av"):
        return (weights.abs()[:, None] * messages).sum(0)
    return ((weights[:, None] * messages).sum(0) - own * weights.sum()).abs()


def formula(layer: DGNConv, x: tuple[Tensor, Tensor], vectors: tuple[Tensor, Tensor], edges: Tensor | None) -> Tensor:
    outs = []
    for at, tower in enumerate(layer.towers):
        ends = [part.chunk(len(layer.towers), 1)[at] for part in x]
        messages = tower.M(torch.cat([ends[0][SOURCE], ends[1][TARGET], *([] if edges is None else [edges])], 1))
        rows = []
        for node in range(NUM_TARGETS):
            mine = node == TARGET
            d, field = int(mine.sum()), vectors[0][SOURCE[mine]] - vectors[1][node]
            log = math.log(max(d, 1) + 1) / layer.delta
            scale = {"identity": 1.0, "amplification": log, "attenuation": 1 / log}
            parts = [
                0 * messages[0] if not d
                else messages[mine].mean(0) if name == "mean"
                else directed(name, messages[mine], field, ends[1][node])
                for name in layer.aggregators
            ]  # fmt: skip
            rows.append(torch.cat([ends[1][node], *(scale[name] * torch.cat(parts) for name in layer.scalers)]))
        h = tower.U(torch.stack(rows))
        outs.append(tower.batchnorm(h / NUM_TARGETS**0.5 if layer.graph_norm else h))
    out = functional.leaky_relu(layer.mixing_layer[0](torch.cat(outs, 1)), 0.01)
    return out + x[1] if layer.residual else out


@pytest.mark.parametrize("options", [
    {}, {"aggregators": ["dir2-dx", "mean", "dir1-av", "dir1-dx"], "num_towers": 2, "graph_norm": True},
    {"aggregators": ["dir3-av", "dir1-dx"], "edge_features": 2, "residual": False, "scalers": ["amplification"]},
], ids=str)  # fmt: skip
def test_agrees_with_its_formula(options: dict[str, Any]) -> None:
    torch.manual_seed(1)
    layer = DGNConv(4, 4, 1.2, **options).double().eval()
    x, vectors = (drawn(NUM_SOURCES, 4), drawn(NUM_TARGETS, 4)), (drawn(NUM_SOURCES, 3), drawn(NUM_TARGETS, 3))
    edges = drawn(7, 2) if layer.edge_features else None
    found, expected = layer(ADJACENCY, x, eigenvectors=vectors, edge_features=edges), formula(layer, x, vectors, edges)
    wanted = [*x, *vectors, *layer.parameters(), *([] if edges is None else [edges])]
    assert_agrees(found, expected, wanted)


def test_constant_vectors_give_no_direction() -> None:
    layer, x = DGNConv(4, 4, 1.2, aggregators=["dir1-av", "dir1-dx"]).eval(), torch.randn(5, 4)
    graph, vectors = Graph(SOURCE, TARGET, 5), torch.ones(5, 1, requires_grad=True)
    empty = Graph(SOURCE[:0], TARGET[:0], 5)
    found = layer(graph, x, eigenvectors=vectors)
    torch.testing.assert_close(found, layer(empty, x, eigenvectors=vectors))
    found.sum().backward()
    assert bool(vectors.grad.isfinite().all())


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`aggregators` to be one of dir1-av, .*, got 'dir4-av'"):
        DGNConv(4, 4, 1.0, aggregators=["dir4-av"])
    with pytest.raises(OptionError, match="an aggregator with a direction"):
        DGNConv(4, 4, 1.0, aggregators=["mean"])
    layer = DGNConv(4, 4, 1.0, aggregators=["dir2-av"])
    with pytest.raises(ShapeError, match="2 columns of `eigenvectors`, got 1"):
        layer(Graph(SOURCE, TARGET, 5), torch.randn(5, 4), eigenvectors=torch.randn(5, 1))
    assert layer.extra_repr().startswith("4, 4, 1.0, aggregators=('dir2-av',), scalers=('identity', 'amplification', ")
