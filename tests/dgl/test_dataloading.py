"""Samplers for mini-batches and loaders: what batches hold, how they follow the seed, and that models learn from them."""

import threading

import numpy as np
import pytest
import torch
from torch.nn import functional

import weft.dgl as dgl
from tests.dgl.graphs_of_dgl import messy, typed
from tests.dgl.programs.seeded import communities
from weft.errors import FeatureError, IdError, OptionError

L = dgl.dataloading


def social(num_nodes=200, num_edges=1200):
    labels, source, target = communities(np.random.RandomState(5), num_nodes, 3, num_edges)
    g = dgl.to_bidirected(dgl.graph((source, target), num_nodes=num_nodes))
    g.ndata["label"] = labels
    g.ndata["feat"] = functional.one_hot(labels, 8) * 0.5 + torch.as_tensor(
        np.random.RandomState(6).standard_normal((num_nodes, 8)).astype(np.float32)
    )
    return g


def epoch_of(loader):
    return [[batch[0].tolist(), batch[1].tolist(), [b.edata[dgl.EID].tolist() for b in batch[-1]]] for batch in loader]


@pytest.mark.parametrize("options", [{}, {"num_workers": 1}, {"num_workers": 3}, {"use_prefetch_thread": True}])
def test_epochs_follow_the_seed_on_any_number_of_threads(options):
    g = social()
    epochs = []
    for seed in (7, 7, 8):
        dgl.seed(seed)
        loader = L.DataLoader(g, torch.arange(100), L.NeighborSampler([3, 3]), batch_size=30, shuffle=True, **options)
        epochs.append([epoch_of(loader), epoch_of(loader)])
    assert epochs[0] == epochs[1] != epochs[2]
    assert epochs[0][0] != epochs[0][1]
    dgl.seed(7)
    alone = L.DataLoader(g, torch.arange(100), L.NeighborSampler([3, 3]), batch_size=30, shuffle=True)
    assert epoch_of(alone) == epochs[0][0]


def test_a_generator_of_ones_own_seeds_the_epochs():
    g = social()
    loaders = [
        L.DataLoader(
            g, torch.arange(50), L.NeighborSampler([2]), batch_size=9, generator=torch.Generator().manual_seed(3)
        )
        for _ in range(2)
    ]
    first = epoch_of(loaders[0])
    torch.rand(5)
    assert epoch_of(loaders[1]) == first


def test_processes_share_an_epoch(monkeypatch):
    g = social()
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    taken = []
    for rank in range(2):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
        options = {"batch_size": 16, "shuffle": True, "use_ddp": True, "ddp_seed": 3}
        loader = L.DataLoader(g, torch.arange(112), L.NeighborSampler([2]), **options)
        epochs = [[batch[1].tolist() for batch in loader] for _ in range(2)]
        assert len(loader) == 3
        assert epochs[0] != epochs[1]
        taken.append([[node for batch in epoch for node in batch] for epoch in epochs])
    for epoch in range(2):
        assert len(taken[0][epoch]) == len(taken[1][epoch]) == 48
        assert not set(taken[0][epoch]) & set(taken[1][epoch])


def test_every_item_comes_once_and_blocks_fit_together():
    g = social()
    loader = L.DataLoader(g, torch.randperm(200)[:150], L.NeighborSampler([4, 3, 2]), batch_size=64, shuffle=True)
    seen = []
    for input_nodes, output_nodes, blocks in loader:
        seen.append(output_nodes)
        assert torch.equal(blocks[0].srcdata[dgl.NID], input_nodes)
        assert torch.equal(blocks[-1].dstdata[dgl.NID], output_nodes)
        for block, after, fanout in zip(blocks, [*blocks[1:], None], (4, 3, 2), strict=True):
            assert block.is_block
            targets = block.dstdata[dgl.NID]
            assert torch.equal(block.srcdata[dgl.NID][: targets.shape[0]], targets)
            if after is not None:
                assert torch.equal(targets, after.srcdata[dgl.NID])
            assert torch.equal(block.in_degrees(), g.in_degrees(targets).clamp(max=fanout))
            u, v = block.edges()
            whole = g.find_edges(block.edata[dgl.EID])
            assert torch.equal(block.srcdata[dgl.NID][u], whole[0])
            assert torch.equal(targets[v], whole[1])
            assert torch.equal(block.srcdata["feat"], g.ndata["feat"][block.srcdata[dgl.NID]])
    assert len(seen) == len(loader) == 3
    assert torch.cat(seen).unique().shape == (150,)


