"""Graphs of hundreds of millions of edges, drawn on the device that they are for."""

from __future__ import annotations

import torch

from weft.graph import Adjacency


def rmat(scale: int, num_edges: int, device: str) -> Adjacency:
    """Draw an R-MAT graph of 2**scale nodes with permuted ids, as `benchmarks.graphs.rmat` does."""
    draw = torch.Generator(device).manual_seed(0)
    source, target = torch.zeros((2, num_edges), dtype=torch.int32, device=device)
    for _ in range(scale):
        where = torch.rand(num_edges, generator=draw, device=device)
        low = where >= 0.76
        source.mul_(2).add_(low)
        target.mul_(2).add_(((where >= 0.57) & ~low) | (where >= 0.95))
    name = torch.randperm(2**scale, generator=draw, device=device).int()
    return Adjacency(name[source], name[target], num_sources=2**scale, num_targets=2**scale)


def flat(num_nodes: int, degree: int, device: str) -> Adjacency:
    """Draw `degree` uniform random sources for every node."""
    draw = torch.Generator(device).manual_seed(0)
    target = torch.arange(num_nodes, dtype=torch.int32, device=device).repeat_interleave(degree)
    source = torch.randint(num_nodes, (num_nodes * degree,), generator=draw, dtype=torch.int32, device=device)
    return Adjacency(source, target, num_sources=num_nodes, num_targets=num_nodes)
