import networkx as nx
import pytest
import torch
from hypothesis import given

from tests.graph.algorithms.models import directed, networks
from weft.errors import StructureError
from weft.graph import Graph
from weft.graph.algorithms import topological_generations


@given(networks())
def test_generations_are_those_of_networkx(graph):
    forward = graph.adjacency.source < graph.adjacency.target
    acyclic = Graph(graph.adjacency.source[forward], graph.adjacency.target[forward], graph.num_nodes)
    found = topological_generations(acyclic).tolist()
    for generation, members in enumerate(nx.topological_generations(directed(acyclic))):
        assert {found[node] for node in members} == {generation}


@given(networks())
def test_the_error_names_a_node_on_a_cycle(graph):
    cyclic = {node for part in nx.strongly_connected_components(directed(graph)) if len(part) > 1 for node in part}
    cyclic |= set(graph.adjacency.source[graph.adjacency.source == graph.adjacency.target].tolist())
    if not cyclic:
        topological_generations(graph)
        return
    with pytest.raises(
        StructureError, match=r"topological_generations: the edges close a cycle through node \d+; hint: "
    ) as raised:
        topological_generations(graph)
    assert int(str(raised.value).split("node ")[1].split(";")[0]) in cyclic


def test_a_long_path_is_quick():
    count = 200_000
    found = topological_generations(Graph(torch.arange(count - 1), torch.arange(1, count)))
    assert torch.equal(found, torch.arange(count))
