"""Graphs through the worker processes of torch's DataLoader."""

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

import weft
from tests.graph.strategies import assert_same
from weft.graph import Block, Graph, batch


def small_graph(at):
    graph = Graph([0, 1, at + 1], [1, at, 0], num_nodes=at + 3)
    graph.nodes["x"] = torch.full((at + 3, 2), float(at))
    graph.edges["w"] = torch.tensor([1.0, 2.0, float(at)])
    return graph


class Graphs(Dataset):
    """Six graphs; the worker compresses each, so that kernels run there."""

    def __len__(self):
        return 6

    def __getitem__(self, at):
        graph = small_graph(at)
        graph.nodes["sum"] = weft.ops.spmm(graph.adjacency.by_target, graph.nodes["x"])
        return graph


class Blocks(Dataset):
    """Two blocks."""

    def __len__(self):
        return 2

    def __getitem__(self, at):
        return Block([1, 2], [0, 0], node_ids=[at, at + 1, at + 2], num_targets=1)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_graphs_come_out_of_a_worker_batched(context):
    expected = [small_graph(at) for at in range(6)]
    assert (
        weft.ops.spmm(expected[0].adjacency.by_target, expected[0].nodes["x"]) is not None
    )  # threads run before the fork
    loader = DataLoader(Graphs(), batch_size=3, collate_fn=batch, num_workers=1, multiprocessing_context=context)
    for at, found in enumerate(loader):
        parts = expected[3 * at : 3 * at + 3]
        for part in parts:
            part.nodes["sum"] = weft.ops.spmm(part.adjacency.by_target, part.nodes["x"])
        assert_same(found, batch(parts))
        assert found.nodes.offsets.tolist() == batch(parts).nodes.offsets.tolist()
        assert found.nodes["x"].is_shared()
        assert found.adjacency.by_target.num_edges == 9


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_a_graph_goes_into_a_worker(context):
    graphs = [small_graph(at).share_memory_() for at in range(2)]
    assert graphs[0].adjacency.by_target
    found = list(DataLoader(graphs, batch_size=None, num_workers=1, multiprocessing_context=context))
    for one, two in zip(found, graphs, strict=True):
        assert_same(one, two)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_blocks_come_out_of_a_worker():
    found = list(DataLoader(Blocks(), batch_size=None, num_workers=1, multiprocessing_context="fork"))
    assert [block.node_ids["node"].tolist() for block in found] == [[0, 1, 2], [1, 2, 3]]
