import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.algorithms.models import directed, ids, networks, turned
from weft.errors import OptionError
from weft.graph import Graph
from weft.graph.algorithms import bfs, dfs

DIRECTIONS = st.sampled_from(["out", "in", "both"])


@given(st.data(), networks(), DIRECTIONS)
def test_levels_are_the_distances_of_networkx(data, graph, direction):
    seeds = data.draw(ids(graph.num_nodes))
    found = bfs(graph, seeds, direction=direction)
    network = turned(directed(graph), direction)
    expected = nx.multi_source_dijkstra_path_length(network, set(seeds)) if seeds else {}
    assert found.level.tolist() == [int(expected.get(node, -1)) for node in range(graph.num_nodes)]


@given(st.data(), networks(), DIRECTIONS)
def test_each_node_is_reached_on_the_lowest_edge_from_the_level_before(data, graph, direction):
    found = bfs(graph, data.draw(ids(graph.num_nodes)), direction=direction)
    level = found.level.tolist()
    ends = zip(graph.adjacency.source.tolist(), graph.adjacency.target.tolist(), strict=True)
    steps = [(edge, first, last) for edge, (first, last) in enumerate(ends)]
    if direction != "out":
        back = [(edge, last, first) for edge, first, last in steps]
        steps = back if direction == "in" else steps + back
    for node in range(graph.num_nodes):
        entering = [(edge, begin) for edge, begin, end in steps if end == node and level[begin] == level[node] - 1 >= 0]
        assert (found.edge[node].item(), found.parent[node].item()) == min(entering, default=(-1, -1))


@given(st.data(), networks())
def test_a_search_stops_at_the_level_that_was_named(data, graph):
    seeds, most = data.draw(ids(graph.num_nodes)), data.draw(st.integers(0, 4))
    level = bfs(graph, seeds).level
    assert torch.equal(bfs(graph, seeds, max_level=most).level, level.where(level <= most, -1))


def test_a_large_graph_is_searched_alike_on_any_number_of_threads():
    generator = torch.Generator().manual_seed(0)
    graph = Graph(*torch.randint(3000, (2, 40000), generator=generator).pow(2).div(3000, rounding_mode="floor"), 3000)
    before = torch.get_num_threads()
    found = []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        found.append(bfs(graph, [5, 7], direction="both"))
    torch.set_num_threads(before)
    assert all(torch.equal(a, b) for other in found[1:] for a, b in zip(other, found[0], strict=True))


@given(st.data(), networks())
def test_depth_first_order_is_that_of_networkx(data, graph):
    found = dfs(graph, seeds := data.draw(ids(graph.num_nodes)))
    network = directed(graph)
    network.add_edges_from((graph.num_nodes, seed) for seed in seeds)
    expected = list(nx.dfs_preorder_nodes(network, graph.num_nodes))[1:] if seeds else []
    above = {last: first for first, last in nx.dfs_edges(network, graph.num_nodes)} if seeds else {}
    assert found.order.tolist() == expected
    parents = [above.get(node, -1) for node in range(graph.num_nodes)]
    assert found.parent.tolist() == [-1 if parent == graph.num_nodes else parent for parent in parents]


@given(st.data(), networks(), st.sampled_from(["in", "both"]))
def test_depth_first_search_reaches_what_breadth_first_search_does(data, graph, direction):
    seeds = data.draw(ids(graph.num_nodes))
    reached = bfs(graph, seeds, direction=direction).level >= 0
    found = dfs(graph, seeds, direction=direction)
    assert torch.equal(found.order.sort().values, reached.nonzero().squeeze(1))


def test_depth_goes_before_breadth_and_seeds_wait_for_each_other():
    graph = Graph([0, 0, 1, 4], [1, 2, 2, 5], num_nodes=7)
    found = dfs(graph, [4, 0])
    assert found.order.tolist() == [4, 5, 0, 1, 2]
    assert found.parent.tolist() == [-1, 0, 1, -1, -1, 4, -1]


def test_a_negative_level_is_refused():
    with pytest.raises(OptionError, match="bfs: expected `max_level` of at least 0, got -1"):
        bfs(Graph([0], [0]), 0, max_level=-1)
