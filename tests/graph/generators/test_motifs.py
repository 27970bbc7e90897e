"""Small graphs by name, and copies of them attached to others."""

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import graphs
from weft.errors import FeatureError, OptionError
from weft.graph import Graph, batch
from weft.graph.convert import to_edge_list
from weft.graph.generators import attach_motifs, complete, cycle, grid, house, path, star


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (star(0), nx.star_graph(0)),
        (star(4), nx.star_graph(4)),
        (path(0), nx.path_graph(0)),
        (path(1), nx.path_graph(1)),
        (path(5), nx.path_graph(5)),
        (cycle(3), nx.cycle_graph(3)),
        (cycle(6), nx.cycle_graph(6)),
        (complete(0), nx.complete_graph(0)),
        (complete(1), nx.complete_graph(1)),
        (complete(5), nx.complete_graph(5)),
        (house(), nx.house_graph()),
    ],
)
def test_motifs_are_those_of_networkx(made, expected):
    edges = to_edge_list(made)
    assert made.num_nodes == expected.number_of_nodes()
    assert len(edges) == 2 * expected.number_of_edges()
    assert set(edges) == set(expected.to_directed().edges)


@given(graphs(), st.sampled_from([house(), star(2), path(1), Graph([0], [1])]), st.data())
def test_copies_hang_at_nodes_of_the_graph(graph, motif, data):
    count = data.draw(st.integers(0, graph.num_nodes))
    at = data.draw(st.integers(0, motif.num_nodes - 1))
    made = attach_motifs(graph, motif, count, at=at, seed=data.draw(st.integers(0, 99)))
    nodes, edges = graph.num_nodes, graph.num_edges
    assert made.num_nodes == nodes + count * motif.num_nodes
    assert made.num_edges == edges + count * (motif.num_edges + 2)
    found = to_edge_list(made)
    assert found[:edges] == to_edge_list(graph)
    assert made.nodes["motif"].tolist() == [-1] * nodes + [
        copy for copy in range(count) for _ in range(motif.num_nodes)
    ]
    assert made.nodes["place"].tolist() == [-1] * nodes + list(range(motif.num_nodes)) * count
    owner = made.nodes["motif"]
    for copy in range(count):
        begin = nodes + copy * motif.num_nodes
        inside = (made.edges["motif"] == copy).nonzero().squeeze(1).tolist()
        assert [found[edge] for edge in inside] == [(begin + i, begin + j) for i, j in to_edge_list(motif)]
    joins = found[edges + count * motif.num_edges :]
    assert sorted(joins) == sorted((target, source) for source, target in joins)
    assert [int(owner[target]) for _, target in joins[:count]] == list(range(count))
    assert all(target == nodes + int(owner[target]) * motif.num_nodes + at for _, target in joins[:count])
    assert len({source for source, _ in joins[:count]}) == count
    assert torch.equal(made.nodes["x"][:nodes], graph.nodes["x"])
    assert not made.nodes["x"][nodes:].any()
    assert torch.equal(made.edges["w"][:edges], graph.edges["w"])


def test_a_second_kind_of_motif_is_counted_on():
    made = attach_motifs(attach_motifs(path(6), house(), 2, seed=0), cycle(4), 3, seed=1)
    assert made.nodes["motif"].unique().tolist() == [-1, 0, 1, 2, 3, 4]
    assert (made.edges["motif"] == 4).sum() == 8
    assert made.nodes["place"][-4:].tolist() == [0, 1, 2, 3]
    none = attach_motifs(attach_motifs(path(2), house(), 0, seed=0), star(1), 1, seed=0)
    assert none.nodes["motif"].tolist() == [-1, -1, 0, 0]


def test_id_dtype_and_types_of_the_graph_stay():
    ids = torch.tensor([0, 1], dtype=torch.int32)
    graph = Graph({("a", "to", "a"): (ids, ids)})
    made = attach_motifs(graph, house(), 1, seed=0)
    assert made.edge_types == (("a", "to", "a"),)
    assert made.adjacency.source.dtype is torch.int32


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: cycle(2), OptionError, "cycle: expected `num_nodes` of at least 3, got 2"),
        (lambda: star(-1), OptionError, "star: expected `num_leaves` of at least 0, got -1"),
        (lambda: path(-1), OptionError, "path: expected `num_nodes` of at least 0, got -1"),
        (lambda: complete(-1), OptionError, "complete: expected `num_nodes` of at least 0, got -1"),
        (lambda: attach_motifs(path(2), house(), 3, seed=0), OptionError,
         "attach_motifs: expected `count` from 0 to 2, the number of nodes, got 3"),
        (lambda: attach_motifs(path(2), house(), 1, at=5, seed=0), OptionError,
         "`at` as a node of the motif, from 0 to 4, got 5"),
        (lambda: attach_motifs(batch([path(2), path(2)]), house(), 1, seed=0), OptionError,
         "attach_motifs: expected a graph that is no batch, got one of 2 graphs; hint: unbatch() it, and batch() again"),
        (lambda: attach_motifs(Graph({}, num_nodes={"a": 1, "b": 1}), house(), 1, seed=0), FeatureError,
         "this one has 2 node types"),
        (lambda: attach_motifs(grid([2]), Graph({}), 1, seed=0), FeatureError, "this one has no node type"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)
