"""Classify the nodes of a graph with two graph convolutions."""

import dgl
import numpy as np
import torch
from dgl.nn import GraphConv
from torch.nn import functional

from tests.dgl.programs.seeded import communities, settle, tensor


class GCN(torch.nn.Module):
    def __init__(self, in_feats, h_feats, num_classes):
        super().__init__()
        self.conv1 = GraphConv(in_feats, h_feats)
        self.conv2 = GraphConv(h_feats, num_classes)

    def forward(self, g, in_feat):
        h = functional.relu(self.conv1(g, in_feat))
        return self.conv2(g, h)


def train():
    rng = np.random.RandomState(1)
    labels, source, target = communities(rng, 60, 3, 240)
    g = dgl.graph((source, target), num_nodes=60)
    g = dgl.add_self_loop(dgl.to_bidirected(g))
    g.ndata["feat"] = tensor(rng, 60, 8) + functional.one_hot(labels, 8) * 0.5
    g.ndata["label"] = labels
    g.ndata["train_mask"] = torch.arange(60) < 40
    model = settle(GCN(8, 16, 3), 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(40):
        logits = model(g, g.ndata["feat"])
        mask = g.ndata["train_mask"]
        loss = functional.cross_entropy(logits[mask], g.ndata["label"][mask])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
