"""Graphs on the same nodes, joined; random graphs."""

import pytest
import torch

import weft.dgl as dgl
from weft.errors import FeatureError, OptionError, ShapeError


def pair():
    first, second = dgl.graph(([0, 1], [1, 2])), dgl.graph(([0, 4], [3, 0]))
    first.ndata["x"], first.edata["w"] = torch.arange(3.0), torch.arange(2.0)
    second.ndata["x"], second.edata["w"] = torch.arange(5.0) * 10, torch.arange(2.0) * 10
    return first, second


def test_edges_are_joined_and_later_nodes_win():
    first, second = pair()
    both = dgl.merge([first, second])
    assert both.edges()[0].tolist() == [0, 1, 0, 4]
    assert both.edges()[1].tolist() == [1, 2, 3, 0]
    assert both.ndata["x"].tolist() == [0, 10, 20, 30, 40]
    assert both.edata["w"].tolist() == [0, 1, 0, 10]
    assert dgl.merge([second, first]).ndata["x"].tolist() == [0, 1, 2, 30, 40]
    assert first.ndata["x"].tolist() == [0, 1, 2]


def test_columns_that_only_some_have():
    first, second = pair()
    second.ndata["y"], second.edata["v"] = torch.ones(5), torch.ones(2)
    both = dgl.merge([first, second])
    assert both.ndata["y"].tolist() == [1] * 5
    assert set(both.edata) == {"w"}
    first.ndata["z"] = torch.ones(3)
    assert dgl.merge([first, second]).ndata["z"].tolist() == [1, 1, 1, 0, 0]
    with pytest.raises(FeatureError, match='"v"'):
        dgl.merge([second, first])


def test_the_merged_graph_is_no_batch_and_has_the_idtype_of_the_first():
    first, second = pair()
    assert dgl.merge([dgl.batch([first, first]), second]).batch_size == 1
    assert dgl.merge([first.int(), second]).idtype is torch.int32


def test_types_have_to_agree():
    one = dgl.heterograph({("u", "r", "i"): ([0], [1])})
    two = dgl.heterograph({("u", "r", "i"): ([3], [0])})
    both = dgl.merge([one, two])
    assert both.num_nodes("u") == 4
    assert both.num_nodes("i") == 2
    assert both.edges()[0].tolist() == [0, 3]
    with pytest.raises(FeatureError, match="graph 1"):
        dgl.merge([one, dgl.heterograph({("u", "s", "i"): ([0], [1])})])
    with pytest.raises(OptionError, match="at least one graph"):
        dgl.merge([])
    with pytest.raises(OptionError, match="block"):
        dgl.merge([dgl.create_block(([0], [0]))])
    first, second = pair()
    second.ndata["x"] = torch.ones(5, 2)
    with pytest.raises(ShapeError):
        dgl.merge([first, second])
    with pytest.raises(ShapeError):
        dgl.merge([second, first])


@pytest.mark.parametrize("idtype", [torch.int32, torch.int64])
def test_random_edges_are_different_pairs(idtype):
    graph = dgl.rand_graph(6, 36, idtype=idtype)
    assert graph.idtype is idtype
    assert graph.num_nodes() == 6
    assert {*zip(*(end.tolist() for end in graph.edges()), strict=True)} == {(u, v) for u in range(6) for v in range(6)}
    typed = dgl.rand_bipartite("u", "r", "i", 4, 5, 20, idtype=idtype)
    assert typed.canonical_etypes == [("u", "r", "i")]
    assert typed.num_nodes("u") == 4
    assert typed.num_nodes("i") == 5
    assert not typed.is_multigraph
    assert typed.idtype is idtype
    assert dgl.rand_bipartite("u", "r", "u", 3, 4, 5).num_nodes("u") == 4
    assert dgl.rand_graph(0, 0).num_nodes() == 0


def test_random_graphs_follow_the_seed_of_torch():
    def drawn():
        return torch.stack(dgl.rand_graph(50, 200).edges())

    torch.manual_seed(0)
    first, second = drawn(), drawn()
    torch.manual_seed(0)
    assert torch.equal(drawn(), first)
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[0].sort().values)


def test_more_edges_than_pairs_are_refused():
    for draw in (
        lambda: dgl.rand_graph(2, 5),
        lambda: dgl.rand_graph(-1, 0),
        lambda: dgl.rand_bipartite("u", "r", "i", 1, 2, 3),
    ):
        with pytest.raises(OptionError):
            draw()


def test_columns_of_one_name_have_to_be_alike():
    for data in ("ndata", "edata"):
        first, second = pair()
        getattr(second, data)["x"] = getattr(second, data)["x" if data == "ndata" else "w"].long()
        getattr(first, data)["x"] = getattr(first, data)["x" if data == "ndata" else "w"]
        for graphs in ([first, second], [second, first]):
            with pytest.raises(ShapeError, match='"x"'):
                dgl.merge(graphs)
