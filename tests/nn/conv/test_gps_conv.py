"""GPSConv agrees with its formula, graph by graph; what it refuses it explains."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph, batch
from weft.nn import GPSConv, GraphConv, SAGEConv
from weft.nn._attend_in_graphs import attend_in_graphs
from weft.testing import LayerCase

ALL = "every node reads all nodes of its graph, whatever the edges"
SECOND = "torch's attention has no second derivative"
CASES = {
    "GPSConv": LayerCase(
        lambda i, o: GPSConv(o, GraphConv(o, o), 2, dropout=0.3, attention_dropout=0.2),
        bipartite=False,
        same_width=True,
        exempt={
            "check_isolated": ALL,
            "check_parallel_edges": ALL,
            "check_self_loops": ALL,
            "check_transforms": SECOND,
        },
    ),
}
# Sorted by size, the nodes stand in an order that is not its own inverse.
GRAPHS = [
    Graph([0, 1, 1, 3], [1, 2, 1, 0], 4), Graph([0, 2], [2, 1], 3), Graph([], [], 1), Graph([0], [1], 4), Graph([], [], 0),
]  # fmt: skip


def formula(layer: GPSConv, graph: Graph, x: Tensor, weight: Tensor | None) -> Tensor:
    width = layer.features // layer.num_heads
    query, key, value = (part.reshape(-1, layer.num_heads, width) for part in layer.in_proj(x).chunk(3, 1))
    rows = []
    at = 0
    for count in graph.nodes.offsets.diff().tolist():
        for node in range(at, at + count):
            heads = []
            for head in range(layer.num_heads):
                score = key[at : at + count, head] @ query[node, head] / width**0.5
                heads.append(score.softmax(0) @ value[at : at + count, head])
            rows.append(layer.out_proj(torch.cat(heads)))
        at += count
    none = nn.Identity()
    h = (layer.norm_global or none)(x + torch.stack(rows))
    if layer.conv is not None:
        h = h + (layer.norm_local or none)(x + layer.conv(graph, x, *([] if weight is None else [weight])))
    first, second = layer.network[0], layer.network[3]
    return (layer.norm_out or none)(h + second(first(h).relu()))


@pytest.mark.parametrize("norm", ["batch", "layer", "none"])
@pytest.mark.parametrize("has_conv", [True, False])
@pytest.mark.parametrize("is_training", [True, False])
def test_agrees_with_its_formula(norm: Any, has_conv: bool, is_training: bool) -> None:
    graph = batch(GRAPHS)
    layer = GPSConv(6, GraphConv(6, 6) if has_conv else None, 2, norm=norm).double().train(is_training)
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    x = torch.randn(graph.num_nodes, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.rand(graph.num_edges, dtype=torch.float64, requires_grad=True) if has_conv else None
    found, expected = layer(graph, x, weight), formula(layer, graph, x, weight)
    torch.testing.assert_close(found, expected)
    wanted = [x, *layer.parameters(), *([] if weight is None else [weight])]
    for ours, theirs in zip(*(torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_graphs_of_a_batch_are_apart() -> None:
    layer = GPSConv(6, GraphConv(6, 6), 3, norm="layer").double()
    x = torch.randn(12, 6, dtype=torch.float64)
    parts = x.split([graph.num_nodes for graph in GRAPHS])
    apart = torch.cat([layer(graph, part) for graph, part in zip(GRAPHS, parts, strict=True)])
    both = batch(GRAPHS)
    torch.testing.assert_close(layer(both, x), apart)
    torch.testing.assert_close(layer(both.adjacency, x, indptr=both.nodes.offsets), apart)
    alike = batch([GRAPHS[0], GRAPHS[3]])
    torch.testing.assert_close(layer(alike, x[:8]), torch.cat((layer(GRAPHS[0], x[:4]), layer(GRAPHS[3], x[4:8]))))


def test_compiled_attention_in_a_batch_gives_the_same() -> None:
    both, projected = batch(GRAPHS), torch.randn(12, 3, 2, 4, dtype=torch.float64)
    compiled = torch.compile(attend_in_graphs, fullgraph=True, backend="eager")
    found = compiled(projected, both.nodes.offsets)
    torch.testing.assert_close(found, attend_in_graphs(projected, both.nodes.offsets))


def test_dropout_acts_in_training_only() -> None:
    layer, both = GPSConv(6, None, dropout=1.0, norm="none"), batch(GRAPHS)
    x = torch.randn(12, 6)
    torch.testing.assert_close(layer(both, x), x)
    assert not torch.allclose(layer.eval()(both, x), x)
    dropped = GPSConv(6, None, attention_dropout=1.0, norm="none")
    assert torch.equal(dropped._attend(x, None), dropped.out_proj.bias.expand(12, -1))
    assert functional.mse_loss(dropped.eval()._attend(x, None), dropped.out_proj.bias.expand(12, -1)) > 0


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`features` to be a multiple of `num_heads`, got 6 and 4"):
        GPSConv(6, None, 4)
    with pytest.raises(OptionError, match="`norm` to be one of batch, layer, none, got 'graph'"):
        GPSConv(6, None, norm="graph")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"`dropout` from 0 to 1, got 2"):
        GPSConv(6, None, dropout=2)
    layer, graph = GPSConv(6, SAGEConv(6, 6)), GRAPHS[0]
    with pytest.raises(OptionError, match="what SAGEConv takes, got `edge_features`"):
        layer(graph, torch.randn(4, 6), edge_features=torch.randn(4, 2))
    with pytest.raises(ShapeError, match=r"`x` of shape \(num_nodes, 6\), got 4 sources, 4 targets and \(4, 5\)"):
        layer(graph, torch.randn(4, 5))
    with pytest.raises(ShapeError, match="2 sources, 3 targets"):
        layer(Adjacency([0], [1], num_sources=2, num_targets=3), torch.randn(2, 6))


def test_text_form_is_the_constructor() -> None:
    text = "6, num_heads=2, dropout=0.5, attention_dropout=0.0, norm='layer'"
    assert GPSConv(6, None, 2, dropout=0.5, norm="layer").extra_repr() == text
