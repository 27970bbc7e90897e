"""Graphs side by side, and back."""

import pytest
import torch

import weft.dgl as dgl
from weft.errors import DtypeError, FeatureError, IdError, OptionError, ShapeError


def path(num_nodes, shift=0.0, **kwargs):
    made = dgl.graph((range(num_nodes - 1), range(1, num_nodes)), num_nodes=num_nodes, **kwargs)
    made.ndata["x"], made.edata["w"] = torch.arange(num_nodes) + shift, torch.ones(made.num_edges(), 2)
    return made


def shop(users, items):
    made = dgl.heterograph(
        {
            ("user", "rates", "item"): (range(min(users, items)), range(min(users, items))),
            ("user", "follows", "user"): ([0] * (users > 1), [1] * (users > 1)),
        },
        {"user": users, "item": items},
    )
    made.nodes["user"].data["x"] = torch.arange(float(users))
    return made


def same(one, other):
    assert one.ntypes == other.ntypes
    assert one.canonical_etypes == other.canonical_etypes
    assert one.idtype == other.idtype
    for name in one.ntypes:
        assert one.num_nodes(name) == other.num_nodes(name)
        left, right = one.nodes[name].data, other.nodes[name].data
        assert set(left) == set(right)
        assert all(torch.equal(left[key], right[key]) for key in left)
    for name in one.canonical_etypes:
        left, right = one.edges[name].data, other.edges[name].data
        assert set(left) == set(right)
        assert all(torch.equal(left[key], right[key]) for key in left)
        assert all(map(torch.equal, one.edges(etype=name), other.edges(etype=name)))


@pytest.mark.parametrize("idtype", [torch.int32, torch.int64])
def test_nodes_and_edges_stand_graph_after_graph(idtype):
    both = dgl.batch([path(3, idtype=idtype), path(0, idtype=idtype), path(2, 10.0, idtype=idtype)])
    assert both.batch_size == 3
    assert both.idtype == idtype
    assert both.batch_num_nodes().tolist() == [3, 0, 2]
    assert both.batch_num_edges().tolist() == [2, 0, 1]
    assert both.batch_num_nodes().dtype == both.batch_num_edges().dtype == idtype
    assert both.edges()[0].tolist() == [0, 1, 3]
    assert both.edges()[1].tolist() == [1, 2, 4]
    assert both.ndata["x"].tolist() == [0, 1, 2, 10, 11]
    assert both.edata["w"].shape == (3, 2)


def test_a_batch_in_a_batch_counts_as_its_graphs():
    inner = dgl.batch([path(1), path(2)])
    assert dgl.batch([inner, path(4)]).batch_num_nodes().tolist() == [1, 2, 4]


@pytest.mark.parametrize("graphs", [[path(3), path(0), path(2)], [shop(3, 2), shop(1, 1), shop(0, 2)], [path(5)]])
def test_unbatch_gives_back_what_batch_took(graphs):
    for before, after in zip(graphs, dgl.unbatch(dgl.batch(graphs)), strict=True):
        same(before, after)
        assert after.batch_size == 1


def test_types_are_batched_one_by_one():
    both = dgl.batch([shop(3, 2), shop(1, 4)])
    assert both.batch_num_nodes("user").tolist() == [3, 1]
    assert both.batch_num_nodes("item").tolist() == [2, 4]
    assert both.batch_num_edges("rates").tolist() == [2, 1]
    assert both.batch_num_edges("follows").tolist() == [1, 0]
    assert both.edges(etype="rates")[1].tolist() == [0, 1, 2]
    with pytest.raises(OptionError, match="expected the name of a node type"):
        both.batch_num_nodes()


def test_only_named_columns_come_along():
    both = dgl.batch([path(2), path(3)], ndata=None, edata=["w"])
    assert not both.ndata
    assert list(both.edata) == ["w"]
    assert not dgl.batch([path(2), path(3)], ndata=[], edata=None).edata


