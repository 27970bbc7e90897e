"""Batches of nodes: order, numbers, features, threads, and ways to stop."""

import threading
import time

import pytest
import torch

import weft
from weft import native
from weft.errors import FeatureError, IdError, OptionError, ShapeError
from weft.loading import NodeLoader
from weft.loading._ahead import ahead
from weft.nn import SAGEConv
from weft.sampling import NeighborSampler


def graph_of(num_nodes=100, num_edges=1000):
    graph = weft.Graph(*torch.randint(num_nodes, (2, num_edges), generator=torch.Generator().manual_seed(0)), num_nodes)
    graph.nodes["x"] = torch.arange(num_nodes * 2.0).reshape(num_nodes, 2)
    graph.nodes["y"] = torch.arange(num_nodes) % 3
    return graph


def loader_of(graph=None, seeds=range(100), **options):
    graph = graph or graph_of()
    sampler = NeighborSampler(graph, [3, 3], time=options.pop("time", None))
    return NodeLoader(sampler, seeds, **{"batch_size": 16, "features": ["x"], "labels": "y", **options})


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
    loader = NodeLoader(sampler, {"item": range(20), "user": range(30)}, batch_size=8, shuffle=True, features=["x"])
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
    with pytest.raises(KeyboardInterrupt):
        interrupted(loader)
    assert loading_threads() == []


def test_an_error_comes_where_its_batch_would_have_come():
    batches = iter(loader_of(seeds=[*range(32), 100, *range(15)]))
    next(batches)
    next(batches)
    with pytest.raises(IdError, match="100 at position 0"):
        next(batches)
    assert loading_threads() == []


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


def test_batches_are_made_on_one_thread_each():
    counts = list(ahead(lambda _: native.num_threads(), range(3), prefetch=2, num_threads=2))
    assert counts == [1, 1, 1]
    assert native.num_threads() == torch.get_num_threads()


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
        ({"rank": 2, "num_ranks": 2}, OptionError, "`rank` below 2"),
        ({"features": ["z"]}, FeatureError, '"z"'),
        ({"features": "x"}, OptionError, "list of names"),
        ({"labels": "z"}, FeatureError, "`labels`"),
        ({"times": [1, 2]}, ShapeError, "times for the seeds"),
        ({"seeds": {"user": [1]}}, FeatureError, "user"),
    ],
)
def test_bad_arguments_are_told(options, error, text):
    with pytest.raises(error, match=text):
        loader_of(**options)
