"""One row a graph, compared with loops over the graphs."""

import pytest
import torch

import weft.dgl as dgl
from weft.errors import FeatureError, IdError, OptionError, ShapeError

COUNTS = [4, 0, 1, 3]
REDUCE = {
    "sum": lambda x: x.sum(0),
    "mean": lambda x: x.mean(0),
    "max": lambda x: x.amax(0),
    "min": lambda x: x.amin(0),
}


def batch(idtype=torch.int64):
    graphs = [dgl.graph((range(count), [0] * count), num_nodes=count, idtype=idtype) for count in COUNTS]
    made = dgl.batch(graphs)
    generator = torch.Generator().manual_seed(0)
    made.ndata["x"] = torch.randn(8, 3, generator=generator, dtype=torch.float64)
    made.ndata["w"] = torch.rand(8, 1, generator=generator, dtype=torch.float64)
    made.edata["x"], made.edata["w"] = made.ndata["x"] * 2, made.ndata["w"]
    return made


def by_graph(x, reduce):
    return torch.stack([reduce(part) if part.shape[0] else x.new_zeros(x.shape[1:]) for part in x.split(COUNTS)])


@pytest.mark.parametrize("op", REDUCE)
@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("idtype", [torch.int32, torch.int64])
def test_readout_reduces_each_graph(op, weight, idtype):
    graph = batch(idtype)
    for read, data in ((dgl.readout_nodes, graph.ndata), (dgl.readout_edges, graph.edata)):
        x = data["x"] * (data[weight] if weight else 1)
        torch.testing.assert_close(read(graph, "x", weight, op=op), by_graph(x, REDUCE[op]))


@pytest.mark.parametrize("op", ["sum", "mean", "max"])
def test_named_readouts_are_readouts(op):
    graph = batch()
    for what, read in (("nodes", dgl.readout_nodes), ("edges", dgl.readout_edges)):
        named = getattr(dgl, f"{op}_{what}")
        assert torch.equal(named(graph, "x"), read(graph, "x", op=op))
        assert torch.equal(named(graph, "x", "w"), read(graph, "x", "w", op=op))


def test_a_single_graph_is_a_batch_of_one():
    graph = dgl.graph(([0], [1]))
    graph.ndata["h"] = torch.tensor([1.0, 3.0])
    assert dgl.mean_nodes(graph, "h").tolist() == [2.0]


def test_a_graph_without_nodes_gets_zero():
    graph = dgl.graph(([], []))
    graph.ndata["h"] = torch.zeros(0, 2)
    for read in (dgl.sum_nodes, dgl.mean_nodes, dgl.max_nodes):
        assert read(graph, "h").tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("op", REDUCE)
def test_gradients_of_weighted_readouts(op):
    graph = batch()
    x, w = (graph.ndata[name].clone().requires_grad_() for name in "xw")

    def read(x, w):
        graph.ndata.update(x=x, w=w)
        return dgl.readout_nodes(graph, "x", "w", op=op)

    assert torch.autograd.gradcheck(read, (x, w))


def test_softmax_runs_over_each_graph():
    graph = batch()
    for take, data in ((dgl.softmax_nodes, graph.ndata), (dgl.softmax_edges, graph.edata)):
        expected = torch.cat([part.softmax(0) for part in data["x"].split(COUNTS)])
        torch.testing.assert_close(take(graph, "x"), expected)


def test_broadcast_gives_each_row_that_of_its_graph():
    rows = torch.arange(8.0).reshape(4, 2)
    expected = torch.cat([row.expand(count, 2) for row, count in zip(rows, COUNTS, strict=True)])
    graph = batch()
    assert torch.equal(dgl.broadcast_nodes(graph, rows), expected)
    assert torch.equal(dgl.broadcast_edges(graph, rows), expected)
    with pytest.raises(ShapeError, match="4 graphs"):
        dgl.broadcast_nodes(graph, rows[:1])