def test_columns_are_taken_only_when_they_are_read():
    g = social()
    _, _, (block,) = L.NeighborSampler([2]).sample(g, torch.arange(9))
    held = dict(block._nodes[0].held())
    assert not isinstance(held["feat"], torch.Tensor)
    with block.local_scope():
        block.srcdata["own"] = block.srcdata["feat"] * 2
    assert block.srcdata["feat"] is block.srcdata["feat"]
    assert "own" not in block.srcdata
    moved = L.NeighborSampler([2]).sample(g, torch.arange(9))[2][0].to("cpu")
    assert moved.dstdata["label"].tolist() == g.ndata["label"][:9].tolist()
    part = g.subgraph([5, 3]).subgraph([1])
    assert part.node_attr_schemes()["feat"].shape == (8,)
    assert torch.equal(part.ndata["feat"], g.ndata["feat"][3:4])


def test_threads_may_read_columns_of_a_part_of_a_part():
    whole = social()
    for _ in range(20):
        g = whole.subgraph(torch.arange(199, -1, -1))  # whose columns nobody has read yet
        loader = L.DataLoader(
            g, torch.arange(200), L.NeighborSampler([2], prefetch_node_feats=["feat"]), batch_size=20, num_workers=4
        )
        for nodes, _, (block,) in loader:
            assert torch.equal(block.srcdata["feat"], whole.ndata["feat"][199 - nodes])


def test_an_epoch_that_is_left_early_leaves_no_threads():
    g = social()
    before = threading.active_count()
    for _ in range(20):
        loader = L.DataLoader(g, torch.arange(200), L.NeighborSampler([5, 5]), batch_size=8, num_workers=2)
        for _batch in loader:
            break
    del loader, _batch
    assert threading.active_count() == before


