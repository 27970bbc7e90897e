"""Batches of neighbours: blocks, graphs, types, times, what is left out, and layers that run on them."""

import pytest
import torch

import weft
from weft.errors import DeviceError, DtypeError, FeatureError, IdError, OptionError
from weft.nn import SAGEConv
from weft.ops import using
from weft.sampling import LaborSampler, NeighborSampler


def cora_like(num_nodes=300, num_edges=2500):
    generator = torch.Generator().manual_seed(0)
    ends = torch.randint(num_nodes, (2, num_edges), generator=generator)
    graph = weft.Graph(*ends, num_nodes=num_nodes)
    graph.nodes["x"] = torch.randn(num_nodes, 8, generator=generator)
    graph.edges["w"] = torch.rand(num_edges, generator=generator) * (torch.arange(num_edges) % 3 > 0)
    graph.edges["t"] = torch.randint(100, (num_edges,), generator=generator)
    return graph


def shop():
    graph = weft.Graph(
        {
            ("user", "rates", "item"): ([0, 0, 1, 3], [1, 2, 2, 0]),
            ("item", "rated", "user"): ([1, 2, 2, 0], [0, 0, 1, 3]),
        },
        num_nodes={"user": 5, "item": 3, "brand": 2},
    )
    graph["rates"]["t"] = [1, 5, 9, 2]
    return graph


def assert_true(graph, part, node_ids, edge_ids):
    """Edges of a part are edges of the graph."""
    for name, adjacency in part.items():
        whole = graph.edge_sets[name].adjacency
        assert torch.equal(whole.source[edge_ids[name]], node_ids[name[0]][adjacency.source.long()])
        assert torch.equal(whole.target[edge_ids[name]], node_ids[name[2]][adjacency.target.long()])


def test_blocks_narrow_down_to_the_seeds():
    graph = cora_like()
    batch = NeighborSampler(graph, [3, 5]).sample([7, 9, 250])
    outer, inner = batch.blocks
    assert inner.target_ids().tolist() == [7, 9, 250]
    assert torch.equal(outer.target_ids(), inner.node_ids["node"])
    assert torch.equal(outer.node_ids["node"], batch.node_ids["node"])
    for block, fanout in ((outer, 5), (inner, 3)):
        assert_true(graph, block.adjacencies, block.node_ids, block.edge_ids)
        degree = graph.adjacency.in_degrees()[block.target_ids()]
        assert torch.equal(block.adjacency.in_degrees(), degree.clamp(max=fanout))
    assert batch.hop_sizes["node"] == (3, inner.num_sources["node"], outer.num_sources["node"])


def test_all_neighbours_give_what_the_whole_graph_gives():
    torch.manual_seed(0)
    graph, layers = cora_like(), [SAGEConv(8, 16, "mean"), SAGEConv(16, 4, "mean")]
    whole = graph.nodes["x"]
    for layer in layers:
        whole = layer(graph, whole)
    seeds = torch.tensor([5, 17, 5, 280])
    batch = NeighborSampler(graph, [-1, -1]).sample(seeds)
    x = graph.nodes["x"][batch.node_ids["node"]]
    for layer, block in zip(layers, batch.blocks, strict=True):
        x = layer(block, x)
    torch.testing.assert_close(x[batch.seed_rows["node"].long()], whole[seeds])
    batch = NeighborSampler(graph, [-1, -1], form="graph").sample(seeds)
    x = graph.nodes["x"][batch.node_ids["node"]]
    for layer in layers:
        x = layer(batch.graph, x)
    torch.testing.assert_close(x[batch.seed_rows["node"].long()], whole[seeds])


def test_a_batch_trains():
    graph = cora_like()
    layers = torch.nn.ModuleList([SAGEConv(8, 16, "mean"), SAGEConv(16, 4, "mean")])
    batch = NeighborSampler(graph, [4, 4]).sample(range(32))
    x = graph.nodes["x"][batch.node_ids["node"]]
    for layer, block in zip(layers, batch.blocks, strict=True):
        x = layer(block, x).relu()
    x.square().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in layers.parameters())


