"""Train on some nodes at a time: blocks of their neighbours, each the input of a layer that means over neighbours."""

import dgl
import dgl.function as fn
import numpy as np
import torch
from torch.nn import functional

from tests.dgl.programs.seeded import communities, settle, tensor


class SAGE(torch.nn.Module):
    def __init__(self, in_feats, out_feats):
        super().__init__()
        self.own, self.neighbours = torch.nn.Linear(in_feats, out_feats), torch.nn.Linear(in_feats, out_feats)

    def forward(self, block, h):
        with block.local_scope():
            block.srcdata["h"] = h
            block.update_all(fn.copy_u("h", "m"), fn.mean("m", "n"))
            return self.own(h[: block.num_dst_nodes()]) + self.neighbours(block.dstdata["n"])


def blocks_of(g, seeds, num_layers):
    found = []
    for _ in range(num_layers):
        block = dgl.to_block(dgl.in_subgraph(g, seeds), seeds)
        seeds = block.srcdata[dgl.NID]
        found.insert(0, block)
    return found


def train():
    rng = np.random.RandomState(17)
    labels, source, target = communities(rng, 60, 3, 200)
    g = dgl.graph((source, target), num_nodes=60)
    g.ndata["feat"], g.ndata["label"] = tensor(rng, 60, 5) + functional.one_hot(labels, 5) * 0.5, labels
    layers = settle(torch.nn.ModuleList([SAGE(5, 8), SAGE(8, 3)]), 18)
    optimizer = torch.optim.Adam(layers.parameters(), lr=0.02)
    losses = []
    for _ in range(8):
        order = torch.as_tensor(rng.permutation(60))
        for seeds in order.split(15):
            blocks = blocks_of(g, seeds, 2)
            h = g.ndata["feat"][blocks[0].srcdata[dgl.NID]]
            h = layers[1](blocks[1], torch.relu(layers[0](blocks[0], h)))
            loss = functional.cross_entropy(h, g.ndata["label"][blocks[-1].dstdata[dgl.NID]])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
