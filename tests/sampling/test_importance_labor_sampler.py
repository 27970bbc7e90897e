"""Neighbours that targets share, by importance."""

import pytest
import torch

import weft
from weft.errors import OptionError
from weft.sampling import ImportanceLaborSampler, LaborSampler

EDGE = ("node", "edge", "node")


def graph_of_hubs(num_nodes=300, num_edges=15_000):
    generator = torch.Generator().manual_seed(0)
    source = (torch.rand(num_edges, generator=generator) ** 3 * num_nodes).long()
    return weft.Graph(source, torch.randint(num_nodes, (num_edges,), generator=generator), num_nodes)


def means(sampler, seeds, rounds=40):
    blocks = [sampler.sample(seeds, batch=batch).blocks[0] for batch in range(rounds)]
    return [
        sum(of(block) for block in blocks) / rounds for of in (lambda b: b.num_edges, lambda b: b.num_sources["node"])
    ]


def test_the_fanout_stays_and_fewer_nodes_are_met_with_each_round():
    graph, seeds = graph_of_hubs(), torch.arange(100)
    edges, nodes = zip(
        means(LaborSampler(graph, [10]), seeds),
        *(means(ImportanceLaborSampler(graph, [10], rounds=rounds), seeds) for rounds in (0, 1, None)),
        strict=True,
    )
    for count in edges:
        assert count / 100 == pytest.approx(10, rel=0.1)  # targets keep alike, so that counts vary
    assert nodes[1] == pytest.approx(nodes[0], rel=0.05)
    assert nodes[2] < 0.97 * nodes[1]
    assert nodes[3] <= nodes[2] + 1


def test_without_rounds_it_is_labor():
    graph, seeds = graph_of_hubs(), [3, 7, 200]
    for shares in (False, True):
        one = LaborSampler(graph, [5, 4], shares_layers=shares, seed=9).sample(seeds, epoch=1, batch=2)
        other = ImportanceLaborSampler(graph, [5, 4], rounds=0, shares_layers=shares, seed=9).sample(
            seeds, epoch=1, batch=2
        )
        for ours, theirs in zip(one.blocks, other.blocks, strict=True):
            assert torch.equal(ours.node_ids["node"], theirs.node_ids["node"])
            assert torch.equal(ours.edge_ids[EDGE], theirs.edge_ids[EDGE])


@pytest.mark.parametrize("rounds", [0, 2, None])
def test_weights_estimate_the_mean(rounds):
    graph, seeds = graph_of_hubs(), torch.arange(40)
    x = torch.rand(300, generator=torch.Generator().manual_seed(1))
    sampler, total = ImportanceLaborSampler(graph, [20], rounds=rounds), torch.zeros(40)
    for batch in range(60):
        found = sampler.sample(seeds, batch=batch)
        weight = found.edge_features[0][EDGE]["weight"]
        sums = weft.aggregate(found.blocks[0].adjacency, torch.ones(found.node_ids["node"].shape[0]), weight)
        torch.testing.assert_close(sums, torch.ones(40))
        total += weft.aggregate(found.blocks[0].adjacency, x[found.node_ids["node"]], weight)
    expected = weft.aggregate(graph, x, reduce="mean")[:40]
    assert (total / 60 - expected).abs().max() < 0.08


def test_chances_are_those_of_the_paper():
    # both targets have the source 2; target 0 has 3 and 4 besides, target 1 has 5: fan-out 1
    graph = weft.Graph([2, 3, 4, 2, 5], [0, 0, 0, 1, 1], 6)
    # round 0: c = 1/3 and 1/2. pi of 2 is 1/2, of 3 and 4 1/3, of 5 1/2; then c_0 = 1 / (1/2 + 2/3) = 6/7 and c_1 = 1
    sampler, found = ImportanceLaborSampler(graph, [1], rounds=1), torch.zeros(5)
    for batch in range(500):
        found[sampler.sample([0, 1], batch=batch).blocks[0].edge_ids[EDGE]] += 1
    torch.testing.assert_close(found / 500, torch.tensor([3 / 7, 2 / 7, 2 / 7, 1 / 2, 1 / 2]), atol=0.09, rtol=0)


def test_all_neighbours_and_none():
    graph = graph_of_hubs()
    batch = ImportanceLaborSampler(graph, [-1]).sample([5, 9])
    assert batch.blocks[0].num_edges == int(graph.adjacency.in_degrees()[[5, 9]].sum())
    weight = batch.edge_features[0][EDGE]["weight"]
    torch.testing.assert_close(
        weight, graph.adjacency.in_degrees()[[5, 9]].float().reciprocal()[batch.blocks[0].adjacency.target.long()]
    )
    assert ImportanceLaborSampler(graph, [0]).sample([5]).blocks[0].num_edges == 0
    out = ImportanceLaborSampler(graph, [4]).sample([5, 9], exclude=torch.arange(7500)).blocks[0]
    assert (out.edge_ids[EDGE] >= 7500).all()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda g: ImportanceLaborSampler(g, [-2]), "`fanouts` from -1"),
        (lambda g: ImportanceLaborSampler(g, [2], rounds=-1), "`rounds` from 0"),
        (lambda g: ImportanceLaborSampler(weft.Graph({("a", "x", "b"): ([0], [0])}), [2]), "nodes of one type"),
        (lambda g: ImportanceLaborSampler(g, [2]).sample([1], times=[1]), "no `times`"),
    ],
)
def test_bad_arguments_are_told(make, text):
    with pytest.raises(OptionError, match=text):
        make(graph_of_hubs())