def test_a_graph_holds_what_each_node_drew_once():
    graph = cora_like()
    batch = NeighborSampler(graph, [4, 3, 2], form="graph").sample([1, 2, 3, 4])
    assert_true(
        graph, {name: of.adjacency for name, of in batch.graph.edge_sets.items()}, batch.node_ids, batch.edge_ids
    )
    sizes, name = batch.hop_sizes["node"], graph.edge_types[0]
    degree = batch.graph.adjacency.in_degrees()
    whole = graph.adjacency.in_degrees()[batch.node_ids["node"]]
    for first, last, fanout in zip((0, *sizes), sizes, (4, 3, 2, 0), strict=False):
        assert torch.equal(degree[first:last], whole[first:last].clamp(max=fanout))
    assert batch.hop_sizes[name][-1] == batch.graph.adjacency.num_edges
    rows, again = batch.graph.adjacency.by_target, weft.Adjacency(
        batch.graph.adjacency.source, batch.graph.adjacency.target, num_sources=sizes[-1], num_targets=sizes[-1]
    ).by_target  # fmt: skip
    assert torch.equal(rows.indptr, again.indptr)
    assert torch.equal(rows.source, again.source)


def test_a_batch_does_not_depend_on_those_before():
    graph = cora_like()
    one, other = NeighborSampler(graph, [3, 3], seed=5), NeighborSampler(graph, [3, 3], seed=5)
    for batch in range(3):
        one.sample([batch], batch=batch)
    again = other.sample([8, 1], epoch=2, batch=7)
    assert torch.equal(one.sample([8, 1], epoch=2, batch=7).node_ids["node"], again.node_ids["node"])
    different = other.sample([8, 1], epoch=2, batch=8), other.sample([8, 1], epoch=3, batch=7)
    assert all(not torch.equal(found.node_ids["node"], again.node_ids["node"]) for found in different)


def test_types_draw_by_their_own_fanouts():
    graph = shop()
    batch = NeighborSampler(graph, [{"rates": 1}, {("item", "rated", "user"): -1, "rates": 2}]).sample({"item": [2, 1]})
    outer, inner = batch.blocks
    assert {name: adjacency.num_edges for name, adjacency in inner.adjacencies.items()} == dict(
        zip(graph.edge_types, (2, 0), strict=True)
    )
    assert inner.num_targets == {"user": 0, "item": 2, "brand": 0}
    assert outer.adjacencies["item", "rated", "user"].num_edges > 0
    for block in batch.blocks:
        assert_true(graph, block.adjacencies, block.node_ids, block.edge_ids)
    assert set(batch.seeds) == {"item"}


@pytest.mark.parametrize("form", ["blocks", "graph"])
def test_no_edge_comes_from_the_future(form):
    graph = cora_like()
    sampler = NeighborSampler(graph, [3, 3], time="t", weight="w", form=form, window=50)
    seeds, times = torch.arange(200), torch.randint(100, (200,), generator=torch.Generator().manual_seed(1))
    batch = sampler.sample(seeds, times=times)
    parts = [(block.adjacency, block.edge_ids) for block in batch.blocks] or [(batch.graph.adjacency, batch.edge_ids)]
    for adjacency, edge_ids in parts:
        age = times[batch.trees["node"][adjacency.target.long()]] - graph.edges["t"][edge_ids[graph.edge_types[0]]]
        assert age.numel() > 100
        assert ((age >= 0) & (age <= 50)).all()


