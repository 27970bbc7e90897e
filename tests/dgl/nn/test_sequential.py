"""Sequential and JumpingKnowledge of DGL's interface."""

import pytest
import torch
from torch import nn

import weft.dgl as dgl
import weft.nn
from weft.errors import OptionError


class Scaled(nn.Module):
    def forward(self, graph: dgl.DGLGraph, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x * graph.num_nodes(), y + graph.num_nodes()


class Shifted(nn.Module):
    def forward(self, graph: dgl.DGLGraph, x: torch.Tensor) -> torch.Tensor:
        return x + graph.num_nodes()


SMALL, LARGE = dgl.graph(([0], [1])), dgl.graph(([0], [2]))


def test_one_graph_or_one_for_each_module() -> None:
    model = dgl.nn.Sequential(Shifted(), Shifted())
    assert model(SMALL, torch.zeros(2)).tolist() == [4, 4]
    assert model([SMALL, LARGE], torch.zeros(2)).tolist() == [5, 5]
    assert model((SMALL, LARGE), torch.zeros(2)).tolist() == [5, 5]
    assert list(dict(model.named_children())) == ["0", "1"]


def test_several_features_go_on_as_several() -> None:
    x, y = dgl.nn.Sequential(Scaled(), Scaled())([SMALL, LARGE], torch.ones(1), torch.zeros(1))
    assert (x.item(), y.item()) == (6, 5)


def test_layers_of_the_interface() -> None:
    model = dgl.nn.Sequential(dgl.nn.GraphConv(3, 4), dgl.nn.SAGEConv(4, 2, "mean"))
    graph, x = dgl.graph(([0, 1, 2], [1, 2, 0])), torch.randn(3, 3)
    assert torch.equal(model(graph, x), model[1](graph, model[0](graph, x)))


def test_wrong_graphs_are_told() -> None:
    model = dgl.nn.Sequential(Shifted(), Shifted())
    with pytest.raises(OptionError, match="a DGLGraph, or 2 of them, got a list of 1"):
        model([SMALL], torch.zeros(2))
    with pytest.raises(OptionError, match="a DGLGraph, or 2 of them, got Tensor"):
        model(torch.zeros(2), torch.zeros(2))


@pytest.mark.parametrize("mode", ["cat", "max", "lstm"])
def test_jumping_knowledge_is_that_of_weft(mode: str) -> None:
    layer = dgl.nn.JumpingKnowledge(mode, 4, 2)
    other = weft.nn.JumpingKnowledge(mode, features=4, num_layers=2)
    other.load_state_dict(layer.state_dict())
    results = [torch.randn(3, 4), torch.randn(3, 4)]
    assert torch.equal(layer(results), other(results))
    assert dgl.nn.JumpingKnowledge().mode == "cat"
