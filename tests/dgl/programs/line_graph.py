"""Find communities with a network on a graph and on its line graph at once."""

import dgl
import dgl.function as fn
import numpy as np
import torch
from torch.nn import functional

from tests.dgl.programs.seeded import communities, settle, tensor


def neighbors(g, z, rounds=2):
    """What comes of z after one round of sums, two, and so on."""
    found = []
    with g.local_scope():
        for _ in range(rounds):
            g.ndata["z"] = z
            g.update_all(fn.copy_u(u="z", out="m"), fn.mean(msg="m", out="z"))
            z = g.ndata["z"]
            found.append(z)
    return found


class Core(torch.nn.Module):
    def __init__(self, in_feats, other_feats, out_feats):
        super().__init__()
        self.linear_prev = torch.nn.Linear(in_feats, out_feats)
        self.linear_radius = torch.nn.ModuleList([torch.nn.Linear(in_feats, out_feats) for _ in range(2)])
        self.linear_fuse = torch.nn.Linear(other_feats, out_feats)

    def forward(self, g, feat, fused):
        total = self.linear_prev(feat) + self.linear_fuse(fused)
        for linear, z in zip(self.linear_radius, neighbors(g, feat), strict=True):
            total = total + linear(z)
        return torch.tanh(total)


class LGNN(torch.nn.Module):
    def __init__(self, in_feats, line_feats, hidden, num_classes):
        super().__init__()
        self.node = Core(in_feats, line_feats, hidden)
        self.edge = Core(line_feats, hidden, hidden)
        self.last = Core(hidden, hidden, num_classes)

    def forward(self, g, lg, x, y):
        with g.local_scope():
            g.edata["y"] = y
            g.update_all(fn.copy_e("y", "m"), fn.sum("m", "f"))
            x = self.node(g, x, g.ndata["f"])
            g.ndata["x"] = x
            g.apply_edges(fn.u_sub_v("x", "x", "d"))
            y = self.edge(lg, y, g.edata["d"])
            g.edata["y"] = y
            g.update_all(fn.copy_e("y", "m"), fn.max("m", "f"))
            return self.last(g, x, g.ndata["f"])


def train():
    rng = np.random.RandomState(11)
    labels, source, target = communities(rng, 24, 2, 60)
    g = dgl.graph((source, target), num_nodes=24)
    lg = g.line_graph(backtracking=False)
    x = tensor(rng, 24, 4)
    y = lg.in_degrees().float().unsqueeze(-1) * 0.1
    model = settle(LGNN(4, 1, 6, 2), 12)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(30):
        loss = functional.cross_entropy(model(g, lg, x, y), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