def test_the_latest_edges_come_first():
    graph = weft.Graph([1, 2, 3, 4], [0, 0, 0, 0])
    graph.edges["t"] = [4, 1, 3, 2]
    sampler = NeighborSampler(graph, [2], time="t", choice="recent")
    batch = sampler.sample([0, 0], times=[3, 9])
    found = batch.blocks[0].node_ids["node"][batch.blocks[0].adjacency.source.long()]
    assert found.tolist() == [3, 4, 1, 3]


def test_nodes_are_there_from_their_own_time_on():
    graph = weft.Graph([1, 2, 3], [0, 0, 0])
    graph.nodes["t"] = [0, 5, 9, 1]
    batch = NeighborSampler(graph, [-1], time="t").sample([0], times=[5])
    assert batch.node_ids["node"].tolist() == [0, 3, 1]


def test_excluded_edges_are_not_drawn():
    graph = cora_like()
    seeds = torch.arange(300)
    out = torch.arange(0, 2500, 2)
    for options in ({}, {"weight": "w"}, {"time": "t"}):
        sampler = NeighborSampler(graph, [-1], **options)
        times = {"times": torch.full((300,), 1000)} if options.get("time") else {}
        batch = sampler.sample(seeds, exclude=out, **times)
        drawn = batch.blocks[0].edge_ids[graph.edge_types[0]]
        kept = [edge for edge in range(1, 2500, 2) if "weight" not in options or graph.edges["w"][edge] > 0]
        assert drawn.sort().values.tolist() == kept


@pytest.mark.parametrize(
    "options", [{"weight": "w"}, {"replace": True}, {"time": "t", "choice": "recent"}, {"disjoint": True}, {}]
)
def test_excluded_edges_are_not_drawn_by_fanouts(options):
    graph, seeds = cora_like(), torch.arange(300)
    out = torch.randperm(2500, generator=torch.Generator().manual_seed(2))[:900]
    times = {"times": torch.full((300,), 1000)} if "time" in options else {}
    drawn = NeighborSampler(graph, [2, 2], **options).sample(seeds, exclude=torch.cat((out, out)), **times)
    for block in drawn.blocks:
        assert block.num_edges > 100
        assert not torch.isin(block.edge_ids[graph.edge_types[0]], out).any()


def test_the_latest_of_all_edges_come_in_the_same_order():
    graph = weft.Graph([1, 2, 3, 4], [0, 0, 0, 0])
    graph.edges["t"] = [4, 1, 3, 2]
    for fanout in (-1, 4, 9):
        block = NeighborSampler(graph, [fanout], time="t", choice="recent").sample([0], times=[9]).blocks[0]
        assert block.edge_ids[graph.edge_types[0]].tolist() == [0, 2, 3, 1]


def test_a_batch_keeps_its_seeds():
    seeds = torch.tensor([1, 2])
    batch = NeighborSampler(cora_like(), [2]).sample(seeds)
    seeds[0] = 7
    assert batch.seeds["node"].tolist() == [1, 2]


def test_without_ids_of_edges_the_same_is_drawn():
    graph = cora_like()
    with_ids, without = (NeighborSampler(graph, [3], keeps_edges=kept).sample([4, 5]) for kept in (True, False))
    assert torch.equal(with_ids.node_ids["node"], without.node_ids["node"])
    assert dict(without.blocks[0].edge_ids) == {}


