"""Batches of nodes: order, numbers, features, threads, and ways to stop."""

import gc
import os
import signal
import threading
import time
from itertools import chain
from pathlib import Path

import pytest
import torch

import weft
from weft import native
from weft.errors import FeatureError, IdError, OptionError, ShapeError
from weft.loading import Loader
from weft.loading._ahead import ahead
from weft.nn import SAGEConv
from weft.sampling import LinkSampler, Negatives, NeighborSampler, Sampler
from weft.storage import CachedFeatures, FileFeatures, MemoryFeatures


def graph_of(num_nodes=100, num_edges=1000):
    graph = weft.Graph(*torch.randint(num_nodes, (2, num_edges), generator=torch.Generator().manual_seed(0)), num_nodes)
    graph.nodes["x"] = torch.arange(num_nodes * 2.0).reshape(num_nodes, 2)
    graph.nodes["y"] = torch.arange(num_nodes) % 3
    return graph


def loader_of(graph=None, seeds=range(100), **options):
    graph = graph or graph_of()
    sampler = NeighborSampler(graph, [3, 3], time=options.pop("time", None))
    return Loader(sampler, seeds, **{"batch_size": 16, "features": ["x"], "labels": "y", **options})


def seeds_of(batches):
    return [batch.seeds["node"].tolist() for batch in batches]


@pytest.mark.parametrize("drop_last", [False, True])
def test_every_seed_comes_once_an_epoch(drop_last):
    loader = loader_of(shuffle=True, drop_last=drop_last)
    first, second = seeds_of(loader), seeds_of(loader)
    assert len(first) == len(loader) == (6 if drop_last else 7)
    assert [len(seeds) for seeds in first] == [16] * 6 + [4] * (not drop_last)
    assert first != second
    for epoch in (first, second):
        flat = [seed for seeds in epoch for seed in seeds]
        assert len(set(flat)) == len(flat) == (96 if drop_last else 100)


def test_features_and_labels_come_along():
    graph = graph_of()
    for batch in loader_of(graph):
        assert torch.equal(batch.features["node"]["x"], graph.nodes["x"][batch.node_ids["node"]])
        assert torch.equal(batch.labels["node"], batch.seeds["node"] % 3)


@pytest.mark.parametrize("options", [{"prefetch": 0}, {"prefetch": 1}, {"prefetch": 5, "num_threads": 3}])
def test_batches_are_the_same_whoever_makes_them(options):
    expected = [batch.node_ids["node"] for batch in loader_of(shuffle=True, seed=3).batches(2)]
    found = [batch.node_ids["node"] for batch in loader_of(shuffle=True, seed=3, **options).batches(2)]
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    later = [batch.node_ids["node"] for batch in loader_of(shuffle=True, seed=3, **options).batches(2, first=4)]
    assert all(torch.equal(one, other) for one, other in zip(later, expected[4:], strict=True))


def test_ranks_share_an_epoch_and_take_equally_many_steps():
    whole = seeds_of(loader_of(shuffle=True).batches(1))
    parts = [loader_of(shuffle=True, rank=rank, num_ranks=3) for rank in range(3)]
    assert [len(part) for part in parts] == [2, 2, 2]
    assert [
        seeds for step in zip(*(seeds_of(part.batches(1)) for part in parts), strict=True) for seeds in step
    ] == whole[:6]


def test_types_come_in_one_order():
    graph = weft.Graph({("user", "rates", "item"): ([0, 1, 2], [0, 1, 1])}, num_nodes={"user": 30, "item": 20})
    graph["user"]["x"] = torch.arange(30.0)
    sampler = NeighborSampler(graph, [2])
    loader = Loader(sampler, {"item": range(20), "user": range(30)}, batch_size=8, shuffle=True, features=["x"])
    batches = list(loader)
    assert sum(ids.shape[0] for batch in batches for ids in batch.seeds.values()) == 50
    assert any(len(batch.seeds) == 2 for batch in batches)
    assert all("x" in batch.features["user"] and not batch.features["item"] for batch in batches)


def test_times_come_with_their_seeds():
    graph = graph_of()
    graph.edges["t"] = torch.arange(1000)
    times = torch.arange(100) * 10
    for batch in loader_of(graph, times=times, time="t", shuffle=True):
        assert torch.equal(batch.times["node"], batch.seeds["node"] * 10)


