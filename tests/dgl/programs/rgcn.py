"""Classify papers in a graph of authors, papers and subjects: a weight for each relation, messages summed across relations."""

import dgl
import dgl.function as fn
import numpy as np
import torch
from torch.nn import functional

from tests.dgl.programs.seeded import settle


class RelationalLayer(torch.nn.Module):
    def __init__(self, in_size, out_size, etypes):
        super().__init__()
        self.weight = torch.nn.ModuleDict({name: torch.nn.Linear(in_size, out_size) for name in etypes})

    def forward(self, G, feat_dict):  # noqa: N803
        funcs = {}
        for srctype, etype, _ in G.canonical_etypes:
            G.nodes[srctype].data[f"Wh_{etype}"] = self.weight[etype](feat_dict[srctype])
            funcs[etype] = (fn.copy_u(f"Wh_{etype}", "m"), fn.mean("m", "h"))
        G.multi_update_all(funcs, "sum")
        return {ntype: G.nodes[ntype].data["h"] for ntype in G.ntypes}


class RGCN(torch.nn.Module):
    def __init__(self, G, in_size, hidden_size, out_size):  # noqa: N803
        super().__init__()
        embeds = {name: torch.nn.Parameter(torch.zeros(G.num_nodes(name), in_size)) for name in G.ntypes}
        self.embed = torch.nn.ParameterDict(embeds)
        self.layer1 = RelationalLayer(in_size, hidden_size, G.etypes)
        self.layer2 = RelationalLayer(hidden_size, out_size, G.etypes)

    def forward(self, G):  # noqa: N803
        h = self.layer1(G, self.embed)
        h = {name: functional.leaky_relu(part) for name, part in h.items()}
        return self.layer2(G, h)["paper"]


def train():
    rng = np.random.RandomState(5)
    counts = {"author": 20, "paper": 40, "subject": 5}

    def edges(first, last, number):
        return torch.as_tensor(rng.randint(0, counts[first], number)), torch.as_tensor(
            rng.randint(0, counts[last], number)
        )

    writes, about, cites = edges("author", "paper", 90), edges("paper", "subject", 50), edges("paper", "paper", 70)
    G = dgl.heterograph(  # noqa: N806
        {
            ("author", "writing", "paper"): writes,
            ("paper", "written-by", "author"): writes[::-1],
            ("paper", "is-about", "subject"): about,
            ("subject", "has", "paper"): about[::-1],
            ("paper", "citing", "paper"): cites,
        },
        counts,
    )
    labels = torch.as_tensor(rng.randint(0, 3, 40))
    model = settle(RGCN(G, 6, 8, 3), 6)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(30):
        loss = functional.cross_entropy(model(G)[:30], labels[:30])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