def test_batches_move_and_are_pytrees():
    batch = NeighborSampler(shop(), [2, 2], form="graph", disjoint=True).sample({"item": [2]})
    leaves, spec = torch.utils._pytree.tree_flatten(batch)
    assert torch.utils._pytree.tree_unflatten(leaves, spec).hop_sizes == batch.hop_sizes
    assert batch.to("meta").trees["user"].is_meta


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: NeighborSampler(cora_like(), [3], weight="x"), FeatureError, "`weight` to name"),
        (lambda: NeighborSampler(cora_like(), [3], choice="source"), OptionError, "`choice`"),
        (lambda: NeighborSampler(cora_like(), [3], form="trees"), OptionError, "`form`"),
        (lambda: NeighborSampler(shop(), [{"buys": 3}]), FeatureError, "buys"),
        (lambda: NeighborSampler(shop(), [{"user": 3}]), FeatureError, "user"),
        (lambda: NeighborSampler(shop(), [{"rates": 3, ("user", "rates", "item"): 2}]), FeatureError, "once at most"),
        (lambda: NeighborSampler(shop(), [2]).sample({"item": [1]}, exclude={"user": [1]}), FeatureError, "user"),
        (lambda: NeighborSampler(cora_like(), [3], time="x0"), FeatureError, "`time` to name"),
        (lambda: NeighborSampler(cora_like(), 5), OptionError, "NeighborSampler: expected a sequence"),
        (lambda: NeighborSampler(cora_like(), [-2]), OptionError, "NeighborSampler: expected `fanouts`"),
        (lambda: NeighborSampler(cora_like(), [2.5]), OptionError, "NeighborSampler: expected `fanouts`"),
        (lambda: NeighborSampler(cora_like(), [2], window=4), OptionError, "NeighborSampler: .*`window`"),
        (lambda: NeighborSampler(cora_like(), [2], seed=2**70), OptionError, "NeighborSampler: expected `seed`"),
        (lambda: NeighborSampler(cora_like().to("meta"), [3]), DeviceError, "on the CPU"),
        (lambda: NeighborSampler(cora_like(), [3]).sample([300]), IdError, "300 at position 0"),
        (lambda: NeighborSampler(cora_like(), [3]).sample([0.5]), DtypeError, "integers"),
        (lambda: NeighborSampler(cora_like(), [3]).sample(torch.ones(300) > 0), DtypeError, "nonzero"),
        (lambda: NeighborSampler(cora_like(), [3]).sample([1], times=[1]), OptionError, "no `times`"),
        (lambda: NeighborSampler(cora_like(), [3], time="t").sample([1]), OptionError, "`times` of the seeds"),
        (lambda: NeighborSampler(cora_like(), [3]).sample([1], exclude=[2500]), IdError, "2500 edges"),
        (lambda: NeighborSampler(shop(), [3]).sample([1]), OptionError, "`seeds` for each node type"),
        (lambda: NeighborSampler(shop(), [3]).sample({"shop": [1]}), FeatureError, "shop"),
    ],
)  # fmt: skip
def test_bad_arguments_are_told(make, error, text):
    with pytest.raises(error, match=text):
        make()


@pytest.mark.parametrize("disjoint", [False, True])
def test_an_induced_graph_has_all_edges_between_what_was_met(disjoint):
    graph = cora_like(60, 600)
    sampler = NeighborSampler(graph, [3, 2], form="induced", disjoint=disjoint)
    batch = sampler.sample([7, 9, 25])
    name = graph.edge_types[0]
    part, ids = batch.graph.adjacency, batch.node_ids["node"]
    assert_true(graph, {name: part}, batch.node_ids, batch.edge_ids)
    whole = graph.adjacency
    trees = batch.trees.get("node", torch.zeros_like(ids))
    expected = sum(
        int((torch.isin(whole.source, ids[trees == tree]) & torch.isin(whole.target, ids[trees == tree])).sum())
        for tree in trees.unique()
    )
    assert part.num_edges == expected
    assert torch.equal(ids[batch.seed_rows["node"].long()], torch.tensor([7, 9, 25]))
    assert batch.hop_sizes["node"][0] == 3
    alone = NeighborSampler(graph, [], form="induced").sample(range(60))
    assert alone.graph.num_edges == graph.num_edges


