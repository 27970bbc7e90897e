"""Tell graphs apart, in batches: isomorphism layers and a readout."""

import dgl
import dgl.function as fn
import numpy as np
import torch
from torch.nn import functional

from tests.dgl.programs.seeded import settle


class GINLayer(torch.nn.Module):
    def __init__(self, in_dim, out_dim):
        super().__init__()
        self.mlp = torch.nn.Sequential(
            torch.nn.Linear(in_dim, out_dim), torch.nn.ReLU(), torch.nn.Linear(out_dim, out_dim)
        )
        self.eps = torch.nn.Parameter(torch.zeros(1))

    def forward(self, g, h):
        with g.local_scope():
            g.ndata["h"] = h
            g.update_all(fn.copy_u("h", "m"), fn.sum("m", "neigh"))
            return self.mlp((1 + self.eps) * h + g.ndata["neigh"])


class GIN(torch.nn.Module):
    def __init__(self, in_dim, hidden, num_classes):
        super().__init__()
        self.layers = torch.nn.ModuleList([GINLayer(in_dim, hidden), GINLayer(hidden, hidden)])
        self.predict = torch.nn.Linear(hidden, num_classes)

    def forward(self, g, h):
        for layer in self.layers:
            h = torch.tanh(layer(g, h))
        with g.local_scope():
            g.ndata["h"] = h
            return self.predict(dgl.sum_nodes(g, "h") * 0.3 + dgl.mean_nodes(g, "h") + dgl.max_nodes(g, "h") * 0.1)


def collate(samples):
    graphs, labels = map(list, zip(*samples, strict=True))
    return dgl.batch(graphs), torch.tensor(labels)


def dataset(rng):
    samples = []
    for at in range(24):
        size = int(rng.randint(4, 9))
        ring = at % 2
        source = list(range(size))
        target = [(node + 1) % size for node in source] if ring else [0] * size
        g = dgl.graph((source + target, target + source), num_nodes=size)
        g.ndata["attr"] = torch.stack([g.in_degrees().float(), torch.ones(size)], 1)
        samples.append((g, ring))
    return samples


def train():
    samples = dataset(np.random.RandomState(7))
    model = settle(GIN(2, 8, 2), 8)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(8):
        for begin in range(0, 24, 8):
            g, labels = collate(samples[begin : begin + 8])
            loss = functional.cross_entropy(model(g, g.ndata["attr"]), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
