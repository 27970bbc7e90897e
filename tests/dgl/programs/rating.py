"""Predict ratings in a bipartite graph of users and films by the product of what both become."""

import dgl
import dgl.function as fn
import numpy as np
import torch
from torch.nn import functional

from tests.dgl.programs.seeded import settle


class Encoder(torch.nn.Module):
    def __init__(self, num_users, num_films, size, levels):
        super().__init__()
        self.user = torch.nn.Parameter(torch.zeros(num_users, size))
        self.film = torch.nn.Parameter(torch.zeros(num_films, size))
        self.weights = torch.nn.ModuleDict({name: torch.nn.Linear(size, size) for name in levels})

    def forward(self, g):
        functions = {}
        for name, weight in self.weights.items():
            g.nodes["user"].data[name] = weight(self.user)
            g.nodes["film"].data[name] = weight(self.film)
            functions[name] = (fn.copy_u(name, "m"), fn.mean("m", "h"))
            functions["rev-" + name] = (fn.copy_u(name, "m"), fn.mean("m", "h"))
        g.multi_update_all(functions, "mean", lambda nodes: {"h": torch.tanh(nodes.data["h"])})
        return g.nodes["user"].data["h"] + self.user, g.nodes["film"].data["h"] + self.film


class Decoder(torch.nn.Module):
    def forward(self, g, user, film):
        with g.local_scope():
            g.nodes["user"].data["h"] = user
            g.nodes["film"].data["h"] = film
            g.apply_edges(fn.u_dot_v("h", "h", "score"), etype="rates")
            return g.edges["rates"].data["score"].squeeze(-1)


def train():
    rng = np.random.RandomState(15)
    counts = {"user": 20, "film": 15}
    u, v = torch.as_tensor(rng.randint(0, 20, 120)), torch.as_tensor(rng.randint(0, 15, 120))
    level = torch.as_tensor(rng.randint(1, 4, 120))
    edges = {}
    for at in range(1, 4):
        seen = (level == at) & (torch.arange(120) < 90)
        edges["user", f"level-{at}", "film"] = (u[seen], v[seen])
        edges["film", f"rev-level-{at}", "user"] = (v[seen], u[seen])
    g = dgl.heterograph(edges, counts)
    pairs = dgl.heterograph({("user", "rates", "film"): (u, v)}, counts)
    pairs.edata["rating"] = level.float() - 2
    encoder = settle(Encoder(20, 15, 6, ["level-1", "level-2", "level-3"]), 16)
    decoder = Decoder()
    optimizer = torch.optim.Adam(encoder.parameters(), lr=0.02)
    losses = []
    for _ in range(30):
        loss = functional.mse_loss(decoder(pairs, *encoder(g)), pairs.edata["rating"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
