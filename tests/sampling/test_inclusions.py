"""Weights that undo how often nodes and edges come."""

import pytest
import torch

import weft
from weft.errors import OptionError
from weft.loading import Loader
from weft.sampling import NeighborSampler, RandomWalks, WalkSampler, count_inclusions

EDGE = ("node", "edge", "node")


@pytest.mark.parametrize("walks", [False, True])
def test_weighted_sums_over_batches_are_those_over_the_graph(walks):
    ends = torch.randint(30, (2, 200), generator=torch.Generator().manual_seed(0))
    graph = weft.Graph(*ends, num_nodes=30)
    x = torch.rand(30, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    sampler = WalkSampler(RandomWalks(graph, 2)) if walks else NeighborSampler(graph, [], form="induced")
    loader = Loader(sampler, range(30), batch_size=8, shuffle=True)
    batches = [batch for epoch in range(60) for batch in loader.batches(epoch)]
    found = count_inclusions(graph, batches)
    assert found.num_batches == len(batches)
    node, edge = found.node_weight("node").double(), found.edge_weight(EDGE).double()
    seen = (found.edges[EDGE] > 0) & (found.nodes["node"][graph.adjacency.target.long()] > 0)
    assert seen.all()  # enough batches to see every edge
    expected = weft.aggregate(graph, x)
    total = torch.zeros(30, dtype=torch.float64)
    for batch in batches:
        ids = batch.node_ids["node"]
        sums = weft.aggregate(batch.graph, x[ids], edge[batch.edge_ids[EDGE]])
        total[ids] += node[ids] * sums
    torch.testing.assert_close(total / len(batches), expected, atol=1e-6, rtol=1e-5)


def test_batches_have_to_be_graphs_and_some():
    graph = weft.Graph([0], [1])
    with pytest.raises(OptionError, match="at least one batch"):
        count_inclusions(graph, [])
    with pytest.raises(OptionError, match="batches of one graph"):
        count_inclusions(graph, [NeighborSampler(graph, [1]).sample([0])])
