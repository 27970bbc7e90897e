"""Neighbours that targets share."""

import pytest
import torch

import weft
from weft.errors import OptionError
from weft.sampling import LaborSampler, NeighborSampler


def dense(num_nodes=400, num_edges=40_000):
    ends = torch.randint(num_nodes, (2, num_edges), generator=torch.Generator().manual_seed(0))
    graph = weft.Graph(*ends, num_nodes=num_nodes)
    graph.edges["w"] = torch.rand(num_edges, generator=torch.Generator().manual_seed(1)) + 0.1
    return graph


@pytest.mark.parametrize("weight", [None, "w"])
def test_targets_have_the_fanout_in_the_mean_and_share_sources(weight):
    graph, seeds = dense(), torch.arange(200)
    found = {}
    for kind in (LaborSampler, NeighborSampler):
        sampler = kind(graph, [10], weight=weight)
        blocks = [sampler.sample(seeds, batch=batch).blocks[0] for batch in range(40)]
        found[kind] = [
            sum(of(block) for block in blocks) / 40 for of in (lambda b: b.num_edges, lambda b: b.num_sources["node"])
        ]
        assert found[kind][0] / 200 == pytest.approx(10, rel=0.05)
    assert found[LaborSampler][1] < 0.8 * found[NeighborSampler][1]


def test_layers_share_draws_where_asked():
    graph = dense()
    for shares in (True, False):
        outer, inner = LaborSampler(graph, [10, 10], shares_layers=shares).sample(torch.arange(50)).blocks
        name = graph.edge_types[0]
        first = outer.edge_ids[name][outer.adjacency.target < 50]
        assert torch.equal(first.sort().values, inner.edge_ids[name].sort().values) is shares


def test_forms_are_checked():
    with pytest.raises(OptionError, match="`form`"):
        LaborSampler(dense(), [3], form="tree")
