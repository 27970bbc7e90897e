"""Tell rings from stars: small graphs with labels in batches of a loader, and a mean over their nodes."""

import dgl
import numpy as np
import torch
from dgl.dataloading import GraphDataLoader
from dgl.nn import GraphConv
from torch.nn import functional

from tests.dgl.programs.seeded import settle, tensor


class Shapes:
    def __init__(self, rng, count):
        self.items = [self.make(rng, at % 2) for at in range(count)]

    def make(self, rng, is_star):
        size = int(rng.randint(4, 9))
        nodes = torch.arange(size)
        u, v = (nodes[1:], nodes[1:] * 0) if is_star else (nodes, (nodes + 1) % size)
        g = dgl.to_bidirected(dgl.graph((u, v), num_nodes=size))
        g.ndata["feat"] = torch.cat([g.in_degrees().float()[:, None] / 4, tensor(rng, size, 3) * 0.1], 1)
        return g, is_star

    def __getitem__(self, at):
        return self.items[at]

    def __len__(self):
        return len(self.items)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.out = GraphConv(4, 8), torch.nn.Linear(8, 2)

    def forward(self, g):
        with g.local_scope():
            g.ndata["h"] = functional.relu(self.conv(g, g.ndata["feat"]))
            return self.out(dgl.mean_nodes(g, "h"))


def train():
    rng = np.random.RandomState(61)
    loader = GraphDataLoader(Shapes(rng, 40), batch_size=10, shuffle=False, drop_last=False)
    model = settle(Model(), 62)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(8):
        for g, labels in loader:
            loss = functional.cross_entropy(model(g), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
