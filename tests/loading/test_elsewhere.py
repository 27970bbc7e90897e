"""Loaders of a graph on a device, and those that send batches there, give what they give on the CPU."""

import pytest
import torch

import weft
from tests.elsewhere import assert_alike, elsewhere
from weft.loading import GraphLoader, Loader
from weft.sampling import (
    ClusterSampler,
    LinkSampler,
    Negatives,
    NeighborSampler,
    PinSAGESampler,
    RandomWalks,
    WalkSampler,
)
from weft.storage import CachedFeatures, MemoryFeatures


def graph():
    draw = torch.Generator().manual_seed(0)
    made = weft.Graph(*torch.randint(60, (2, 500), generator=draw), num_nodes=60)
    made.nodes["x"] = torch.randn(60, 3, generator=draw)
    made.nodes["y"] = torch.randint(4, (60,), generator=draw)
    made.nodes["often"] = torch.rand(60, generator=draw)
    made.edges["f"] = torch.randn(500, 2, generator=draw)
    made.edges["t"] = torch.randint(50, (500,), generator=draw)
    return made


def features(given):
    return MemoryFeatures({"node": {"x": given.nodes["x"]}})


NODES = {"batch_size": 8, "features": ["x"], "labels": "y"}
LOADERS = {
    "nodes": lambda g: Loader(NeighborSampler(g, [3, 2]), range(0, 60, 3), shuffle=True, **NODES),
    "ids of nodes there": lambda g: Loader(NeighborSampler(g, [3, 2]), torch.arange(20, device=g.device), **NODES),
    "a mask": lambda g: Loader(WalkSampler(RandomWalks(g, 2)), torch.arange(60, device=g.device) % 3 == 0, **NODES),
    "balanced": lambda g: Loader(NeighborSampler(g, [3, 2]), range(20), balance="y", **NODES),
    "features of edges": lambda g: Loader(NeighborSampler(g, [3], form="graph"), range(20), edge_features=["f"], **NODES),
    "features of edges of blocks": lambda g: Loader(NeighborSampler(g, [3, 2]), range(20), edge_features=["f"], **NODES),
    "in time": lambda g: Loader(NeighborSampler(g, [3, 2], time="t"), range(20), times=[30] * 20, **NODES),
    "links": lambda g: Loader(LinkSampler(NeighborSampler(g, [3]), negatives=Negatives(2)), range(20), batch_size=8),
    "links by weight": lambda g: Loader(
        LinkSampler(NeighborSampler(g, [3]), negatives=Negatives(2, weight="often")), range(20), batch_size=8
    ),
    "links by degree": lambda g: Loader(
        LinkSampler(NeighborSampler(g, [3]), negatives=Negatives(2, degree_power=0.75)), range(20), batch_size=8
    ),
    "ends of the batch": lambda g: Loader(
        LinkSampler(NeighborSampler(g, [3]), negatives=Negatives(2, in_batch=True)), range(20), batch_size=8
    ),
    "parts": lambda g: Loader(ClusterSampler(g, torch.arange(60) % 6), range(6), batch_size=2, features=["x"]),
    "PinSAGE": lambda g: Loader(PinSAGESampler(RandomWalks(g, 2), num_neighbors=3, num_walks=3), range(9), **NODES),
    "features on the CPU": lambda g: Loader(
        NeighborSampler(g, [3, 2]), range(20), store=features(graph()), prefetch=0, **NODES
    ),
    "cached features": lambda g: Loader(
        NeighborSampler(g, [3, 2]), range(20), store=CachedFeatures(features(graph()), num_rows=30), prefetch=0, **NODES
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOADERS)
def test_loaders_of_a_graph_on_a_device_give_what_they_give_on_the_cpu(name):
    expected = list(LOADERS[name](graph()))
    with elsewhere() as device:
        assert_alike(list(LOADERS[name](graph().to(device))), expected)


@pytest.mark.parametrize("prefetch", [0, 2])
def test_batches_of_nodes_are_sent_to_a_device(prefetch):
    made = [Loader(NeighborSampler(graph(), [3, 2]), range(20), **NODES)]
    with elsewhere() as device:
        made.append(Loader(NeighborSampler(graph(), [3, 2]), range(20), device=device, prefetch=prefetch, **NODES))
        assert_alike(list(made[1]), list(made[0]))


def test_batches_of_graphs_are_sent_to_a_device():
    graphs = [weft.Graph([0, 1, i % 3], [1, 2, 0], num_nodes=3) for i in range(7)]
    for number, each in enumerate(graphs):
        each.nodes["x"] = torch.full((3, 2), float(number))
    expected = list(GraphLoader(graphs, batch_size=3))
    with elsewhere() as device:
        assert_alike(list(GraphLoader(graphs, batch_size=3, device=device)), expected)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.ModuleList([weft.nn.SAGEConv(3, 5), weft.nn.GATConv(5, 4, num_heads=1)])

    def forward(self, batch):
        h = batch.features["node"]["x"]
        for layer, block in zip(self.layers, batch.blocks, strict=True):
            h = layer(block, h.relu()).flatten(1)
        return h


def train(given, device=None):
    model = Model() if device is None else Model().to(device)
    optimizer, losses = torch.optim.Adam(model.parameters()), []
    for batch in Loader(NeighborSampler(given, [3, 2]), range(20), device=device, prefetch=0, **NODES):
        loss = torch.nn.functional.cross_entropy(model(batch)[batch.seed_rows["node"]], batch.labels["node"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses, [parameter.detach() for parameter in model.parameters()]


def test_a_model_learns_on_a_device_what_it_learns_on_the_cpu():
    expected = train(graph())
    with elsewhere() as device:
        assert_alike(train(graph().to(device), device), expected, within=1e-5)
        assert_alike(train(graph(), device), expected, within=1e-5)
