"""Arguments that all algorithms share, and what all have to survive."""

import inspect

import pytest
import torch

from tests.graph.algorithms.models import shop
from weft.errors import FeatureError, IdError, OptionError, ShapeError
from weft.graph import Adjacency, Graph, algorithms, batch

LABELS = torch.tensor([0, 1, 1, 0])
CALLS = {
    "bfs": lambda graph, **options: algorithms.bfs(graph, [], **options),
    "dfs": lambda graph, **options: algorithms.dfs(graph, [], **options),
    "shortest_paths": lambda graph, **options: algorithms.shortest_paths(graph, [], **options),
    "homophily": lambda graph, **options: algorithms.homophily(graph, LABELS[: nodes(graph)], **options),
    "propagate_labels": lambda graph, **options: algorithms.propagate_labels(graph, LABELS[: nodes(graph)], **options),
    "spread_values": lambda graph, **options: algorithms.spread_values(graph, torch.ones(nodes(graph)), **options),
    "partition": lambda graph, **options: algorithms.partition(graph, 2, **options),
    "partition_quality": lambda graph, **options: algorithms.partition_quality(graph, LABELS[: nodes(graph)], **options),
} | {
    name: getattr(algorithms, name)
    for name in (
        "connected_components", "strongly_connected_components", "topological_generations", "pagerank", "core_numbers",
        "triangles", "clustering", "transitivity", "label_communities", "minimum_spanning_forest", "refine_colors",
    )
}  # fmt: skip


def nodes(graph):
    return graph.num_sources if isinstance(graph, Adjacency) else graph.node_sets[graph.node_types[0]].count


def same(found, expected):
    if isinstance(found, tuple):
        return all(same(*pair) for pair in zip(found, expected, strict=True))
    if isinstance(found, torch.Tensor):
        return torch.equal(found.nan_to_num(), expected.nan_to_num())
    return found == expected


def test_every_function_is_among_the_calls():
    public = {name for name, value in vars(algorithms).items() if inspect.isfunction(value)}
    assert public == set(CALLS)


@pytest.mark.parametrize("call", CALLS)
def test_a_graph_an_adjacency_and_an_edge_type_give_the_same(call):
    graph = Graph([0, 1, 3], [1, 2, 0], num_nodes=4)
    expected = CALLS[call](graph)
    assert same(CALLS[call](graph.adjacency), expected)
    assert same(CALLS[call](shop(), edge_type="follows"), expected)
    assert same(CALLS[call](shop(), edge_type=("user", "follows", "user")), expected)


@pytest.mark.parametrize("call", CALLS)
def test_ids_of_two_dtypes_give_the_same(call):
    source, target = torch.tensor([0, 1, 3]), torch.tensor([1, 2, 0])
    expected = CALLS[call](Graph(source, target, 4))
    for mixed in (Graph(source.int(), target, 4), Graph(source, target.int(), 4)):
        assert same(CALLS[call](mixed), expected)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("num_nodes", [0, 1, 4])
def test_graphs_without_edges_have_results(call, num_nodes):
    CALLS[call](Graph([], [], num_nodes))


@pytest.mark.parametrize("call", CALLS)
def test_a_batch_is_one_graph(call):
    whole = Graph([0, 1, 2, 3], [1, 0, 3, 3], num_nodes=4)
    if call == "topological_generations":
        whole = Graph([0, 2], [1, 3], num_nodes=4)
    half = whole.num_edges // 2
    ends = whole.adjacency.source, whole.adjacency.target
    parts = [Graph(ends[0][:half], ends[1][:half], 2), Graph(ends[0][half:] - 2, ends[1][half:] - 2, 2)]
    assert same(CALLS[call](batch(parts)), CALLS[call](whole))


@pytest.mark.parametrize("call", CALLS)
def test_several_edge_types_ask_for_one(call):
    with pytest.raises(FeatureError, match=f"{call}: expected one of the edge types .*, got None"):
        CALLS[call](shop())
    with pytest.raises(FeatureError, match=f'{call}: expected one of the edge types .*, got "buys"'):
        CALLS[call](shop(), edge_type="buys")


@pytest.mark.parametrize("call", CALLS)
def test_edges_between_two_sets_of_nodes_are_refused(call):
    for found in (
        lambda: CALLS[call](shop(), edge_type="rates"),
        lambda: CALLS[call](Adjacency([0], [1], num_sources=2, num_targets=3)),
    ):
        with pytest.raises(ShapeError, match=rf"{call}: expected edges within one set of nodes, got Adjacency\("):
            found()


def test_an_edge_type_wants_a_graph():
    with pytest.raises(
        OptionError, match='triangles: expected `edge_type` with a Graph alone, got Adjacency and "follows"'
    ):
        algorithms.triangles(Adjacency([0], [0]), edge_type="follows")


@pytest.mark.parametrize("call", [algorithms.bfs, algorithms.dfs, algorithms.shortest_paths])
def test_seeds_are_an_id_ids_or_a_mask(call):
    graph = Graph([0, 1], [1, 2], num_nodes=4)
    expected = call(graph, torch.tensor([1]))
    assert same(call(graph, 1), expected)
    assert same(call(graph, [1]), expected)
    assert same(call(graph, torch.tensor([False, True, False, False])), expected)
    with pytest.raises(IdError, match="`seeds` within the graph, got 4"):
        call(graph, [0, 4])
    with pytest.raises(
        OptionError, match=f"{call.__name__}: expected `direction` to be one of out, in, both, got 'up'"
    ):
        call(graph, 0, direction="up")
