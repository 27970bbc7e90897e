import networkx as nx
from hypothesis import given

from tests.graph.algorithms.models import networks, undirected
from weft.graph.algorithms import core_numbers


@given(networks(max_edges=60))
def test_core_numbers_are_those_of_networkx(graph):
    expected = nx.core_number(undirected(graph))
    assert core_numbers(graph).tolist() == [expected[node] for node in range(graph.num_nodes)]
