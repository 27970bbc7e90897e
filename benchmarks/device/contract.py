"""The contract of every operator and every draw with a kernel for GPUs, run on a device instead of in Triton's interpreter."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from weft.graph import Adjacency
from weft.ops import (
    REGISTRY,
    Candidates,
    Corrupting,
    Drawing,
    Ends,
    Structure,
    Walking,
    draw_negatives,
    draw_neighbors,
    draw_walks,
    in_source_order,
    in_time_order,
    list_sums,
    using,
    weight_sums,
)
from weft.testing.operators import check_triton

Place = Callable[[Tensor], Tensor]


def check_operators(device: str, most: int, until: float) -> Iterator[dict[str, Any]]:
    """A record for each operator: whether `most` of its samples agree, forward, twice, and in their gradients.

    Args:
        until: the time, as `time.monotonic` tells it, after which no other operator is begun.
    """
    for name, op in sorted(REGISTRY.items()):
        if op.on_devices is None or time.monotonic() > until:
            yield {"operator": name, "outcome": "no kernel" if op.on_devices is None else "no time"}
            continue
        total, begun = sum(1 for _ in op.make_samples()), time.monotonic()
        chosen = range(0, total, max(1, total // most))
        record = {"operator": name, "kernel": op.on_devices.rpartition(".")[2], "samples": len(chosen)}
        record |= _outcome(partial(check_triton, op, chosen, device))
        yield record | {"seconds": round(time.monotonic() - begun, 2)}


def check_draws(device: str, num_nodes: int, num_edges: int) -> Iterator[dict[str, Any]]:
    """A record for each way of drawing: whether a device draws what the CPU draws, bit for bit."""
    for name, draw in ways_of_drawing(num_nodes, num_edges).items():
        begun = time.monotonic()
        record = {"operator": name} | _outcome(partial(_check_draw, draw, device))
        yield record | {"seconds": round(time.monotonic() - begun, 2)}


def _outcome(check: Callable[[], None]) -> dict[str, str]:
    try:
        check()
    except Exception as error:  # a kernel that cannot be launched is a finding, like one that is wrong
        return {
            "outcome": "fails",
            "error": f"{type(error).__name__}: {error}"[:2000],
            "where": traceback.format_exc()[-2000:],
        }
    return {"outcome": "agrees"}


def ways_of_drawing(num_nodes: int, num_edges: int) -> dict[str, Callable[[Place], Any]]:
    """Draws of every kind from one random graph; each takes what brings a tensor to the device where it is drawn."""
    draw = torch.Generator().manual_seed(0)
    source, target = (torch.rand(2, num_edges, generator=draw) ** 2 * num_nodes).long()
    rows = Structure(*Adjacency(source, target, num_sources=num_nodes, num_targets=num_nodes).by_target[:3])
    sums, ascending = weight_sums(rows, torch.rand(num_edges, generator=draw)), in_source_order(rows)
    timed, times = in_time_order(rows, torch.randint(99, (num_edges,), generator=draw))
    seeds = torch.randint(num_nodes, (min(num_nodes // 10, 1000),), generator=draw)
    alike, weighted = Candidates(rows, 0, 0, ascending=ascending), Candidates(rows, 0, 0, sums, ascending=ascending)
    now, links = torch.full_like(seeds, 50), torch.stack((seeds, seeds.flip(0)), 1)
    plain, since = Ends(num_nodes), torch.randint(99, (num_nodes,), generator=draw)
    ranks = list_sums(torch.rand(num_nodes, generator=draw))

    def neighbors(of: Candidates, how: Drawing, clock: Tensor | None = None) -> Callable[[Place], Any]:
        def call(place: Place) -> Any:
            clocks = None if clock is None else [place(clock)]
            return draw_neighbors(
                [on(place, of)], [place(seeds)], [[10], [5]], num_nodes=[num_nodes], how=how, times=clocks
            )

        return call

    def walks(of: Candidates, how: Walking) -> Callable[[Place], Any]:
        return lambda place: draw_walks([on(place, of)], place(seeds), [0] * 8, num_nodes=[num_nodes], how=how)

    def negatives(how: Corrupting, end: Ends = plain, *, among: Tensor | None = None) -> Callable[[Place], Any]:
        def call(place: Place) -> Any:
            ends = [Ends(num_nodes, *(None if part is None else place(part) for part in end[1:]))] * 2
            table = None if among is None else place(among)
            clock = None if end.times is None else place(now)
            return draw_negatives(place(links), 5, ends, how=how, known=on(place, alike), table=table, times=clock)

        return call

    timed_edges = Candidates(timed, 0, 0, None, times)
    return {
        "neighbors": neighbors(alike, Drawing()),
        "neighbors with replacement": neighbors(alike, Drawing(replace=True)),
        "neighbors by weight": neighbors(weighted, Drawing()),
        "neighbors in time": neighbors(timed_edges, Drawing(trees=True, strict=True, window=40), now),
        "latest neighbors": neighbors(timed_edges, Drawing("recent", trees=True), now),
        "neighbors by source": neighbors(alike, Drawing("source")),
        "neighbors by source and weight": neighbors(weighted, Drawing("source")),
        "induced graph": neighbors(alike, Drawing(induced=True, repeats=False)),
        "walks": walks(alike, Walking(stop=0.1)),
        "walks by weight, second order": walks(weighted, Walking(p=0.5, q=2.0)),
        "negatives": negatives(Corrupting(loops=False)),
        "negatives by weight, in time": negatives(Corrupting("source"), Ends(num_nodes, ranks, since)),
        "negatives in the batch, at both ends": negatives(Corrupting("both", in_batch=True, loops=False)),
        "negatives of a table": negatives(Corrupting(), among=seeds[:5].repeat(num_nodes, 1)),
    }


def on(place: Place, of: Candidates) -> Candidates:
    """Candidates with their tensors where `place` brings them."""
    rows = Structure(*(None if part is None else place(part) for part in of.rows))
    return Candidates(rows, of.source_type, of.target_type, *(None if part is None else place(part) for part in of[3:]))


def _check_draw(draw: Callable[[Place], Any], device: str) -> None:
    expected = _tensors(draw(lambda tensor: tensor))
    with using("triton"):
        found = _tensors(draw(lambda tensor: tensor.to(device)))
    if len(found) != len(expected) or not all(torch.equal(f.cpu(), e) for f, e in zip(found, expected, strict=True)):
        raise AssertionError("the device draws something else")


def _tensors(drawn: Any) -> list[Tensor]:
    if isinstance(drawn, Tensor):
        return [drawn]
    return [tensor for part in drawn or () if not isinstance(part, int) for tensor in _tensors(part)]
