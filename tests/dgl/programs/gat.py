"""Classify the nodes of a graph by attention, with a layer of the library and one of its own."""

import dgl
import dgl.function as fn
import numpy as np
import torch
from dgl.nn.functional import edge_softmax
from dgl.nn.pytorch import GATConv
from torch.nn import functional

from tests.dgl.programs.seeded import communities, settle, tensor


class OwnAttention(torch.nn.Module):
    def __init__(self, in_dim, out_dim):
        super().__init__()
        self.fc = torch.nn.Linear(in_dim, out_dim, bias=False)
        self.attn_fc = torch.nn.Linear(2 * out_dim, 1, bias=False)

    def edge_attention(self, edges):
        both = torch.cat([edges.src["z"], edges.dst["z"]], dim=1)
        return {"e": functional.leaky_relu(self.attn_fc(both))}

    def forward(self, g, h):
        with g.local_scope():
            g.ndata["z"] = self.fc(h)
            g.apply_edges(self.edge_attention)
            g.edata["a"] = edge_softmax(g, g.edata["e"])
            g.update_all(fn.u_mul_e("z", "a", "m"), fn.sum("m", "h"))
            return g.ndata["h"]


class GAT(torch.nn.Module):
    def __init__(self, in_dim, hidden, num_heads, num_classes):
        super().__init__()
        self.first = GATConv(in_dim, hidden, num_heads, activation=functional.elu)
        self.second = OwnAttention(hidden * num_heads, num_classes)

    def forward(self, g, h):
        return self.second(g, self.first(g, h).flatten(1))


def train():
    rng = np.random.RandomState(3)
    labels, source, target = communities(rng, 50, 3, 200)
    g = dgl.graph((source, target), num_nodes=50)
    g = dgl.add_self_loop(g)
    features = tensor(rng, 50, 6) + functional.one_hot(labels, 6) * 0.5
    model = settle(GAT(6, 4, 3, 3), 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(30):
        loss = functional.cross_entropy(model(g, features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
