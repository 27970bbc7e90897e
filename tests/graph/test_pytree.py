"""Graphs as pytrees: what torch maps over, exports and saves."""

import io
from contextlib import nullcontext

import pytest
import torch
from torch.utils import _pytree

import weft
from tests.graph.strategies import assert_same
from weft.graph import Adjacency, Batch, Block, EdgeSet, Graph, NodeSet, adjacency_of, batch, readout


def one_type():
    graph = Graph([0, 1, 2], [1, 2, 2], num_nodes=4)
    graph.nodes["x"], graph.edges["w"] = torch.randn(4, 3), torch.rand(3)
    return graph


def many_types():
    graph = Graph({("user", "rates", "item"): ([0], [1]), ("item", "in", "shop"): ([0], [0])}, num_nodes={"brand": 1})
    graph["rates"]["stars"] = [3.0]
    return graph


VALUES = {
    "adjacency": lambda: Adjacency([0, 1], [1, 0]),
    "graph": one_type,
    "typed graph": many_types,
    "batch of graphs": lambda: batch([one_type(), one_type()]),
    "batch of typed graphs": lambda: batch([many_types(), many_types()]),
    "empty graph": lambda: Graph({}, num_nodes={"user": 2}),
    "block": lambda: Block([1, 2], [0, 0], node_ids=[3, 4, 5], num_targets=2, edge_ids=[9, 8]),
    "batch": lambda: Batch(
        {"node": torch.tensor([1])}, graph=one_type(), features={"node": {"x": torch.ones(3)}},
        blocks=(Block([0], [0], node_ids=[3], num_targets=1),), edge_ids={("a", "b", "c"): torch.tensor([2])},
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES)
def test_leaves_are_tensors_and_make_the_same_value(make):
    value = make()
    leaves, spec = _pytree.tree_flatten(value)
    assert all(isinstance(leaf, torch.Tensor) for leaf in leaves)
    back = _pytree.tree_unflatten(leaves, spec)
    assert type(back) is type(value)
    assert repr(back) == repr(value)
    again, spec_again = _pytree.tree_flatten(back)
    assert spec_again == spec
    assert all(one is two for one, two in zip(leaves, again, strict=True))


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES)
def test_specs_can_be_written_as_text(make):
    spec = _pytree.tree_flatten(make())[1]
    assert _pytree.treespec_loads(_pytree.treespec_dumps(spec)) == spec


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES)
def test_leaves_have_names(make):
    named, _ = _pytree.tree_flatten_with_path(make())
    assert len({_pytree.keystr(path) for path, _ in named}) == len(named)


def test_a_map_keeps_counts_and_offsets():
    graph = batch([one_type(), one_type()])
    moved = _pytree.tree_map(lambda tensor: tensor.to("meta"), graph)
    assert moved.device.type == "meta"
    assert (moved.num_nodes, moved.num_edges, moved.num_graphs) == (8, 6, 2)
    shapes = _pytree.tree_map(lambda tensor: tuple(tensor.shape), graph)
    assert shapes.adjacency.source == (6,)


def test_a_batch_keeps_its_ids():
    made = VALUES["batch"]()
    back = _pytree.tree_map(lambda tensor: tensor + 0, made)
    assert back.edge_ids["a", "b", "c"].tolist() == [2]
    assert back.blocks[0].node_ids["node"].tolist() == [3]
    assert_same(back.graph, made.graph)


class Model(torch.nn.Module):
    """Features, edge weights, degrees, and a readout: what a layer stack asks of a graph."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 5)

    def forward(self, graph):
        rows = adjacency_of(graph).by_target
        h = weft.ops.spmm(rows, self.linear(graph.nodes["x"]), graph.edges["w"])
        return readout(graph, h / (1 + graph.adjacency.in_degrees()[:, None]), "mean")


@pytest.mark.filterwarnings("ignore:At pre-dispatch tracing:UserWarning")  # torch 2.4 says so of every custom operator
@pytest.mark.filterwarnings("ignore:You are using `torch.load`:FutureWarning")  # and of its own export.load
@pytest.mark.parametrize("strict", [True, False])
def test_a_model_that_takes_a_graph_can_be_exported_and_saved(strict):
    model, graph = Model(), batch([one_type(), one_type()])
    program = torch.export.export(model, (graph,), strict=strict)
    other = batch([one_type(), one_type()])
    torch.testing.assert_close(program.module()(other), model(other))
    assert type(graph.adjacency.by_target.indptr) is torch.Tensor
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    ours = [Graph, NodeSet, EdgeSet, Adjacency]  # so that torch reads the example inputs without running a pickle
    allowed = torch.serialization.safe_globals(ours) if hasattr(torch.serialization, "safe_globals") else nullcontext()
    with allowed:
        loaded = torch.export.load(file)
    torch.testing.assert_close(loaded.module()(other), model(other))
