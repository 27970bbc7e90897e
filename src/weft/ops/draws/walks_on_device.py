"""Walks on a GPU: torch's own calls find what each walk may take, step after step, and a kernel draws among it.

What comes out is what the native engine finds, bit for bit. Each step reads back whether the nodes that it reached are there.
"""

from collections.abc import Sequence
from importlib import import_module

import torch
from torch import Tensor

from .._checks import check_rising, checked_ids
from .._triton.launching import launching
from .candidates import Candidates
from .on_device import check_device, searched
from .request import Draws, Traces, Walking
from .walks_reference import LAST_STREAM

STOPPED = -1  # in place of a position: the walk ends before the step, or goes back to its start


def walk(
    candidates: Sequence[Candidates], starts: Tensor, path: Sequence[int], num_nodes: Sequence[int], draws: Draws,
    how: Walking, times: Tensor | None,
) -> Traces:  # fmt: skip
    """Do what `draw_walks` says, with all tensors on a device."""
    device = starts.device
    check_device("draw_walks", device)
    for relation in set(path):
        rows = candidates[relation].rows
        check_rising("draw_walks", "indptr", rows.indptr, rows.num_edges)
    begin = checked_ids("draw_walks", "starts", starts, num_nodes[candidates[path[0]].target_type], "nodes")
    clock = torch.zeros_like(begin) if times is None else times
    nodes = torch.full((begin.shape[0], len(path) + 1), -1, device=device)
    edges = torch.full((begin.shape[0], len(path)), -1, device=device)
    nodes[:, 0] = begin
    first = draws.epoch << 44 | draws.batch << 16 | LAST_STREAM - draws.stream
    kernels = import_module(f"{__package__}.walks_triton")
    here, now, before, walks = begin, clock, torch.full_like(begin, -1), torch.ones_like(begin, dtype=torch.bool)
    for step, (relation, stop) in enumerate(zip(path, how.stops(len(path)), strict=True)):
        of = candidates[relation]
        lo, hi = _allowed(of, torch.where(walks, here, 0), now, how)
        with launching(device):
            at = kernels.draw_steps(of, lo, hi, walks, before, step, [stop, *how.limits()], (draws.seed, first), how)
        moves, returns = at >= 0, (at == STOPPED) & how.returns
        at = at.clamp(min=0)
        reached = of.rows.source[at] if of.rows.num_edges else torch.zeros_like(at)
        reached = torch.where(moves, reached.long(), 0)
        reached = checked_ids("draw_walks", "source", reached, max(1, num_nodes[of.source_type]), "nodes")
        taken = at if of.rows.edge is None or not of.rows.num_edges else of.rows.edge[at].long()
        nodes[:, step + 1] = torch.where(moves, reached, torch.where(returns, begin, -1))
        edges[:, step] = torch.where(moves, taken, -1)
        if of.times is not None and of.rows.num_edges:
            now = torch.where(moves, of.times[at], clock)
        else:
            now = torch.where(moves, now, clock)
        before = torch.where(moves, here, -1)
        here, walks = torch.where(moves, reached, begin), moves | returns
    return Traces(nodes, edges)


def _allowed(of: Candidates, node: Tensor, now: Tensor, how: Walking) -> tuple[Tensor, Tensor]:
    """From which positions to which a walk that stands at a node draws."""
    lo, hi = of.rows.indptr[node], of.rows.indptr[node + 1]
    if of.times is None:
        return lo, hi
    if how.towards == "future":
        begin = searched(of.times, lo, hi, now, right=how.strict)
        if how.window is None:
            return begin, hi
        return begin, torch.maximum(begin, searched(of.times, lo, hi, now + how.window, right=True))
    end = searched(of.times, lo, hi, now, right=not how.strict)
    if how.window is None:
        return lo, end
    return torch.minimum(end, searched(of.times, lo, hi, now - how.window, right=False)), end
