"""Samplers that choose nodes and take all edges between them: parts, PageRank, budgets, caps."""

import pytest
import torch

import weft
from weft.errors import FeatureError, IdError, OptionError, ShapeError
from weft.loading import Loader
from weft.sampling import CappedSampler, ClusterSampler, HGTSampler, PPRSampler

EDGE = ("node", "edge", "node")
TYPES = (("a", "x", "b"), ("b", "y", "a"), ("c", "z", "b"), ("a", "s", "a"))


def random_graph(num_nodes=80, num_edges=500, seed=0):
    ends = torch.randint(num_nodes, (2, num_edges), generator=torch.Generator().manual_seed(seed))
    graph = weft.Graph(*ends, num_nodes=num_nodes)
    graph.edges["w"] = torch.rand(num_edges, generator=torch.Generator().manual_seed(seed)) * (
        torch.arange(num_edges) % 5 > 0
    )
    graph.nodes["y"] = torch.arange(num_nodes)
    return graph


def typed_graph():
    counts = {"a": 60, "b": 40, "c": 5}
    generator = torch.Generator().manual_seed(0)
    ends = {
        name: [torch.randint(counts[kind], (300,), generator=generator) for kind in (name[0], name[2])]
        for name in TYPES
    }
    return weft.Graph({name: tuple(pair) for name, pair in ends.items()}, num_nodes=counts)


def assert_induced(graph, batch):
    """The batch has just the edges between its nodes."""
    for name, adjacency in batch.graph.edge_sets.items():
        whole, part = graph.edge_sets[name].adjacency, adjacency.adjacency
        source, target = (batch.node_ids[kind] for kind in (name[0], name[2]))
        between = torch.isin(whole.source.long(), source) & torch.isin(whole.target.long(), target)
        assert torch.equal(batch.edge_ids[name].sort().values, between.nonzero().flatten())
        assert torch.equal(whole.source[batch.edge_ids[name]].long(), source[part.source.long()])
        assert torch.equal(whole.target[batch.edge_ids[name]].long(), target[part.target.long()])


def test_parts_are_batches():
    graph = random_graph()
    parts = torch.arange(80) % 4
    sampler = ClusterSampler(graph, parts)
    batch = sampler.sample([1, 3])
    assert torch.equal(batch.seeds["node"].sort().values, (parts % 2 == 1).nonzero().flatten())
    assert_induced(graph, batch)
    loader = Loader(sampler, range(sampler.num_parts), batch_size=2, shuffle=True, labels="y")
    seen = []
    for each in loader:
        assert torch.equal(each.labels["node"], each.seeds["node"])
        seen.append(each.seeds["node"])
    assert torch.equal(torch.cat(seen).sort().values, torch.arange(80))
    masked = ClusterSampler(graph, parts, weight="w").sample([0]).edge_ids[EDGE]
    assert (graph.edges["w"][masked] > 0).all()


def test_a_graph_is_cut_where_only_a_number_is_given():
    sampler = ClusterSampler(random_graph(), 5)
    assert sampler.num_parts == 5
    sizes = [sampler.sample([part]).node_ids["node"].shape[0] for part in range(5)]
    assert sum(sizes) == 80
    assert max(sizes) <= 17


def test_parts_of_types_come_together():
    graph = typed_graph()
    parts = {kind: torch.arange(graph[kind].count) % 3 for kind in graph.node_types}
    batch = ClusterSampler(graph, parts).sample([2])
    assert_induced(graph, batch)
    assert {kind: ids.shape[0] for kind, ids in batch.node_ids.items()} == {"a": 20, "b": 13, "c": 1}


@pytest.mark.parametrize("disjoint", [False, True])
@pytest.mark.parametrize("weight", [None, "w"])
def test_the_nodes_of_highest_pagerank_stay(disjoint, weight):
    graph = random_graph()
    sampler = PPRSampler(graph, num_neighbors=6, alpha=0.2, tolerance=1e-7, weight=weight, disjoint=disjoint)
    seeds = torch.tensor([4, 70, 11])
    batch = sampler.sample(seeds)
    share = torch.ones(500) if weight is None else graph.edges["w"]
    matrix = torch.zeros(80, 80, dtype=torch.float64)
    matrix.index_put_((graph.adjacency.target.long(), graph.adjacency.source.long()), share.double(), accumulate=True)
    matrix /= matrix.sum(1, keepdim=True).clamp(min=1e-300)
    exact = 0.2 * torch.linalg.inv(torch.eye(80, dtype=torch.float64) - 0.8 * matrix)
    best = []
    for seed in seeds.tolist():
        row = exact[seed].clone()
        row[seed] = -1
        best.append({seed, *row.topk(6).indices.tolist()})
    ids = batch.node_ids["node"]
    if disjoint:
        assert [set(ids[batch.trees["node"] == tree].tolist()) for tree in range(3)] == best
        part = batch.graph.adjacency
        assert torch.equal(batch.trees["node"][part.source.long()], batch.trees["node"][part.target.long()])
    else:
        assert set(ids.tolist()) == set.union(*best)
    if weight is None and not disjoint:
        assert_induced(graph, batch)
    assert torch.equal(ids[batch.seed_rows["node"].long()], seeds)


def test_pagerank_of_many_seeds_comes_in_several_calls(monkeypatch):
    graph = random_graph()
    whole = PPRSampler(graph, num_neighbors=5, disjoint=True).sample(range(80))
    monkeypatch.setattr("weft.sampling._ppr_sampler._ROOM", 100)
    again = PPRSampler(graph, num_neighbors=5, disjoint=True).sample(range(80))
    assert torch.equal(whole.node_ids["node"], again.node_ids["node"])


