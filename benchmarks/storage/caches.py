"""What a cache hits on a trace of real batches, and what deciding costs, beside a cache in Python."""

from __future__ import annotations

import importlib
import time
from typing import Any

import torch
from torch import Tensor

import weft
from weft.ops import POLICIES, RowCache
from weft.sampling import NeighborSampler
from weft.storage import count_nodes, hottest_by_counts, hottest_by_degree

SHARES = (0.05, 0.1, 0.2)  # of the nodes
WARM = 0.25  # of the batches, which are not counted


def trace(scale: int, num_batches: int, batch_size: int) -> tuple[weft.Graph, list[Tensor], list[Tensor]]:
    """A graph, the nodes of its batches, and those of as many other batches as one may look at before."""
    graph = weft.graph.generators.rmat(scale, 16 * 2**scale, seed=1, directed=True, shuffle=True)
    sampler = NeighborSampler(graph, [10, 10], seed=1)
    found = []
    for epoch in range(2):
        order = torch.randperm(graph.num_nodes, generator=torch.Generator().manual_seed(epoch))
        seeds = order.repeat(1 + num_batches * batch_size // graph.num_nodes)[: num_batches * batch_size].split(
            batch_size
        )
        found.append([sampler.sample(ids, epoch=epoch, batch=at).node_ids["node"] for at, ids in enumerate(seeds)])
    return graph, found[0], found[1]


def run(batches: list[Tensor], policy: Any, num_slots: int, hot: Tensor | None = None) -> dict[str, float]:
    """Hit rate and milliseconds a batch of one policy."""
    cache = RowCache(num_slots, policy, hot=hot)
    hits = requests = 0
    seconds = 0.0
    first = int(WARM * len(batches))
    for at, ids in enumerate(batches):
        begun = time.perf_counter()
        found = cache.assign(ids)
        cache.settle(found.places, is_ready=True)
        cache.release(found.slots)
        if at >= first:
            seconds += time.perf_counter() - begun
            hits, requests = hits + found.num_hits, requests + ids.shape[0]
    return {"hit_rate": hits / requests, "ms": 1e3 * seconds / (len(batches) - first)}


def run_in_python(batches: list[Tensor], num_slots: int) -> dict[str, float] | None:
    """The same of cachetools' LRU, request after request, if it is installed."""
    try:
        cachetools = importlib.import_module("cachetools")
    except ModuleNotFoundError:
        return None
    cache = cachetools.LRUCache(num_slots)
    hits = requests = 0
    seconds = 0.0
    first = int(WARM * len(batches))
    for at, ids in enumerate(batches):
        begun = time.perf_counter()
        found = 0
        for row in ids.tolist():
            if row in cache:
                found += 1
                cache[row]  # which makes it the last one used
            else:
                cache[row] = row
        if at >= first:
            seconds += time.perf_counter() - begun
            hits, requests = hits + found, requests + ids.shape[0]
    return {"hit_rate": hits / requests, "ms": 1e3 * seconds / (len(batches) - first)}


def measure(scale: int, num_batches: int, batch_size: int) -> list[dict[str, Any]]:
    """Run all policies and sizes on one trace."""
    graph, batches, before = trace(scale, num_batches, batch_size)
    counts = count_nodes(graph, [weft.Batch(seeds={}, node_ids={"node": ids}) for ids in before])["node"]
    found = []
    for share in SHARES:
        slots = int(share * graph.num_nodes)
        results: dict[str, dict[str, float] | None] = {policy: run(batches, policy, slots) for policy in POLICIES}
        results["hot by degree"] = run(batches, "sieve", slots, hottest_by_degree(graph, "node", slots))
        results["hot by counts"] = run(batches, "sieve", slots, hottest_by_counts(counts, slots))
        half = hottest_by_counts(counts, slots // 2)
        results["half hot by counts, sieve"] = run(batches, "sieve", slots, half)
        results["cachetools LRU"] = run_in_python(batches, slots)
        mean = sum(ids.shape[0] for ids in batches) / len(batches)
        found.append({"share": share, "nodes": graph.num_nodes, "rows_a_batch": round(mean), "results": results})
    return found


def lines_of(found: dict[str, Any]) -> list[list[str]]:
    """The lines of the table for one size."""
    return [
        [
            f"{100 * found['share']:.0f} %",
            name,
            *([f"{100 * of['hit_rate']:.1f} %", f"{of['ms']:.2f}"] if of else ["-", "-"]),
        ]
        for name, of in found["results"].items()
    ]


HEAD = ["held", "policy", "hits", "ms a batch"]