def test_an_error_of_a_sampler_comes_out_where_its_batch_would():
    loader = L.DataLoader(social(), torch.tensor([0, 1, 999]), L.NeighborSampler([1]), batch_size=2, num_workers=1)
    batches = iter(loader)
    next(batches)
    with pytest.raises(IdError, match="999"):
        next(batches)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda g: L.DataLoader(g, [0], L.NeighborSampler([1]), batch_size=0), OptionError, "batch_size"),
        (lambda g: L.DataLoader(g, [0], L.NeighborSampler([1]), num_workers=-1), OptionError, "num_workers"),
        (lambda g: L.DataLoader(g, [0], L.NeighborSampler([1]), bacth_size=3), OptionError, "bacth_size"),
        (lambda g: L.DataLoader(g, [0], L.NeighborSampler([1]), use_ddp=True), OptionError, "init_process_group"),
        (lambda g: L.NeighborSampler([1]).sample(g, [1, 1]), OptionError, "each seed once"),
        (lambda g: L.NeighborSampler([1], edge_dir="out").sample(g, [0]), IdError, "dst_nodes"),
        (lambda g: L.NeighborSampler([1], prob="no").sample(g, [0]), FeatureError, '"no"'),
        (lambda g: L.LaborSampler([1], importance_sampling=-1), OptionError, "LABOR-0"),
        (lambda g: L.LaborSampler([1], batch_dependency=8), OptionError, "batch_dependency"),
        (lambda g: L.SAINTSampler("forest", 1), OptionError, "node, edge, walk"),
        (lambda g: L.ClusterGCNSampler(g, 2, balance_edges=True), OptionError, "balance_edges"),
        (lambda g: L.ClusterGCNSampler(g, 2).sample(g, [2]), IdError, "parts from 0 to 1"),
        (lambda g: L.as_edge_prediction_sampler(3), OptionError, "a sampler of nodes"),
        (lambda g: L.find_exclude_eids(g, [0], "reverse_id"), OptionError, "reverse_eids"),
        (lambda g: L.find_exclude_eids(g, [0], "reverse_types"), OptionError, "reverse_etypes"),
        (lambda g: L.negative_sampler.Uniform(-1), OptionError, "from 0"),
        (lambda g: L.negative_sampler.Uniform(1)(g, [77]), IdError, "77"),
        (lambda g: L.NodeCollator(g, [0], None), OptionError, "DataLoader"),
        (lambda g: L.DistDataLoader(g), OptionError, "use_ddp"),
        (lambda g: L.GraphDataLoader([g]).set_epoch(1), OptionError, "use_ddp"),
        (lambda g: L.GraphCollator().collate([(g, 1), (g,)]), OptionError, "as many parts"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_an_error(call, error, says):
    with pytest.raises(error) as caught:
        call(messy())
    assert isinstance(caught.value, dgl.DGLError)
    assert says in str(caught.value)


def test_abstract_samplers_ask_to_be_written():
    for ask in (lambda: L.Sampler().sample(None, None), lambda: L.BlockSampler().sample(None, None)):
        with pytest.raises(NotImplementedError, match="has to say"):
            ask()


@pytest.mark.parametrize("exclude", ["self", "reverse_id"])
def test_edges_to_be_predicted_are_never_drawn(exclude):
    g = social()
    ends = g.edges()
    reverse = g.edge_ids(ends[1], ends[0])
    sampler = L.as_edge_prediction_sampler(
        L.NeighborSampler([5, 5]), exclude=exclude, reverse_eids=reverse, negative_sampler=L.negative_sampler.Uniform(3)
    )
    loader = L.DataLoader(g, torch.arange(g.num_edges()), sampler, batch_size=100, shuffle=True, num_workers=2)
    for input_nodes, pairs, negatives, blocks in loader:
        ids = pairs.edata[dgl.EID]
        nodes = pairs.ndata[dgl.NID]
        assert torch.equal(torch.stack([nodes[end] for end in pairs.edges()]), torch.stack(g.find_edges(ids)))
        assert torch.equal(negatives.ndata[dgl.NID], nodes)
        assert torch.equal(nodes[negatives.edges()[0]], g.find_edges(ids)[0].repeat_interleave(3))
        assert torch.equal(blocks[-1].dstdata[dgl.NID], nodes)
        assert torch.equal(blocks[0].srcdata[dgl.NID], input_nodes)
        drawn = torch.cat([block.edata[dgl.EID] for block in blocks])
        assert not torch.isin(drawn, ids).any()
        assert bool(torch.isin(drawn, reverse[ids]).any()) == (exclude == "self")


def test_reverse_types_are_left_out_of_a_typed_graph():
    u, i = torch.randint(20, (2, 200), generator=torch.Generator().manual_seed(1))
    g = dgl.heterograph({("user", "rates", "item"): (u, i), ("item", "rated-by", "user"): (i, u)})
    sampler = L.as_edge_prediction_sampler(
        L.NeighborSampler([3, 3]), exclude="reverse_types", reverse_etypes={"rates": "rated-by", "rated-by": "rates"},
        negative_sampler=L.negative_sampler.GlobalUniform(1),
    )  # fmt: skip
    for _, pairs, negatives, blocks in L.DataLoader(
        g, {"rates": torch.arange(200)}, sampler, batch_size=32, shuffle=True
    ):
        ids = pairs.edges["rates"].data[dgl.EID]
        for block in blocks:
            for etype in ("rates", "rated-by"):
                assert not torch.isin(block.edges[etype].data[dgl.EID], ids).any()
        ends = [
            negatives.nodes[kind].data[dgl.NID][end]
            for kind, end in zip(("user", "item"), negatives.edges(etype="rates"), strict=True)
        ]
        assert not g.has_edges_between(*ends, etype="rates").any()


def test_labor_meets_fewer_nodes_and_weighs_edges():
    g = social()
    met = [len(sampler([5, 5]).sample(g, torch.arange(50))[0]) for sampler in (L.LaborSampler, L.NeighborSampler)]
    assert met[0] < met[1]
    g.edata["w"] = torch.rand(g.num_edges()) + 0.5
    _, _, blocks = L.LaborSampler([5, 5], prob="w").sample(g, torch.arange(50))
    for block in blocks:
        means = torch.zeros(block.num_dst_nodes()).index_add_(0, block.edges()[1], block.edata["edge_weights"])
        assert torch.allclose(means, block.in_degrees().float(), rtol=1e-4)
    sampler = L.LaborSampler([3], layer_dependency=True)
    sampler.set_seed(4)
    first = sampler.sample(g, torch.arange(50))[0]
    assert torch.equal(sampler.sample(g, torch.arange(50))[0], first)


@pytest.mark.parametrize(("mode", "budget"), [("node", 40), ("edge", 30), ("walk", (10, 3))])
def test_saint_gives_induced_graphs_that_differ(mode, budget):
    g = social()
    loader = L.DataLoader(g, torch.arange(4), L.SAINTSampler(mode, budget, prefetch_ndata=["feat"]), num_workers=1)
    nodes = []
    for part in loader:
        ids = part.ndata[dgl.NID]
        nodes.append(ids.tolist())
        assert part.num_edges() == g.subgraph(ids).num_edges()
        assert torch.equal(part.ndata["feat"], g.ndata["feat"][ids])
        assert len(ids) <= (40 if mode != "edge" else 60)
    assert len({str(each) for each in nodes}) == 4


def test_clusters_cover_the_graph():
    g = social()
    sampler = L.ClusterGCNSampler(g, 10, prefetch_ndata=["label"])
    parts = list(L.DataLoader(g, torch.arange(10), sampler, batch_size=3, shuffle=True))
    assert sorted(torch.cat([part.ndata[dgl.NID] for part in parts]).tolist()) == list(range(200))
    assert all(torch.equal(part.ndata["label"], g.ndata["label"][part.ndata[dgl.NID]]) for part in parts)


def test_capped_samplers_keep_so_many_nodes():
    g = social()
    nodes, seeds, part = L.CappedNeighborSampler([5, 5], 10, False).sample(g, torch.arange(4))
    assert torch.equal(nodes[:4], seeds)
    assert 4 < part.num_nodes() <= 24
    h = typed()
    nodes, _, part = L.CappedNeighborSampler([-1], 1, True, prefetch_node_feats={"u": ["x"]}).sample(
        h, {"i": [0, 1, 2]}
    )
    assert part.num_nodes() == 4
    assert isinstance(part.nodes["u"].data["x"], dgl.LazyFeature)


def test_shadow_starts_with_the_seeds_and_leaves_edges_out():
    g = social()
    nodes, seeds, part = L.ShaDowKHopSampler([3, 3]).sample(
        g, torch.tensor([9, 4]), exclude_eids=g.in_edges(4, form="eid")
    )
    assert torch.equal(nodes[:2], seeds)
    assert part.in_degrees(1) == 0
    assert torch.equal(part.ndata[dgl.NID], nodes)


def test_data_of_other_places_comes_along():
    class Own(L.Sampler):
        def sample(self, g, indices):
            part = g.subgraph(indices)
            part.ndata["other"] = dgl.LazyFeature("feat", indices.flip(0))
            return part, {"rows": dgl.LazyFeature("table", indices)}

    g = social()
    loader = L.DataLoader(g, torch.arange(6), Own(), batch_size=4)
    loader.attach_data("table", np.arange(400.0).reshape(200, 2))
    part, more = next(iter(loader))
    assert torch.equal(part.ndata["other"], g.ndata["feat"][torch.tensor([3, 2, 1, 0])])
    assert more["rows"].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_cpu_affinity_says_that_it_does_nothing():
    loader = L.DataLoader(social(), torch.arange(4), L.NeighborSampler([1]))
    with pytest.warns(dgl.DGLWarning, match="no effect"), loader.enable_cpu_affinity():
        assert len(list(loader)) == 4
    with loader.enable_cpu_affinity(verbose=False):
        pass


def test_graph_loaders_give_the_same_in_threads():
    items = [(dgl.rand_graph(4, 6), at) for at in range(7)]
    found = [
        [labels.tolist() for _, labels in L.GraphDataLoader(items, batch_size=3, num_workers=count)] for count in (0, 2)
    ]
    assert found[0] == found[1] == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_model_learns_from_random_neighbours():
    dgl.seed(0)
    g = social()
    model = torch.nn.ModuleList([dgl.nn.SAGEConv(8, 16, "mean"), dgl.nn.SAGEConv(16, 3, "mean")])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    sampler = L.NeighborSampler([5, 5], prefetch_node_feats=["feat"], prefetch_labels=["label"])
    loader = L.DataLoader(g, torch.arange(150), sampler, batch_size=32, shuffle=True, num_workers=1)
    for _ in range(12):
        for _inputs, _outputs, blocks in loader:
            h = model[1](blocks[1], model[0](blocks[0], blocks[0].srcdata["feat"]).relu())
            loss = functional.cross_entropy(h, blocks[-1].dstdata["label"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    h = model[1](g, model[0](g, g.ndata["feat"]).relu())
    assert (h.argmax(1) == g.ndata["label"])[150:].float().mean() > 0.6  # a third by chance


def test_links_are_told_from_random_negatives():
    dgl.seed(0)
    g = social()
    reverse = g.edge_ids(*reversed(g.edges()))
    model = torch.nn.ModuleList([dgl.nn.SAGEConv(8, 16, "mean"), dgl.nn.SAGEConv(16, 16, "mean")])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    sampler = L.as_edge_prediction_sampler(
        L.NeighborSampler([5, 5], prefetch_node_feats=["feat"]), exclude="reverse_id", reverse_eids=reverse,
        negative_sampler=L.negative_sampler.Uniform(1),
    )  # fmt: skip
    losses = []
    for _ in range(5):
        for _inputs, pairs, negatives, blocks in L.DataLoader(
            g, torch.arange(g.num_edges()), sampler, batch_size=256, shuffle=True
        ):
            h = model[1](blocks[1], model[0](blocks[0], blocks[0].srcdata["feat"]).relu())
            scores = torch.cat([(h[part.edges()[0]] * h[part.edges()[1]]).sum(1) for part in (pairs, negatives)])
            wanted = torch.cat([torch.ones(pairs.num_edges()), torch.zeros(negatives.num_edges())])
            losses.append(functional.binary_cross_entropy_with_logits(scores, wanted))
            optimizer.zero_grad()
            losses[-1].backward()
            optimizer.step()
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