@pytest.mark.parametrize("typed", [False, True])
def test_layers_of_a_graph_need_less_and_less(typed):
    torch.manual_seed(0)
    graph = shop() if typed else cora_like()
    seeds = {"item": [0, 2], "user": [1]} if typed else [4, 8, 4]
    fanouts = [2, 3, 2]
    if typed:
        graph = weft.Graph({name: graph.edge_sets[name].adjacency for name in graph.edge_types}, num_nodes={
            kind: nodes.count for kind, nodes in graph.node_sets.items()})  # fmt: skip
    batch = NeighborSampler(graph, fanouts, form="graph").sample(seeds)
    whole = {kind: torch.randn(ids.shape[0], 4, dtype=torch.float64) for kind, ids in batch.node_ids.items()}
    part = dict(whole)
    for layer in range(3):
        trimmed = batch.trimmed(layer)
        for name in graph.edge_types:
            assert trimmed.edge_sets[name].count == batch.hop_sizes[name][3 - layer]
        part = {kind: x[: trimmed.node_sets[kind].count] for kind, x in part.items()}
        whole, part = (
            {
                kind: x + sum(
                    weft.aggregate(of.edge_sets[name].adjacency, values[name[0]])
                    for name in graph.edge_types if name[2] == kind
                )
                for kind, x in values.items()
            }
            for of, values in ((batch.graph, whole), (trimmed, part))
        )  # fmt: skip
    for kind, rows in batch.seed_rows.items():
        torch.testing.assert_close(part[kind][rows.long()], whole[kind][rows.long()])
    with pytest.raises(OptionError, match="a layer from 0 to 2"):
        batch.trimmed(3)
    for form in ("blocks", "induced"):
        with pytest.raises(OptionError, match="hop after hop"):
            NeighborSampler(graph, fanouts, form=form).sample(seeds).trimmed(0)


def test_seeds_of_a_tree_share_its_nodes_and_its_time():
    graph = cora_like(60, 600)
    sampler = NeighborSampler(graph, [-1], time="t", form="graph")
    batch = sampler.sample([3, 9, 9], trees=[0, 0, 1], times=[50, 10])
    assert batch.times["node"].tolist() == [50, 50, 10]
    pairs = torch.stack((batch.trees["node"], batch.node_ids["node"]))
    assert pairs.unique(dim=1).shape == pairs.shape
    edge_time = graph.edges["t"][batch.edge_ids[graph.edge_types[0]]]
    tree = batch.trees["node"][batch.graph.adjacency.target.long()]
    assert (edge_time <= torch.tensor([50, 10])[tree]).all()
    assert (edge_time[tree == 0] > 10).any()
    with pytest.raises(OptionError, match="no `trees`, since seeds share nodes"):
        NeighborSampler(graph, [-1]).sample([3], trees=[0])


@pytest.mark.parametrize("form", ["blocks", "graph", "induced"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (NeighborSampler, {}),
        (NeighborSampler, {"weight": "w", "disjoint": True}),
        (NeighborSampler, {"time": "t", "choice": "recent"}),
        (LaborSampler, {"weight": "w", "shares_layers": True}),
        (LaborSampler, {"time": "t"}),
    ],
)
def test_batches_of_a_gpu_are_those_of_the_cpu(form, kind, options):
    draw = torch.Generator().manual_seed(4)
    graph = weft.Graph(*torch.randint(40, (2, 300), generator=draw), num_nodes=40)
    graph.edges["w"] = torch.rand(300, generator=draw)
    graph.edges["t"] = torch.randint(9, (300,), generator=draw)
    sampler = kind(graph, [4, 3], form=form, **options)
    times = torch.tensor([5, 7, 7]) if "time" in options else None
    expected = sampler.sample([3, 9, 1], epoch=2, batch=5, times=times)
    with using("triton"):
        found = sampler.sample([3, 9, 1], epoch=2, batch=5, times=times)
    assert found.node_ids["node"].equal(expected.node_ids["node"])
    for ours, theirs in zip(found.blocks or [found.graph], expected.blocks or [expected.graph], strict=True):
        assert ours.adjacency.source.equal(theirs.adjacency.source)
        assert ours.adjacency.target.equal(theirs.adjacency.target)
