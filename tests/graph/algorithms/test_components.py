import networkx as nx
import torch
from hypothesis import given

from tests.graph.algorithms.models import directed, networks
from weft.graph import Graph
from weft.graph.algorithms import connected_components, strongly_connected_components


def numbered(parts, num_nodes):
    """The number of each node's part, parts in the order of their smallest nodes."""
    return [number for node in range(num_nodes) for number, part in enumerate(sorted(parts, key=min)) if node in part]


@given(networks())
def test_components_are_those_of_networkx(graph):
    parts = list(nx.weakly_connected_components(directed(graph)))
    found = connected_components(graph)
    assert (found.group.tolist(), found.num_groups) == (numbered(parts, graph.num_nodes), len(parts))
    assert found.sizes().tolist() == [len(part) for part in sorted(parts, key=min)]


@given(networks())
def test_strong_components_are_those_of_networkx(graph):
    parts = list(nx.strongly_connected_components(directed(graph)))
    found = strongly_connected_components(graph)
    assert (found.group.tolist(), found.num_groups) == (numbered(parts, graph.num_nodes), len(parts))


def test_a_long_path_in_any_order_is_one_component():
    path = torch.randperm(100_000, generator=torch.Generator().manual_seed(0))
    found = connected_components(Graph(path[1:], path[:-1]))
    assert found.num_groups == 1
    assert found.group.tolist() == [0] * 100_000
