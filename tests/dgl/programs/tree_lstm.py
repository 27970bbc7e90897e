"""Read trees from the leaves to the root with a child-sum LSTM, level by level."""

import dgl
import numpy as np
import torch
from torch.nn import functional

from tests.dgl.programs.seeded import settle


class TreeLSTMCell(torch.nn.Module):
    def __init__(self, x_size, h_size):
        super().__init__()
        self.W_iou = torch.nn.Linear(x_size, 3 * h_size, bias=False)
        self.U_iou = torch.nn.Linear(h_size, 3 * h_size, bias=False)
        self.b_iou = torch.nn.Parameter(torch.zeros(1, 3 * h_size))
        self.U_f = torch.nn.Linear(h_size, h_size)

    def message_func(self, edges):
        return {"h": edges.src["h"], "c": edges.src["c"]}

    def reduce_func(self, nodes):
        f = torch.sigmoid(self.U_f(nodes.mailbox["h"]))
        return {"iou": self.U_iou(nodes.mailbox["h"].sum(1)), "c": (f * nodes.mailbox["c"]).sum(1)}

    def apply_node_func(self, nodes):
        i, o, u = torch.chunk(nodes.data["iou"] + self.b_iou, 3, 1)
        c = torch.sigmoid(i) * torch.tanh(u) + nodes.data["c"]
        return {"h": torch.sigmoid(o) * torch.tanh(c), "c": c}


class TreeLSTM(torch.nn.Module):
    def __init__(self, num_words, x_size, h_size, num_classes):
        super().__init__()
        self.embedding = torch.nn.Embedding(num_words, x_size)
        self.cell = TreeLSTMCell(x_size, h_size)
        self.linear = torch.nn.Linear(h_size, num_classes)
        self.h_size = h_size

    def forward(self, g):
        n = g.num_nodes()
        g.ndata["iou"] = self.cell.W_iou(self.embedding(g.ndata["wordid"] * g.ndata["mask"])) * g.ndata[
            "mask"
        ].float().unsqueeze(-1)
        g.ndata["h"] = torch.zeros(n, self.h_size)
        g.ndata["c"] = torch.zeros(n, self.h_size)
        dgl.prop_nodes_topo(g, self.cell.message_func, self.cell.reduce_func, apply_node_func=self.cell.apply_node_func)
        return self.linear(g.ndata.pop("h"))


def tree(rng):
    """A tree whose edges lead from children to parents; only leaves have words."""
    size = int(rng.randint(5, 12))
    parents = [int(rng.randint(0, child)) for child in range(1, size)]
    g = dgl.graph((list(range(1, size)), parents), num_nodes=size)
    g.ndata["mask"] = (g.in_degrees() == 0).long()
    g.ndata["wordid"] = torch.as_tensor(rng.randint(0, 6, size))
    g.ndata["y"] = torch.as_tensor(rng.randint(0, 3, size))
    return g


def train():
    rng = np.random.RandomState(9)
    trees = [tree(rng) for _ in range(8)]
    model = settle(TreeLSTM(6, 5, 6, 3), 10)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1)
    losses = []
    for _ in range(12):
        for begin in (0, 4):
            g = dgl.batch(trees[begin : begin + 4])
            loss = functional.cross_entropy(model(g), g.ndata["y"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
