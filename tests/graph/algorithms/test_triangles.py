import networkx as nx
import pytest
from hypothesis import given

from tests.graph.algorithms.models import networks, undirected
from weft.graph.algorithms import clustering, transitivity, triangles


@given(networks(max_edges=60))
def test_triangles_and_coefficients_are_those_of_networkx(graph):
    network = undirected(graph)
    nodes = range(graph.num_nodes)
    assert triangles(graph).tolist() == [nx.triangles(network)[node] for node in nodes]
    assert clustering(graph).tolist() == pytest.approx([nx.clustering(network)[node] for node in nodes])
    assert transitivity(graph).item() == pytest.approx(nx.transitivity(network) if graph.num_nodes else 0)
