import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.algorithms.models import directed, networks
from weft.errors import DtypeError, OptionError, ShapeError, WeftWarning
from weft.graph import Graph
from weft.graph.algorithms import pagerank


def of_networkx(graph, weight=None, **options):
    network = nx.DiGraph()  # NetworkX adds up parallel edges only in part of its versions
    network.add_nodes_from(range(graph.num_nodes))
    for first, last, values in directed(graph, weight).edges(data=True):
        before = network.get_edge_data(first, last, {"weight": 0.0})["weight"]
        network.add_edge(first, last, weight=before + values["weight"])
    found = nx.pagerank(network, tol=1e-12, max_iter=1000, **options)
    return torch.tensor([found[node] for node in range(graph.num_nodes)], dtype=torch.float64)


@given(networks(), st.sampled_from([0.0, 0.5, 0.85]), st.booleans())
def test_ranks_are_those_of_networkx(graph, damping, is_weighted):
    weight = torch.arange(graph.num_edges, dtype=torch.float64) % 4 if is_weighted else None
    start = torch.full((graph.num_nodes,), 1.0, dtype=torch.float64)
    found = pagerank(graph, damping=damping, weight=weight, personalisation=start, tolerance=1e-12, max_iterations=1000)
    if graph.num_nodes == 0:
        assert found.shape == (0,)
        return
    torch.testing.assert_close(found, of_networkx(graph, weight, alpha=damping), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(found.sum(), torch.tensor(1.0, dtype=torch.float64))


@given(st.data(), networks())
def test_persons_stand_in_columns(data, graph):
    if graph.num_nodes == 0:
        return
    column = st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=graph.num_nodes, max_size=graph.num_nodes).filter(any)
    start = torch.tensor([data.draw(column), data.draw(column)], dtype=torch.float64).T
    found = pagerank(graph, personalisation=start, tolerance=1e-12, max_iterations=1000)
    for person in range(2):
        chosen = dict(enumerate(start[:, person].tolist()))
        torch.testing.assert_close(found[:, person], of_networkx(graph, personalization=chosen), rtol=1e-6, atol=1e-9)


def test_the_dtype_is_that_of_the_arguments():
    graph = Graph([0, 1], [1, 0])
    assert pagerank(graph).dtype is torch.float32
    assert pagerank(graph, weight=torch.ones(2, dtype=torch.float64)).dtype is torch.float64
    assert pagerank(graph, weight=torch.ones(2, dtype=torch.int64)).dtype is torch.float32
    assert pagerank(graph, personalisation=torch.ones(2, dtype=torch.float64)).dtype is torch.float64


def test_ranks_that_still_change_are_told():
    graph = Graph([0, 1, 2], [1, 2, 1])
    with pytest.warns(WeftWarning, match=r"pagerank: the ranks still changed by \S+ after 3 iterations; hint: raise"):
        pagerank(graph, max_iterations=3)
    pagerank(graph, tolerance=0, max_iterations=3)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"damping": 1.5}, OptionError, "`damping` from 0 to 1, got 1.5"),
        ({"tolerance": -1.0}, OptionError, "`tolerance` of at least 0, got -1.0"),
        ({"max_iterations": 0}, OptionError, "`max_iterations` of at least 1, got 0"),
        ({"personalisation": torch.ones(3)}, ShapeError, r"`personalisation` of shape \(2,\) or \(2, num_persons\)"),
        ({"personalisation": torch.ones(2).long()}, DtypeError, "`personalisation` of a floating dtype"),
        ({"personalisation": torch.tensor([1.0, -1.0])}, OptionError, "`personalisation` of at least 0, got -1.0"),
        ({"personalisation": torch.zeros(2)}, OptionError, "says where to begin, got a column that adds up to 0"),
        (
            {"weight": torch.tensor([-1.0])},
            OptionError,
            "pagerank: expected `weight` of at least 0, got -1.0 at edge 0",
        ),
    ],
)
def test_wrong_options_are_refused(options, error, text):
    with pytest.raises(error, match=text):
        pagerank(Graph([0], [1]), **options)
