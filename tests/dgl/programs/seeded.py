"""Numbers that are the same under every version of torch."""

import numpy as np
import torch


def tensor(rng, *shape):
    return torch.as_tensor(rng.standard_normal(shape).astype(np.float32))


def settle(module, seed):
    """Draw all parameters, in the order of their names."""
    rng = np.random.RandomState(seed)
    for _, parameter in sorted(module.named_parameters()):
        parameter.data = tensor(rng, *parameter.shape) * 0.3
    return module


def communities(rng, num_nodes, num_classes, num_edges):
    """Labels, and edges of which most join nodes of one label."""
    labels = rng.randint(0, num_classes, num_nodes)
    source, target = [], []
    while len(source) < num_edges:
        u, v = rng.randint(0, num_nodes, 2)
        if u != v and (labels[u] == labels[v] or rng.rand() < 0.15):
            source.append(int(u))
            target.append(int(v))
    return torch.as_tensor(labels), source, target
