"""Graphs as arguments of compiled functions: no graph breaks, few compilations, caches that survive."""

import copy

import pytest
import torch

import weft
from tests.graph.test_pytree import Model
from weft.graph import Adjacency, Block, Graph, adjacency_of, batch


class Counting:
    """A backend that runs what it is given and counts how often it was asked."""

    def __init__(self):
        self.compiled = 0

    def __call__(self, module, _inputs):
        self.compiled += 1
        return module.forward


@pytest.fixture
def backend():
    torch._dynamo.reset()
    yield Counting()
    torch._dynamo.reset()


def random_graph(num_nodes, num_edges, *, seed):
    generator = torch.Generator().manual_seed(seed)
    graph = Graph(*torch.randint(num_nodes, (2, num_edges), generator=generator), num_nodes)
    graph.nodes["x"] = torch.randn(num_nodes, 3, generator=generator)
    graph.edges["w"] = torch.rand(num_edges, generator=generator)
    return graph


def random_batch(seed):
    return batch([random_graph(4 + seed + part, 9 + 3 * seed + part, seed=seed) for part in range(3 + seed)])


def test_ten_batches_of_different_sizes_compile_at_most_twice(backend):
    model = Model()
    compiled = torch.compile(model, fullgraph=True, backend=backend)
    for seed in range(10):
        graph = random_batch(seed)
        torch.testing.assert_close(compiled(graph), model(copy.deepcopy(graph)))
    assert backend.compiled <= 2


def test_ten_batches_whose_structures_are_built_compile_at_most_twice(backend):
    model = Model()
    compiled = torch.compile(model, fullgraph=True, backend=backend)
    for seed in range(10):
        graph = random_batch(seed)
        assert graph.adjacency.by_target
        torch.testing.assert_close(compiled(graph), model(graph))
    assert backend.compiled <= 2


def test_a_training_step_over_ten_batches_compiles_at_most_twice():
    torch._dynamo.reset()
    model, counter = Model(), torch._dynamo.testing.CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(model, fullgraph=True, backend=counter)
    for seed in range(10):
        graph = random_batch(seed)
        model.zero_grad()
        compiled(graph).square().sum().backward()
        found = model.linear.weight.grad
        model.zero_grad()
        model(copy.deepcopy(graph)).square().sum().backward()
        torch.testing.assert_close(found, model.linear.weight.grad)
    assert counter.frame_count <= 2
    torch._dynamo.reset()


def test_structures_built_while_compiling_stay(backend):
    adjacency = Adjacency([0, 2, 2, 1], [1, 0, 1, 1], num_sources=3, num_targets=2)

    @torch.compile(fullgraph=True, backend=backend)
    def use(adjacency, x):
        ordered = adjacency.in_target_order
        order = adjacency.target_order
        weight = torch.arange(4.0)
        out = weft.ops.spmm(ordered, x, weight if order is None else weight[order])
        return out, adjacency.by_source.indptr, adjacency.in_degrees(), adjacency.out_degrees()

    x = torch.randn(3, 2)
    out, indptr, in_degrees, out_degrees = use(adjacency, x)
    fresh = copy.deepcopy(adjacency)
    torch.testing.assert_close(out, weft.ops.spmm(fresh.by_target, x, torch.arange(4.0)))
    assert indptr.tolist() == [0, 1, 2, 4]
    assert (in_degrees.tolist(), out_degrees.tolist()) == ([1, 3], [1, 1, 2])
    built = adjacency.by_target
    assert type(built.indptr) is torch.Tensor
    assert built is adjacency.by_target
    assert torch.equal(built.source, fresh.by_target.source)
    torch.testing.assert_close(weft.ops.spmm(adjacency.in_target_order, x), weft.ops.spmm(fresh.by_target, x))


def test_a_graph_can_be_made_and_filled_while_compiling(backend):
    @torch.compile(fullgraph=True, backend=backend)
    def use(source, target, x):
        graph = Graph(source, target, num_nodes=4)
        graph.nodes["x"] = x
        graph.nodes["y"] = 2 * graph.nodes["x"]
        total = sum(nodes["y"].sum() for nodes in graph.node_sets.values())
        return weft.ops.spmm(graph.adjacency.by_target, graph["node"]["y"]), total, len(graph.edge_types)

    x = torch.randn(4, 2)
    out, total, types = use(torch.tensor([0, 1]), torch.tensor([1, 1]), x)
    torch.testing.assert_close(out[1], 2 * (x[0] + x[1]))
    torch.testing.assert_close(total, 2 * x.sum())
    assert types == 1


def test_a_typed_graph_is_an_argument(backend):
    @torch.compile(fullgraph=True, backend=backend)
    def use(graph):
        return weft.ops.spmm(graph["rates"].adjacency.by_target, graph["user"]["x"], graph["rates"]["stars"])

    graph = Graph({("user", "rates", "item"): ([0, 1], [1, 1])})
    graph["user"]["x"], graph["rates"]["stars"] = torch.eye(2), [3.0, 4.0]
    assert use(graph).tolist() == [[0, 0], [3, 4]]


def test_ten_blocks_of_different_sizes_compile_at_most_twice(backend):
    @torch.compile(fullgraph=True, backend=backend)
    def use(block, x):
        return weft.ops.spmm(adjacency_of(block).by_target, x) + x[: block.num_targets["node"]]

    for seed in range(10):
        sources, targets, edges = 9 + 2 * seed, 4 + seed, 20 + 3 * seed
        generator = torch.Generator().manual_seed(seed)
        source, target = (torch.randint(size, (edges,), generator=generator) for size in (sources, targets))
        block = Block(source, target, node_ids=torch.arange(sources), num_targets=targets)
        x = torch.randn(sources, 3, generator=generator)
        expected = torch.zeros(targets, 3).index_add(0, target, x[source]) + x[:targets]
        torch.testing.assert_close(use(block, x), expected)
    assert backend.compiled <= 2