def test_columns_keep_their_gradients():
    x = torch.ones(2, requires_grad=True)
    one = dgl.graph(([0], [1]))
    one.ndata["h"] = x
    dgl.batch([one, one]).ndata["h"].sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_graphs_that_differ_are_refused():
    bare = dgl.graph(([0], [1]))
    for graphs, error in (
        ([], OptionError),
        (path(2), DtypeError),
        ([path(2), bare], FeatureError),
        ([path(2), path(2).int()], DtypeError),
        ([bare, shop(1, 1)], FeatureError),
        ([dgl.create_block(([0], [0]))], OptionError),
    ):
        with pytest.raises(error):
            dgl.batch(graphs)
    with pytest.raises(FeatureError, match="graph 1 has"):
        dgl.batch([path(2), bare], ndata=["x"])
    with pytest.raises(OptionError, match="a list of names"):
        dgl.batch([path(2)], ndata="x")


def test_numbers_can_be_told():
    flat = dgl.graph(([0, 1, 3], [1, 0, 3]), num_nodes=4)
    flat.set_batch_num_nodes(torch.tensor([2, 2]))
    flat.set_batch_num_edges(torch.tensor([2, 1]))
    assert flat.batch_size == 2
    assert [part.edges()[0].tolist() for part in dgl.unbatch(flat)] == [[0, 1], [1]]


def test_splits_take_a_batch_apart_otherwise():
    both = dgl.batch([path(2), path(0), path(3)])
    assert [part.num_nodes() for part in dgl.unbatch(both, torch.tensor([2, 3]), torch.tensor([1, 2]))] == [2, 3]
    typed = dgl.batch([shop(2, 2), shop(1, 1)])
    parts = dgl.unbatch(typed, {"user": [2, 1], "item": [2, 1]}, {"rates": [2, 1], "follows": [1, 0]})
    same(parts[0], shop(2, 2))


def test_splits_that_do_not_fit_are_refused():
    both = dgl.batch([path(2), path(3)])
    for splits, error in (
        (([2, 3], [1, 1, 1]), OptionError),
        (([2, 4], [1, 2]), ShapeError),
        (([6, -1], [1, 2]), ShapeError),
        (([1, 4], [1, 2]), IdError),
    ):
        with pytest.raises(error):
            dgl.unbatch(both, *map(torch.tensor, splits))
    with pytest.raises(OptionError, match="expected a mapping"):
        dgl.unbatch(dgl.batch([shop(1, 1)]), torch.tensor([1]))
    with pytest.raises(OptionError, match="for each node type"):
        dgl.unbatch(dgl.batch([shop(1, 1)]), {"user": torch.tensor([1])})


@pytest.mark.parametrize("graphs", [[path(3), path(0), path(2)], [shop(3, 2), shop(1, 1)]])
def test_a_slice_is_one_of_the_graphs(graphs):
    both = dgl.batch(graphs)
    for at, graph in enumerate(graphs):
        same(dgl.slice_batch(both, at), graph)
    with pytest.raises(IdError):
        dgl.slice_batch(both, len(graphs))


def test_a_slice_knows_its_old_ids():
    part = dgl.slice_batch(dgl.batch([path(3).int(), path(2).int()]), 1, store_ids=True)
    assert part.ndata[dgl.NID].tolist() == [3, 4]
    assert part.edata[dgl.EID].tolist() == [2]
    assert part.ndata[dgl.NID].dtype is torch.int32


def test_a_batch_is_one_until_its_nodes_change():
    both = dgl.batch([path(2), path(2)])
    assert both.clone().batch_size == both.local_var().batch_size == 2
    both.add_nodes(1)
    assert both.batch_size == 1
    assert both.batch_num_nodes().tolist() == [5]


def test_numbers_of_types_that_were_not_told_are_an_error():
    graph = shop(2, 2)
    graph.set_batch_num_nodes({"user": torch.tensor([1, 1])})
    graph.set_batch_num_edges({"rates": torch.tensor([1, 1])})
    assert graph.batch_num_edges(("user", "rates", "item")).tolist() == [1, 1]
    with pytest.raises(FeatureError, match="item"):
        graph.batch_num_nodes("item")
    with pytest.raises(FeatureError, match="follows"):
        graph.batch_num_edges("follows")
    for tell in (graph.set_batch_num_nodes, graph.set_batch_num_edges):
        with pytest.raises(OptionError, match="expected a mapping"):
            tell(torch.tensor([2]))