def test_every_type_has_its_number_of_nodes():
    graph = typed_graph()
    sampler = HGTSampler(graph, [4, 3])
    batch = sampler.sample({"b": [1, 2]})
    assert_induced(graph, batch)
    counts = {kind: ids.shape[0] for kind, ids in batch.node_ids.items()}
    assert counts == {
        "a": 7,
        "b": 2 + 3,
        "c": 5,
    }  # b has edges from a and c alone: none in the first layer; c has five nodes
    assert all(ids.unique().shape == ids.shape for ids in batch.node_ids.values())
    by_type = HGTSampler(graph, [{"a": 2}, {"b": 1}]).sample({"b": [1, 2]})
    assert {kind: ids.shape[0] for kind, ids in by_type.node_ids.items()} == {"a": 2, "b": 3, "c": 0}


def test_nodes_are_chosen_by_the_square_of_their_shares():
    # into t = 0 of the seeds (0, 1): from 2 twice and 3 once, of 4 edges; into 1: from 3 once, of 2
    graph = weft.Graph([2, 2, 3, 4, 3, 4], [0, 0, 0, 0, 1, 1], 5)
    sampler = HGTSampler(graph, [1])
    found = torch.zeros(5)
    for batch in range(600):
        (chosen,) = sampler.sample([0, 1], batch=batch).node_ids["node"][2:].tolist()
        found[chosen] += 1
    share = torch.tensor([0.5, 0.75, 0.75]) ** 2
    expected = 600 * share / share.sum()
    assert float(((found[2:] - expected) ** 2 / expected).sum()) < 18  # 1 in 10,000 with 2 degrees of freedom


@pytest.mark.parametrize("lifts", [False, True])
def test_so_many_nodes_a_hop_stay(lifts):
    graph = typed_graph()
    sampler = CappedSampler(graph, [-1, 5], most_nodes=6, lifts_rare_types=lifts)
    batch = sampler.sample({"b": [1, 2]})
    assert_induced(graph, batch)
    assert sum(ids.shape[0] for ids in batch.node_ids.values()) == 2 + 6 + 6
    few = CappedSampler(graph, [1], most_nodes=100).sample({"b": [1]})
    assert sum(ids.shape[0] for ids in few.node_ids.values()) == 1 + 2  # one edge of each of two types


def test_rare_types_are_lifted():
    types = {("common", "x", "hub"): (range(100), [0] * 100), ("rare", "y", "hub"): (range(4), [0] * 4)}
    graph = weft.Graph(types, num_nodes={"common": 100, "rare": 4, "hub": 1})
    for lifts, expected in ((False, 4 / 104), (True, 2 / 12)):
        sampler = CappedSampler(graph, [-1], most_nodes=1, lifts_rare_types=lifts)
        rare = sum(sampler.sample({"hub": [0]}, batch=batch).node_ids["rare"].shape[0] for batch in range(400))
        assert rare / 400 == pytest.approx(expected, abs=0.07)


@pytest.mark.parametrize("make", [
    lambda g: HGTSampler(g, [3, 3]), lambda g: CappedSampler(g, [3, 3], most_nodes=5), lambda g: PPRSampler(g, num_neighbors=3),
    lambda g: ClusterSampler(g, torch.arange(80) % 40),
])  # fmt: skip
def test_samplers_exclude_repeat_and_take_nothing(make):
    graph = random_graph()
    sampler = make(graph)
    seeds = torch.tensor([5, 9, 5])
    batch = sampler.sample(seeds, exclude=torch.arange(250))
    assert (batch.edge_ids[EDGE] >= 250).all()
    again = sampler.sample(seeds, exclude=torch.arange(250))
    assert torch.equal(batch.node_ids["node"], again.node_ids["node"])
    if not isinstance(sampler, ClusterSampler):
        assert torch.equal(batch.node_ids["node"][batch.seed_rows["node"].long()], seeds)
    assert sampler.sample([]).graph.num_edges == 0


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda g: ClusterSampler(g, torch.arange(3)), ShapeError, "a part for each of 80"),
        (lambda g: ClusterSampler(g, torch.arange(80) - 1), OptionError, "parts from 0"),
        (lambda g: ClusterSampler(g, torch.arange(80)).sample([80]), IdError, "80"),
        (lambda g: ClusterSampler(g, torch.arange(80)).sample([1], times=[1]), OptionError, "no `times`"),
        (lambda g: PPRSampler(g, num_neighbors=0), OptionError, "`num_neighbors`"),
        (lambda g: PPRSampler(g, num_neighbors=1, alpha=1.0), OptionError, "`alpha`"),
        (lambda g: PPRSampler(g, num_neighbors=1, weight="v"), FeatureError, "`weight`"),
        (lambda g: PPRSampler(typed_graph(), num_neighbors=1), OptionError, "one edge type"),
        (lambda g: HGTSampler(g, [-1]), OptionError, "`sizes`"),
        (lambda g: CappedSampler(g, [1], most_nodes=0), OptionError, "`most_nodes`"),
        (lambda g: CappedSampler(g, [1], most_nodes=1).sample([1], trees=[0]), OptionError, "no `trees`"),
        (lambda g: CappedSampler(g, [1], most_nodes=1).sample([1], times=[0]), OptionError, "no `times`"),
    ],
)  # fmt: skip
def test_bad_arguments_are_told(make, error, text):
    with pytest.raises(error, match=text):
        make(random_graph())
