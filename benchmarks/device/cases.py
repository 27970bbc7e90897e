"""What is timed on a device: operators and training steps, weft's beside those of plain torch and cuSPARSE."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from weft import nn
from weft.graph import Adjacency
from weft.ops import Candidates, draw_neighbors, edge_softmax, relational_matmul, sddmm, spmm

Calls = dict[str, Callable[[], object]]


@dataclass(frozen=True)
class Case:
    """Calls that compute the same, and how many bytes the smallest of them has to move; 0 where that says nothing."""

    name: str
    calls: Calls
    bytes: int


def cases(adjacency: Adjacency, widths: list[int], dtype: torch.dtype) -> Iterator[Case]:
    """Sums, products on edges and training steps of layers on one graph."""
    for width in widths:
        x = torch.randn(adjacency.num_sources, width, device=adjacency.device, dtype=dtype)
        yield Case(f"sum {width}", _sum(adjacency, x), _bytes(adjacency, x))
        yield Case(f"sum {width}, training", _trained(_sum(adjacency, x.clone().requires_grad_())), 0)
        yield Case(f"dot on edges {width}", _dot(adjacency, x), _bytes(adjacency, x))
        if width >= 64:
            yield Case(f"GAT 8 x {width // 8}, training", _layer(adjacency, x, nn.GATConv, _gat), 0)
            yield Case(f"GATv2 8 x {width // 8}, training", _layer(adjacency, x, nn.GATv2Conv, _gatv2), 0)
        if width <= 128:
            yield Case(f"8 relations {width}, training", _relations(adjacency, x), 0)
    yield Case("draw [15, 10, 5] for 1,024 seeds", _draws(adjacency), 0)
    scores = torch.randn(adjacency.num_edges, 8, device=adjacency.device, dtype=dtype)
    yield Case("softmax on edges, 8 heads", {"weft": lambda: edge_softmax(adjacency.by_target, scores)}, 0)


def _bytes(adjacency: Adjacency, x: Tensor) -> int:
    """Rows of sources once for each edge, rows of targets once, ids and pointers."""
    row = x.shape[1] * x.element_size()
    return (adjacency.num_edges + adjacency.num_targets) * row + 4 * adjacency.num_edges + 8 * adjacency.num_targets


def _sum(adjacency: Adjacency, x: Tensor) -> Calls:
    rows, source, target = adjacency.by_target, adjacency.source.long(), adjacency.target.long()

    def gather_scatter() -> Tensor:
        return x.new_zeros(adjacency.num_targets, x.shape[1]).index_add_(0, target, x[source])

    calls: Calls = {"weft": lambda: spmm(rows, x), "torch": gather_scatter, "compiled": torch.compile(gather_scatter)}
    if not x.requires_grad:
        ones = torch.ones(adjacency.num_edges, device=x.device, dtype=x.dtype)
        size = (adjacency.num_targets, adjacency.num_sources)
        pointers = rows.indptr.to(rows.source.dtype)
        # Parallel edges are entries at one place, which the checks do not allow and products do not mind.
        matrix = torch.sparse_csr_tensor(pointers, rows.source, ones, size, check_invariants=False)
        calls["sparse"] = lambda: matrix @ x
    return calls


def _dot(adjacency: Adjacency, x: Tensor) -> Calls:
    source, target = adjacency.source.long(), adjacency.target.long()

    def gather() -> Tensor:
        return (x[source] * x[target]).sum(-1)

    return {"weft": lambda: sddmm(adjacency.by_target, x, x), "torch": gather, "compiled": torch.compile(gather)}


def _relations(adjacency: Adjacency, x: Tensor) -> Calls:
    """Sums of features that a matrix of each type of edges has mapped, and the same type by type."""
    types = torch.arange(adjacency.num_edges, device=x.device) % 8
    weight = torch.randn(8, x.shape[1], x.shape[1], device=x.device, dtype=x.dtype).div_(x.shape[1] ** 0.5)
    weight, given = weight.requires_grad_(), x.clone().requires_grad_()
    edge_type, source, target = (
        types.to(adjacency.by_target.source.dtype),
        adjacency.source.long(),
        adjacency.target.long(),
    )

    def by_type() -> Tensor:
        out = torch.zeros_like(given[:1]).expand(adjacency.num_targets, -1).clone()
        for which in range(8):
            of_type = types == which
            out = out.index_add(0, target[of_type], given[source[of_type]] @ weight[which])
        return out

    return _trained(
        {"weft": lambda: relational_matmul(adjacency.by_target, given, weight, edge_type), "torch": by_type}
    )


def _draws(adjacency: Adjacency) -> Calls:
    """Neighbours of seeds in three hops, numbered; the ids of all nodes that were met."""
    candidates = [Candidates(adjacency.by_target, 0, 0)]
    seeds = torch.arange(min(1024, adjacency.num_targets), device=adjacency.device)
    fanouts, count = [[15], [10], [5]], [adjacency.num_targets]
    return {"weft": lambda: draw_neighbors(candidates, [seeds], fanouts, num_nodes=count).node_ids[0]}


def _layer(adjacency: Adjacency, x: Tensor, kind: Any, plain: Callable[..., Tensor]) -> Calls:
    """Training steps of a layer of 8 heads, and of the same in plain torch with its parameters."""
    layer = kind(x.shape[1], x.shape[1] // 8, num_heads=8).to(x.device, x.dtype)
    given = x.clone().requires_grad_()
    return _trained({"weft": lambda: layer(adjacency, given), "torch": lambda: plain(layer, adjacency, given)})


def _trained(calls: Calls) -> Calls:
    """Each call with its gradient."""

    def step(call: Callable[[], object]) -> Tensor:
        out = call()
        assert isinstance(out, Tensor), "training wants one output"
        out.backward(torch.ones_like(out))
        return out

    return {name: lambda call=call: step(call) for name, call in calls.items()}


def _gat(layer: nn.GATConv, adjacency: Adjacency, x: Tensor) -> Tensor:
    z = layer.fc(x).view(x.shape[0], 8, -1)
    source, target = adjacency.source.long(), adjacency.target.long()
    score = (z * layer.attn_l).sum(-1)[source] + (z * layer.attn_r).sum(-1)[target]
    return _attended(torch.nn.functional.leaky_relu(score, 0.2), z, source, target) + layer.bias


def _gatv2(layer: nn.GATv2Conv, adjacency: Adjacency, x: Tensor) -> Tensor:
    left, right = layer.fc_src(x).view(x.shape[0], 8, -1), layer.fc_dst(x).view(x.shape[0], 8, -1)
    source, target = adjacency.source.long(), adjacency.target.long()
    score = (torch.nn.functional.leaky_relu(left[source] + right[target], 0.2) * layer.attn).sum(-1)
    return _attended(score, left, source, target)


def _attended(score: Tensor, z: Tensor, source: Tensor, target: Tensor) -> Tensor:
    index = target.unsqueeze(1).expand_as(score)
    top = score.detach().new_zeros(z.shape[:2]).scatter_reduce(0, index, score.detach(), "amax", include_self=False)
    weight = (score - top[target]).exp()
    total = torch.zeros_like(top).index_add(0, target, weight)
    attention = (weight / total[target]).unsqueeze(-1)
    return torch.zeros_like(z).index_add(0, target, attention * z[source]).flatten(1)
