import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.algorithms.models import directed, ids, networks, turned
from weft.errors import OptionError, ShapeError
from weft.graph import Graph
from weft.graph.algorithms import shortest_paths


@given(st.data(), networks(), st.sampled_from(["out", "in", "both"]), st.booleans())
def test_distances_are_those_of_networkx_and_parents_lie_on_paths(data, graph, direction, is_weighted):
    seeds = data.draw(ids(graph.num_nodes))
    lengths = st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=graph.num_edges, max_size=graph.num_edges)
    weight = torch.tensor(data.draw(lengths))
    weight = weight if is_weighted else torch.ones(graph.num_edges)
    found = shortest_paths(graph, seeds, weight=weight if is_weighted else None, direction=direction)
    network = directed(graph, weight)
    if direction == "both":
        network.add_edges_from([(last, first, dict(values)) for first, last, values in network.edges(data=True)])
    network = turned(network, direction) if direction == "in" else network
    expected = nx.multi_source_dijkstra_path_length(network, set(seeds)) if seeds else {}
    assert found.distance.tolist() == [expected.get(node, float("inf")) for node in range(graph.num_nodes)]
    for node, parent in enumerate(found.parent.tolist()):
        if parent < 0:
            assert node in seeds or node not in expected
        else:
            step = min(values["weight"] for values in network[parent][node].values())
            assert expected[parent] + step == expected[node]


@given(networks())
def test_following_parents_ends_at_a_seed(graph):
    if graph.num_nodes == 0:
        return
    found = shortest_paths(graph, 0, weight=torch.zeros(graph.num_edges))
    for node in found.distance.isfinite().nonzero().flatten().tolist():
        steps = 0
        while node != 0:
            node, steps = int(found.parent[node]), steps + 1
            assert steps <= graph.num_nodes


def test_weights_have_to_be_there_and_no_obstacle():
    graph = Graph([0, 1], [1, 2])
    with pytest.raises(ShapeError, match=r"shortest_paths: expected `weight` of shape \(2,\), got \(3,\)"):
        shortest_paths(graph, 0, weight=torch.ones(3))
    with pytest.raises(OptionError, match=r"shortest_paths: expected `weight` of at least 0, got -1.0 at edge 1"):
        shortest_paths(graph, 0, weight=torch.tensor([1.0, -1.0]))
    with pytest.raises(OptionError, match="got nan at edge 0"):
        shortest_paths(graph, 0, weight=torch.tensor([torch.nan, 1.0]))
