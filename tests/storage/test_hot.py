"""Hot rows: by degree, and by what batches asked for."""

import pytest
import torch

import weft
from weft.errors import FeatureError, IdError, OptionError, ShapeError
from weft.graph import Batch
from weft.sampling import NeighborSampler
from weft.storage import CachedFeatures, MemoryFeatures, count_nodes, hottest_by_counts, hottest_by_degree


def test_degrees_count_all_edges_that_leave_a_type():
    graph = weft.Graph(
        {
            ("user", "rates", "item"): ([0, 1, 1], [0, 0, 1]),
            ("user", "follows", "user"): ([2, 2, 3], [0, 1, 0]),
            ("item", "of", "user"): ([1, 1], [0, 3]),
        },
        num_nodes={"user": 5, "item": 3},
    )
    assert hottest_by_degree(graph, "user", 10).tolist() == [1, 2, 0, 3, 4]
    assert hottest_by_degree(graph, "user", 3).tolist() == [1, 2, 0]
    assert hottest_by_degree(graph, "item", 1).tolist() == [1]
    assert hottest_by_degree(graph, "item", 0).tolist() == []


def test_of_equal_counts_the_lowest_ids_come_first():
    counts = torch.randint(4, (1000,), generator=torch.Generator().manual_seed(0))
    expected = sorted(range(1000), key=lambda row: (-int(counts[row]), row))
    assert hottest_by_counts(counts, 700).tolist() == expected[:700]


def test_counts_of_batches_make_a_cache_that_hits_more_than_chance():
    graph = weft.graph.generators.rmat(10, 8000, seed=1)
    graph.nodes["x"] = torch.arange(graph.num_nodes)
    sampler = NeighborSampler(graph, [3, 3])

    def batches(epoch):
        seeds = torch.randint(graph.num_nodes, (20, 16), generator=torch.Generator().manual_seed(epoch))
        return [sampler.sample(ids, epoch=epoch, batch=at) for at, ids in enumerate(seeds)]

    counts = count_nodes(graph, batches(0))["node"]
    ids = torch.cat([batch.node_ids["node"] for batch in batches(0)])
    assert torch.equal(counts, ids.bincount(minlength=graph.num_nodes))
    rates = {}
    for name, hot in {
        "counts": hottest_by_counts(counts, 100),
        "degree": hottest_by_degree(graph, "node", 100),
        "chance": torch.randperm(graph.num_nodes, generator=torch.Generator().manual_seed(0))[:100],
    }.items():
        store = CachedFeatures(MemoryFeatures(graph), num_rows=100, hot={("node", "x"): hot})
        for batch in batches(1):
            store.fetch(("node", "x"), batch.node_ids["node"])
        rates[name] = store.report().hit_rate
    assert rates["counts"] > 2 * rates["chance"]
    assert rates["degree"] > 2 * rates["chance"]


def test_wrong_arguments_get_typed_errors():
    graph = weft.Graph([0], [1])
    with pytest.raises(FeatureError):
        hottest_by_degree(graph, "user", 1)
    with pytest.raises(OptionError, match="`num_rows` of at least 0, got -1"):
        hottest_by_degree(graph, "node", -1)
    with pytest.raises(ShapeError, match="one-dimensional `counts`"):
        hottest_by_counts(torch.zeros(2, 2), 1)
    with pytest.raises(IdError, match='nodes "node" below 2, got 0 to 7'):
        count_nodes(graph, [Batch(seeds={}, node_ids={"node": torch.tensor([0, 7])})])
    with pytest.raises(FeatureError):
        count_nodes(graph, [Batch(seeds={}, node_ids={"user": torch.tensor([0])})])
