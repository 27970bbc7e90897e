"""Every sampler keeps the contract, and the contract finds samplers that do not."""

import dataclasses

import pytest
import torch

import weft
from weft import sampling
from weft.sampling import (
    CappedSampler,
    ClusterSampler,
    HGTSampler,
    ImportanceLaborSampler,
    LaborSampler,
    LayerSampler,
    LinkSampler,
    Negatives,
    NeighborSampler,
    PinSAGESampler,
    PPRSampler,
    RandomWalks,
    Sampler,
    WalkSampler,
)
from weft.testing import check_sampler

RATES, RATED = ("user", "rates", "item"), ("item", "rated", "user")


def plain():
    ends = torch.randint(80, (2, 900), generator=torch.Generator().manual_seed(0))
    graph = weft.Graph(*ends, num_nodes=80)
    graph.edges["w"] = torch.rand(900, generator=torch.Generator().manual_seed(1))
    graph.edges["t"] = torch.randint(50, (900,), generator=torch.Generator().manual_seed(2))
    return graph


def shop():
    source, target = torch.randint(40, (2, 500), generator=torch.Generator().manual_seed(0))
    graph = weft.Graph({RATES: (source, target), RATED: (target, source)}, num_nodes={"user": 40, "item": 40})
    return graph


SEEDS, TYPED = [3, 50, 3, 12], {"user": [1, 2, 3], "item": [5, 5]}
CASES = {
    "neighbors": lambda: (NeighborSampler(plain(), [3, 2]), SEEDS, {}),
    "neighbors by weight": lambda: (NeighborSampler(plain(), [3, 2], weight="w", form="graph"), SEEDS, {}),
    "neighbors of types": lambda: (NeighborSampler(shop(), [3, 2]), TYPED, {}),
    "neighbors in time": lambda: (NeighborSampler(plain(), [3, 2], time="t"), SEEDS, {"times": [40, 30, 20, 45]}),
    "induced trees": lambda: (NeighborSampler(plain(), [3, 2], form="induced", disjoint=True), SEEDS, {}),
    "labor": lambda: (LaborSampler(plain(), [3, 2]), SEEDS, {}),
    "labor of types": lambda: (LaborSampler(shop(), [3, 2], disjoint=True), TYPED, {}),
    "links": lambda: (LinkSampler(NeighborSampler(plain(), [3]), negatives=Negatives(2)), [5, 700, 5], {}),
    "pairs of types": lambda: (
        LinkSampler(NeighborSampler(shop(), [3]), negatives={"rates": Negatives()}, reverse={"rates": "rated"}),
        {"rates": [[1, 2], [3, 4]]}, {},
    ),
    "links in time": lambda: (
        LinkSampler(NeighborSampler(plain(), [3], time="t"), negatives=Negatives()), [5, 700], {"times": [40, 30]}
    ),
    "labor by importance": lambda: (ImportanceLaborSampler(plain(), [3, 2], rounds=None), SEEDS, {}),
    "walks": lambda: (WalkSampler(RandomWalks(plain(), 4), num_walks=2), SEEDS, {}),
    "walks over types": lambda: (WalkSampler(RandomWalks(shop(), path=["rates", "rated"])), {"user": [1, 2]}, {}),
    "walks into the past": lambda: (
        WalkSampler(RandomWalks(plain(), 3, time="t", against=True)), SEEDS, {"times": [40, 30, 20, 45]}
    ),
    "PinSAGE": lambda: (
        PinSAGESampler(RandomWalks(plain(), 3), num_neighbors=3, num_walks=9, num_layers=2), SEEDS, {"names_edges": False}
    ),
    "parts": lambda: (ClusterSampler(plain(), torch.arange(80) % 8), [0, 3], {"draws": False}),
    "PPR": lambda: (PPRSampler(plain(), num_neighbors=5, disjoint=True), SEEDS, {"draws": False}),
    "HGT": lambda: (HGTSampler(shop(), [3, 3]), TYPED, {}),
    "capped": lambda: (CappedSampler(shop(), [3, 3], most_nodes=5), TYPED, {}),
    "layers": lambda: (LayerSampler(plain(), [6, 9], weight="w"), SEEDS, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_sampler_keeps_the_contract(name):
    sampler, seeds, options = CASES[name]()
    check_sampler(sampler, seeds, **options)


def test_no_sampler_is_left_out():
    tested = {type(make()[0]) for make in CASES.values()}
    there = {each for each in vars(sampling).values() if isinstance(each, type) and issubclass(each, Sampler)}
    assert there - {Sampler} == tested


class Broken(Sampler):
    """A sampler that works but for one thing."""

    def __init__(self, sampler, breaks):
        self._sampler, self._breaks, self._calls = sampler, breaks, 0

    graph = property(lambda self: self._sampler.graph)
    disjoint = property(lambda self: self._sampler.disjoint)
    timed = property(lambda self: self._sampler.timed)

    def seeds_by_type(self, seeds):
        return self._sampler.seeds_by_type(seeds)

    def sample(self, seeds, *, epoch=0, batch=0, times=None, exclude=None, trees=None):
        self._calls += 1
        return self._breaks(self, seeds, epoch, batch, times)


def honest(self, seeds, epoch, batch, times):
    return self._sampler.sample(seeds, epoch=epoch, batch=batch, times=times)


def changed(change):
    return lambda *given: dataclasses.replace(honest(*given), **change(honest(*given)))


BREAKS = {
    "a batch depends on those before it": lambda self, seeds, epoch, batch, times: honest(
        self, seeds, epoch, batch + self._calls, times
    ),
    "epochs and batches draw alike": lambda self, seeds, epoch, batch, times: honest(self, seeds, abs(epoch) * 0, 0, times),
    "another batch on": lambda self, seeds, epoch, batch, times: honest(
        self, seeds, epoch, batch + (torch.get_num_threads() == 3), times
    ),
    "name other nodes": changed(lambda batch: {"seed_rows": {"node": batch.seed_rows["node"] + 1}}),
    "is not there": changed(lambda batch: {"node_ids": {"node": batch.node_ids["node"] + 80}}),
    "ids of node are": changed(lambda batch: {"node_ids": {"node": batch.node_ids["node"].int()}}),
    "no edges of the graph": changed(lambda batch: {"edge_ids": {name: ids.flip(0) for name, ids in batch.edge_ids.items()}}),
    "no seeds give": lambda self, seeds, epoch, batch, times: honest(
        self, seeds if not isinstance(seeds, dict) or seeds["node"].numel() else [1], epoch, batch, times
    ),
    "a negative epoch went through": lambda self, seeds, epoch, batch, times: honest(self, seeds, max(epoch, 0), batch, times),
    "times where edges have none went through": lambda self, seeds, epoch, batch, times: honest(self, seeds, epoch, batch, None),
}  # fmt: skip


@pytest.mark.parametrize("text", BREAKS)
def test_the_contract_finds_what_is_broken(text):
    sampler = NeighborSampler(plain(), [3, 2], form="graph")
    check_sampler(Broken(sampler, honest), SEEDS)
    with pytest.raises(AssertionError, match=text):
        check_sampler(Broken(sampler, BREAKS[text]), SEEDS)
