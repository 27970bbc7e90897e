"""Predict a number of each node with message and reduce functions of one's own, on nodes of many degrees."""

import dgl
import numpy as np
import torch
from torch.nn import functional

from tests.dgl.programs.seeded import settle, tensor


class Layer(torch.nn.Module):
    def __init__(self, in_feats, edge_feats, out_feats):
        super().__init__()
        self.message = torch.nn.Linear(2 * in_feats + edge_feats, out_feats)
        self.score = torch.nn.Linear(out_feats, 1)
        self.lstm = torch.nn.LSTM(out_feats, out_feats, batch_first=True)
        self.update = torch.nn.Linear(in_feats + 2 * out_feats, out_feats)

    def message_func(self, edges):
        joined = torch.cat([edges.src["h"], edges.dst["h"], edges.data["w"]], 1)
        return {"m": torch.tanh(self.message(joined)), "t": edges.data["w"][:, 0]}

    def reduce_func(self, nodes):
        m = nodes.mailbox["m"]
        order = nodes.mailbox["t"].argsort(1)
        sequence = m.gather(1, order.unsqueeze(-1).expand_as(m))
        _, (last, _) = self.lstm(sequence)
        attended = (self.score(m).softmax(1) * m).sum(1)
        return {"a": torch.cat([last[0], attended / nodes.mailbox["m"].shape[1]], 1)}

    def apply_func(self, nodes):
        return {"h": torch.relu(self.update(torch.cat([nodes.data["h"], nodes.data["a"]], 1)))}

    def forward(self, g, h):
        with g.local_scope():
            g.ndata["h"] = h
            g.update_all(self.message_func, self.reduce_func, self.apply_func)
            return g.ndata["h"]


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.out = Layer(3, 2, 6), Layer(6, 2, 6), torch.nn.Linear(6, 1)

    def forward(self, g):
        return self.out(self.second(g, self.first(g, g.ndata["x"]))).squeeze(-1)


def train():
    rng = np.random.RandomState(13)
    target = np.concatenate([np.full(count, node) for node, count in enumerate([0, 1, 2, 3, 3, 5, 8, 1, 13, 2])])
    g = dgl.graph(
        (torch.as_tensor(rng.randint(0, 10, len(target))), torch.as_tensor(rng.permutation(target))), num_nodes=10
    )
    g.ndata["x"], g.edata["w"] = tensor(rng, 10, 3), tensor(rng, len(target), 2)
    wanted = tensor(rng, 10)
    model = settle(Net(), 14)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    losses = []
    for _ in range(30):
        loss = functional.mse_loss(model(g), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
