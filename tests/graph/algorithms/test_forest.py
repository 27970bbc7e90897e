import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.algorithms.models import directed, networks
from weft.errors import OptionError, ShapeError
from weft.graph import Graph
from weft.graph.algorithms import connected_components, minimum_spanning_forest


@given(st.data(), networks())
def test_a_forest_is_as_light_as_that_of_networkx(data, graph):
    weights = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=graph.num_edges, max_size=graph.num_edges)
    weight = torch.tensor(data.draw(weights))
    taken = minimum_spanning_forest(graph, weight)
    expected = nx.minimum_spanning_tree(directed(graph, weight).to_undirected(), weight="weight")
    assert weight[taken].sum().item() == expected.size(weight="weight")
    forest = Graph(graph.adjacency.source[taken], graph.adjacency.target[taken], graph.num_nodes)
    assert torch.equal(connected_components(forest).group, connected_components(graph).group)
    assert taken.shape[0] == graph.num_nodes - connected_components(graph).num_groups
    assert taken.tolist() == sorted(taken.tolist())


def test_the_lowest_of_equal_edges_is_taken():
    graph = Graph([0, 1, 0, 1], [1, 0, 0, 2])
    assert minimum_spanning_forest(graph).tolist() == [0, 3]
    assert minimum_spanning_forest(graph, torch.tensor([2, 1, 0, 1])).tolist() == [1, 3]


def test_weights_have_to_be_numbers_of_edges():
    with pytest.raises(ShapeError, match=r"minimum_spanning_forest: expected `weight` of shape \(1,\), got \(2,\)"):
        minimum_spanning_forest(Graph([0], [1]), torch.ones(2))
    with pytest.raises(OptionError, match="minimum_spanning_forest: expected numbers as `weight`, got nan at edge 0"):
        minimum_spanning_forest(Graph([0], [1]), torch.tensor([torch.nan]))