def loading_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("weft-loading")]


def interrupted(loader):
    for _ in loader:
        raise KeyboardInterrupt


def test_stopping_early_leaves_no_thread_behind():
    loader = loader_of(prefetch=4, num_threads=2)
    for _ in range(200):
        for _batch in loader:
            break
    assert loader.prefetch == 4
    with pytest.raises(KeyboardInterrupt):
        interrupted(loader)
    assert loading_threads() == []


class FailsAt(Sampler):
    """Fails in one batch, as a disk or a network would."""

    def __init__(self, sampler, batch):
        self._sampler, self._fails = sampler, batch

    graph = property(lambda self: self._sampler.graph)
    disjoint = property(lambda self: self._sampler.disjoint)
    timed = property(lambda self: self._sampler.timed)

    def seeds_by_type(self, seeds):
        return self._sampler.seeds_by_type(seeds)

    def sample(self, seeds, *, epoch=0, batch=0, times=None, exclude=None, trees=None):
        if batch == self._fails:
            raise OSError("the disk is gone")
        return self._sampler.sample(seeds, epoch=epoch, batch=batch)


def held():
    """Open files, threads, and memory in MB that the process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = len(list(Path("/proc/self/fd").iterdir()))
    return files, threading.active_count(), pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads what Linux says of the process")
def test_a_thousand_loaders_leave_nothing_behind():
    graph = graph_of()

    def cycle(times):
        for at in range(times):
            for batch in loader_of(graph, prefetch=2, num_threads=1 + at % 2):
                assert batch.blocks
                break

    cycle(200)
    files, threads, memory = held()
    cycle(1000)
    gc.collect()
    after = held()
    assert after[:2] == (files, threads)
    assert after[2] < memory + 20


def test_batches_come_beside_a_busy_python_thread():
    graph, stop = graph_of(), threading.Event()
    expected = [batch.node_ids["node"] for batch in loader_of(graph).batches(0)]

    def work():
        while not stop.is_set():
            sum(range(1000))

    busy = threading.Thread(target=work)
    busy.start()
    try:
        found = [batch.node_ids["node"] for batch in loader_of(graph, num_threads=2, prefetch=3).batches(0)]
    finally:
        stop.set()
        busy.join()
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_loads():
    loader = loader_of(prefetch=2)
    expected = [batch.node_ids["node"].tolist() for batch in loader.batches(0)]
    child = os.fork()
    if child == 0:
        same = [batch.node_ids["node"].tolist() for batch in loader.batches(0)] == expected
        os._exit(0 if same else 1)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.05)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise AssertionError("the child hangs")
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize("num_threads", [1, 3])
def test_an_error_comes_where_its_batch_would_have_come(num_threads):
    sampler = FailsAt(NeighborSampler(graph_of(), [2]), 2)
    batches = iter(Loader(sampler, range(100), batch_size=16, num_threads=num_threads, prefetch=3))
    next(batches)
    next(batches)
    with pytest.raises(OSError, match="the disk is gone"):
        next(batches)
    assert loading_threads() == []


@pytest.mark.parametrize("num_threads", [1, 3])
def test_features_come_from_any_store(tmp_path, num_threads):
    graph = graph_of()
    graph.edges["e"] = torch.arange(1000.0)
    FileFeatures.write(tmp_path, MemoryFeatures(graph))
    slow = FileFeatures(tmp_path)
    store = CachedFeatures(slow, num_rows=40)
    options = {"features": ["x"], "edge_features": ["e"], "shuffle": True, "num_threads": num_threads, "prefetch": 3}
    for _ in range(2):
        pairs = zip(loader_of(graph, **options), loader_of(graph, store=store, **options), strict=True)
        for expected, found in pairs:
            assert torch.equal(found.features["node"]["x"], expected.features["node"]["x"])
            for one, other in zip(found.edge_features, expected.edge_features, strict=True):
                assert torch.equal(one[graph.edge_types[0]]["e"], other[graph.edge_types[0]]["e"])
    assert 0.3 < store.report(("node", "x")).hit_rate < 1
    bare = weft.Graph(graph.adjacency.source, graph.adjacency.target, 100)
    for batch in loader_of(bare, features=["x"], store=slow, labels=None):
        assert torch.equal(batch.features["node"]["x"], graph.nodes["x"][batch.node_ids["node"]])
    with pytest.raises(ShapeError, match='101 rows of "x" of node'):
        loader_of(weft.Graph([0], [1], 101), features=["x"], store=slow, labels=None)


def test_seeds_can_be_a_mask_and_have_to_be_there():
    batches = list(loader_of(seeds=torch.arange(100) % 10 == 3))
    assert [*chain(*seeds_of(batches))] == list(range(3, 100, 10))
    with pytest.raises(IdError, match="100"):
        loader_of(seeds=[1, 100])


def test_links_come_with_features_of_nodes_and_edges():
    graph = graph_of()
    graph.edges["e"] = torch.arange(1000.0)
    links = LinkSampler(NeighborSampler(graph, [3, 3]), negatives=Negatives(2))
    loader = Loader(links, range(1000), batch_size=100, shuffle=True, features=["x"], edge_features=["e"])
    name, seen = graph.edge_types[0], 0
    for batch in loader:
        seen += 100
        assert batch.seeds[name].shape == (300, 2)
        assert torch.equal(batch.features["node"]["x"], graph.nodes["x"][batch.node_ids["node"]])
        for block, features in zip(batch.blocks, batch.edge_features, strict=True):
            assert torch.equal(features[name]["e"], block.edge_ids[name].float())
    assert seen == 1000
    rated = Loader(LinkSampler(NeighborSampler(graph, [3])), range(1000), batch_size=100, labels="e")
    assert torch.equal(torch.cat([batch.labels[name] for batch in rated]), graph.edges["e"])
    with pytest.raises(OptionError, match="negatives bring theirs"):
        next(iter(Loader(links, range(10), batch_size=5, labels="e")))
    with pytest.raises(OptionError, match="ids of edges as seeds"):
        next(iter(Loader(LinkSampler(NeighborSampler(graph, [3])), [[1, 2]], batch_size=5, labels="e")))


def test_links_of_the_future_wait_for_their_time():
    graph = graph_of()
    graph.edges["t"] = torch.arange(1000)
    links = LinkSampler(NeighborSampler(graph, [5], time="t", strict=True))
    for batch in Loader(links, range(500, 1000), batch_size=64, times=range(500, 1000), shuffle=True):
        name = graph.edge_types[0]
        tree = batch.trees["node"][batch.blocks[0].adjacency.target.long()]
        assert (batch.blocks[0].edge_ids[name] < batch.times[name][tree]).all()


def test_batches_keep_to_a_budget():
    cost = torch.arange(100) % 7 + 1
    loader = loader_of(cost=cost, budget=20, batch_size=None, shuffle=True)
    for epoch in range(3):
        batches = seeds_of(loader.batches(epoch))
        assert sorted(chain(*batches)) == list(range(100))
        sums = [int(cost[seeds].sum()) for seeds in batches]
        assert max(sums) <= 20
        for spent, after in zip(sums, batches[1:], strict=False):
            assert spent + int(cost[after[0]]) > 20  # no batch ends before it has to
    assert len(loader) == len(seeds_of(loader.batches(0)))
    ranks = [loader_of(cost=cost, budget=20, batch_size=5, shuffle=True, rank=rank, num_ranks=2) for rank in (0, 1)]
    assert len(ranks[0]) == len(ranks[1]) == len(list(ranks[0])) == len(list(ranks[1]))
    assert max(map(len, seeds_of(ranks[0].batches(4)))) <= 5
    with pytest.raises(OptionError, match="items that cost at most 6, got 7 at 6"):
        loader_of(cost=cost, budget=6, batch_size=None)


def test_seeds_come_by_weight_and_classes_alike():
    weight = (torch.arange(100) < 50).float() * torch.tensor([1.0, 3.0])[torch.arange(100) % 2]
    loader = loader_of(weight=weight)
    found = torch.tensor([*chain(*(seed for epoch in range(100) for seed in seeds_of(loader.batches(epoch))))])
    assert found.shape == (10_000,)
    assert found.max() < 50
    assert float((found % 2 == 1).double().mean()) == pytest.approx(0.75, abs=0.03)
    graph = graph_of()
    graph.nodes["y"] = (torch.arange(100) < 5).long()  # five nodes of one class
    balanced = loader_of(graph, balance="y")
    ones = torch.cat([batch.labels["node"] for epoch in range(50) for batch in balanced.batches(epoch)])
    assert float(ones.double().mean()) == pytest.approx(0.5, abs=0.03)
    assert seeds_of(balanced.batches(3)) == seeds_of(balanced.batches(3)) != seeds_of(balanced.batches(4))


def test_work_is_done_before_it_is_asked_for_and_not_further_than_that():
    done = []
    results = ahead(done.append, range(10), prefetch=3, num_threads=1)
    next(results)
    deadline = time.monotonic() + 10
    while len(done) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert done == [0, 1, 2, 3]
    results.close()
    assert loading_threads() == []


def test_batches_are_made_ahead_where_somebody_waits(tmp_path):
    graph = graph_of()
    FileFeatures.write(tmp_path, graph)
    assert loader_of(graph).prefetch == 0
    assert loader_of(graph, device="cpu").prefetch == 0
    assert loader_of(graph, device="meta").prefetch == 2
    assert loader_of(graph, store=FileFeatures(tmp_path)).prefetch == 2
    assert loader_of(graph, prefetch=5).prefetch == 5


def test_batches_are_made_on_one_thread_each():
    before = torch.get_num_threads()
    counts = list(ahead(lambda _: (native.num_threads(), torch.get_num_threads()), range(3), prefetch=2, num_threads=2))
    assert counts == [(1, 1)] * 3
    assert native.num_threads() == torch.get_num_threads() == before


def test_a_model_learns_from_batches():
    torch.manual_seed(0)
    group = torch.arange(600) % 3
    ends = torch.randint(600, (2, 12_000))
    kept = ends[:, group[ends[0]] == group[ends[1]]]
    graph = weft.Graph(*kept, 600)
    graph.nodes["x"], graph.nodes["y"] = 2 * torch.eye(3)[group] + 2 * torch.randn(600, 3), group
    layers = torch.nn.ModuleList([SAGEConv(3, 16, "mean"), SAGEConv(16, 3, "mean")])
    optimizer = torch.optim.Adam(layers.parameters(), lr=0.02)
    right = 0.0
    for epoch in range(6):
        loader = loader_of(graph, range(600), batch_size=100, shuffle=True)
        found = []
        for batch in loader.batches(epoch):
            x = batch.features["node"]["x"]
            for layer, block in zip(layers, batch.blocks, strict=True):
                x = layer(block, x if layer is layers[0] else x.relu())
            scores, labels = x[batch.seed_rows["node"].long()], batch.labels["node"]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(scores, labels).backward()
            optimizer.step()
            found.append((scores.argmax(1) == labels).float().mean())
        right = torch.stack(found).mean()
    assert right > 0.85


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"batch_size": 0}, OptionError, "`batch_size` of at least 1"),
        ({"prefetch": -1}, OptionError, "`prefetch`"),
        ({"batch_size": None}, OptionError, "`batch_size`, a budget or both"),
        ({"budget": 3}, OptionError, "a budget and what items cost"),
        ({"weight": [1.0] * 100, "shuffle": True}, OptionError, "`shuffle` or weights"),
        ({"weight": [0.0] * 100}, OptionError, "weights of which some are above 0"),
        ({"weight": [1.0] * 100, "balance": "y"}, OptionError, "`balance` or `weight`"),
        ({"weight": [1.0]}, ShapeError, "`weight` for the seeds"),
        ({"balance": "z"}, FeatureError, "`balance`"),
        ({"edge_features": ["x"]}, FeatureError, "`edge_features`"),
        ({"rank": 2, "num_ranks": 2}, OptionError, "`rank` below 2"),
        ({"features": ["z"]}, FeatureError, '"z"'),
        ({"features": "x"}, OptionError, "list of names"),
        ({"labels": "z"}, FeatureError, "`labels`"),
        ({"times": [1, 2]}, ShapeError, "`times` for the seeds"),
        ({"seeds": {"user": [1]}}, FeatureError, "user"),
    ],
)
def test_bad_arguments_are_told(options, error, text):
    with pytest.raises(error, match=text):
        loader_of(**options)
