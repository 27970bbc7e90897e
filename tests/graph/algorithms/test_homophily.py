import math

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.algorithms.models import networks
from weft.errors import OptionError
from weft.graph import Graph
from weft.graph.algorithms import homophily


def approximately(value):
    return pytest.approx(value, nan_ok=True)


@given(st.data(), networks())
def test_measures_are_those_of_their_formulas(data, graph):
    num = graph.num_nodes
    label = data.draw(st.lists(st.integers(-1, 2), min_size=num, max_size=num))
    labels = torch.tensor(label, dtype=torch.int64)
    measures = ("edge", "node", "class_insensitive")
    found = {measure: homophily(graph, labels, measure=measure).item() for measure in measures}
    ends = zip(graph.adjacency.source.tolist(), graph.adjacency.target.tolist(), strict=True)
    edges = [(first, last) for first, last in ends if label[first] >= 0 and label[last] >= 0]

    def share(nodes):
        entering = [label[first] == label[last] for first, last in edges if last in nodes]
        return sum(entering) / len(entering) if entering else math.nan

    assert found["edge"] == approximately(share(range(num)))
    shares = [share([node]) for node in range(num) if not math.isnan(share([node]))]
    assert found["node"] == approximately(sum(shares) / len(shares) if shares else math.nan)
    classes = [[node for node in range(num) if label[node] == k] for k in set(label) if k >= 0]
    known = sum(map(len, classes))
    excess = [max(0.0, (0.0 if math.isnan(share(nodes)) else share(nodes)) - len(nodes) / known) for nodes in classes]
    expected = sum(excess) / (len(classes) - 1) if len(classes) > 1 and edges else math.nan
    assert found["class_insensitive"] == approximately(expected)


@given(st.data(), networks())
def test_adjusted_homophily_is_the_assortativity_of_networkx(data, graph):
    num = graph.num_nodes
    label = data.draw(st.lists(st.integers(0, 2), min_size=num, max_size=num))
    network = nx.MultiDiGraph()
    network.add_nodes_from((node, {"label": label[node]}) for node in range(num))
    network.add_edges_from(zip(graph.adjacency.source.tolist(), graph.adjacency.target.tolist(), strict=True))
    found = homophily(graph, torch.tensor(label, dtype=torch.int64), measure="adjusted").item()
    if len({label[node] for edge in network.edges() for node in edge}) > 1:
        assert found == approximately(nx.attribute_assortativity_coefficient(network, "label"))
    else:
        assert math.isnan(found)


def test_another_measure_is_refused():
    with pytest.raises(
        OptionError,
        match="homophily: expected `measure` to be one of edge, node, class_insensitive, adjusted, got 'all'",
    ):
        homophily(Graph([0], [0]), torch.tensor([0]), measure="all")
