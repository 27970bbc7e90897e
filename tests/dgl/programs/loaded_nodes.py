"""Classify nodes in mini-batches: a sampler of all neighbours, a loader that brings features and labels, SAGE layers."""

import dgl
import numpy as np
import torch
from dgl.dataloading import DataLoader, MultiLayerFullNeighborSampler
from dgl.nn import SAGEConv
from torch.nn import functional

from tests.dgl.programs.seeded import communities, settle, tensor


class SAGE(torch.nn.Module):
    def __init__(self, in_feats, h_feats, num_classes):
        super().__init__()
        self.layers = torch.nn.ModuleList([SAGEConv(in_feats, h_feats, "mean"), SAGEConv(h_feats, num_classes, "mean")])

    def forward(self, blocks, h):
        for at, (layer, block) in enumerate(zip(self.layers, blocks, strict=True)):
            h = layer(block, h)
            h = functional.relu(h) if at == 0 else h
        return h


def train():
    rng = np.random.RandomState(41)
    labels, source, target = communities(rng, 80, 3, 300)
    g = dgl.graph((source, target), num_nodes=80)
    g.ndata["feat"], g.ndata["label"] = tensor(rng, 80, 6) + functional.one_hot(labels, 6) * 0.5, labels
    model = settle(SAGE(6, 12, 3), 42)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    sampler = MultiLayerFullNeighborSampler(2, prefetch_node_feats=["feat"], prefetch_labels=["label"])
    losses = []
    for _ in range(6):
        order = torch.as_tensor(rng.permutation(80)[:60])
        loader = DataLoader(
            g, order, sampler, device="cpu", batch_size=20, shuffle=False, drop_last=False, num_workers=0
        )
        for _input_nodes, _output_nodes, blocks in loader:
            logits = model(blocks, blocks[0].srcdata["feat"])
            loss = functional.cross_entropy(logits, blocks[-1].dstdata["label"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
