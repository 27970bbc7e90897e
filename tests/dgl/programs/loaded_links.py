"""Predict links in mini-batches: edges, negatives of one's own, and blocks without the edges and their reverses."""

import dgl
import dgl.function as fn
import numpy as np
import torch
from dgl.dataloading import DataLoader, NeighborSampler, as_edge_prediction_sampler
from dgl.nn import SAGEConv
from torch.nn import functional

from tests.dgl.programs.seeded import communities, settle, tensor


class Negatives:
    def __init__(self, rng):
        self.rng = rng

    def __call__(self, g, eids):
        u, _ = g.find_edges(eids)
        return u, torch.as_tensor(self.rng.randint(0, g.num_nodes(), len(u)))


class Model(torch.nn.Module):
    def __init__(self, in_feats, h_feats):
        super().__init__()
        self.layers = torch.nn.ModuleList([SAGEConv(in_feats, h_feats, "mean"), SAGEConv(h_feats, h_feats, "mean")])

    def forward(self, blocks, h):
        h = functional.relu(self.layers[0](blocks[0], h))
        return self.layers[1](blocks[1], h)

    def score(self, pairs, h):
        with pairs.local_scope():
            pairs.ndata["h"] = h
            pairs.apply_edges(fn.u_dot_v("h", "h", "s"))
            return pairs.edata["s"][:, 0]


def train():
    rng = np.random.RandomState(51)
    labels, source, target = communities(rng, 50, 3, 120)
    g = dgl.graph((source + target, target + source), num_nodes=50)
    g.ndata["feat"] = tensor(rng, 50, 6) * 0.3 + functional.one_hot(labels, 6)
    count = len(source)
    reverse = torch.cat([torch.arange(count, 2 * count), torch.arange(count)])
    sampler = as_edge_prediction_sampler(
        NeighborSampler([-1, -1], prefetch_node_feats=["feat"]), exclude="reverse_id", reverse_eids=reverse,
        negative_sampler=Negatives(rng),
    )  # fmt: skip
    model = settle(Model(6, 8), 52)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(5):
        loader = DataLoader(g, torch.arange(count), sampler, batch_size=40, shuffle=False, drop_last=False)
        for _input_nodes, pairs, negatives, blocks in loader:
            h = model(blocks, blocks[0].srcdata["feat"])
            scores = torch.cat([model.score(pairs, h), model.score(negatives, h)])
            wanted = torch.cat([torch.ones(pairs.num_edges()), torch.zeros(negatives.num_edges())])
            loss = functional.binary_cross_entropy_with_logits(scores, wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