def test_a_single_graph_broadcasts_a_bare_row():
    graph = dgl.graph(([0], [1]))
    assert dgl.broadcast_nodes(graph, torch.tensor([1.0, 2.0])).tolist() == [[1.0, 2.0]] * 2
    assert dgl.broadcast_nodes(graph, torch.tensor(5.0)).tolist() == [5.0, 5.0]


@pytest.mark.parametrize("k", [0, 1, 3, 6])
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sortby", [None, 0, -1])
def test_topk_ranks_within_each_graph(k, descending, sortby):
    graph = batch()
    for take, data in ((dgl.topk_nodes, graph.ndata), (dgl.topk_edges, graph.edata)):
        values, ids = take(graph, "x", k, descending=descending, sortby=sortby)
        assert values.shape == (4, k, 3)
        assert ids.shape == ((4, k, 3) if sortby is None else (4, k))
        for at, part in enumerate(data["x"].split(COUNTS)):
            keys = part if sortby is None else part[:, sortby]
            order = keys.argsort(dim=0, descending=descending, stable=True)[:k]
            expected = part.gather(0, order) if sortby is None else part[order]
            found = min(k, part.shape[0])
            assert torch.equal(values[at, :found], expected)
            assert torch.equal(ids[at, :found], order)
            assert not values[at, found:].any()
            assert all(row.eq(rank).all() for rank, row in enumerate(ids[at]) if rank >= found)


def test_topk_of_numbers_and_of_no_nodes():
    graph = dgl.batch([dgl.graph(([0], [1])), dgl.graph(([], []))])
    graph.ndata["h"] = torch.tensor([1.0, 2.0])
    values, ids = dgl.topk_nodes(graph, "h", 2)
    assert values.tolist() == [[2.0, 1.0], [0.0, 0.0]]
    assert ids.tolist() == [[1, 0], [0, 1]]
    empty = dgl.graph(([], []))
    empty.ndata["h"] = torch.zeros(0, 2)
    assert dgl.topk_nodes(empty, "h", 1, sortby=0)[0].tolist() == [[[0.0, 0.0]]]


@pytest.mark.parametrize("sortby", [None, 1])
def test_gradients_of_topk(sortby):
    graph = batch()

    def read(x):
        graph.ndata["x"] = x
        return dgl.topk_nodes(graph, "x", 2, sortby=sortby)[0]

    assert torch.autograd.gradcheck(read, graph.ndata["x"].clone().requires_grad_())


def test_types_are_read_by_name():
    one = dgl.heterograph({("u", "r", "i"): ([0, 1], [1, 1])})
    one.nodes["u"].data["h"], one.edges["r"].data["w"] = torch.ones(2), torch.arange(2.0)
    both = dgl.batch([one, one])
    assert dgl.sum_nodes(both, "h", ntype="u").tolist() == [2.0, 2.0]
    assert dgl.sum_edges(both, "w").tolist() == [1.0, 1.0]
    assert dgl.max_edges(both, "w", etype=("u", "r", "i")).tolist() == [1.0, 1.0]
    with pytest.raises(OptionError, match="expected the name of a node type"):
        dgl.sum_nodes(both, "h")
    with pytest.raises(FeatureError):
        dgl.sum_edges(both, "w", etype="none")


def test_what_cannot_be_read_is_an_error():
    graph = batch()
    graph.ndata["cube"], graph.ndata["s"] = torch.ones(8, 2, 2), torch.ones(8)
    with pytest.raises(KeyError):
        dgl.sum_nodes(graph, "none")
    with pytest.raises(OptionError, match="one of sum, mean, max, min"):
        dgl.readout_nodes(graph, "x", op="prod")
    with pytest.raises(ShapeError, match=r"make \(8, 1\)"):
        dgl.sum_nodes(graph, "x", "s")
    with pytest.raises(OptionError, match="dimension"):
        dgl.topk_nodes(graph, "cube", 1)
    with pytest.raises(OptionError, match="at least 0"):
        dgl.topk_nodes(graph, "x", -1)
    with pytest.raises(IdError):
        dgl.topk_nodes(graph, "x", 1, sortby=3)
