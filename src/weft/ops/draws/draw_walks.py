"""Walks over the edges of a graph, all of them at once."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, StructureError, check_choice, message
from ...native import Kernel
from .. import _backend
from . import walks_on_device, walks_reference
from .candidates import Candidates
from .checks import CPU, STREAMS, check_candidates, check_draws, check_lists, check_number, refuse_traces
from .packing import Table
from .request import Draws, Traces, Walking

MOST_WALKS, MOST_STEPS = 2**32, 2**16
MOST_UNEQUAL = 1000  # the highest share over the lowest: a step takes so many draws
_SIZES = "num_walks num_steps seed epoch batch stream window flags"
_WALK = Kernel("draw_walks", f"relations steps num_nodes starts times limits nodes edges {_SIZES}".split())


def draw_walks(
    candidates: Sequence[Candidates],
    starts: Tensor,
    path: Sequence[int],
    *,
    num_nodes: Sequence[int],
    draws: Draws | None = None,
    how: Walking | None = None,
    times: Tensor | None = None,
) -> Traces:
    """Walk from each start, drawing an edge for each step among those of the row of the node that was reached.

    A walk ends at a node that has no edge left: none in its row, none of a weight above 0, or none at a time that is allowed.

    *Shapes* `starts: (num_walks,)`, int64; `times: (num_walks,)`, int64, where edges have times.

    Args:
        candidates: rows are nodes that walk, and their sources those to which they go: edges by source for walks along edges.
        path: for each step, which of the candidates it goes along.
        draws: see `Draws`. Philox-4x32-10 with the seed as key gives the bits. The counter holds, from its highest bits down,
            the epoch (20 bits), the batch (28), 65,535 - stream (16), the place of the walk (32), the step (16) and the number
            of the draw (16): a word for the end, if there can be one, then one for the step, or two for weights, and for p and
            q one more to keep it.
        how: see `Walking`.

    Raises:
        OptionError, ShapeError, DtypeError, DeviceError: if arguments are of another kind or do not fit each other.
        IdError, StructureError: if a start is not there, or where sources or pointers that are read contradict themselves.

    Where the candidates are on a GPU, all tensors are, and so is what comes out, the same bit for bit.

    *Source* Grover, Leskovec (2016), node2vec: Scalable Feature Learning for Networks, arXiv 1607.00653, for p and q; Nguyen and
    others (2018), Continuous-Time Dynamic Network Embeddings, for times; Dong, Chawla, Swami (2017), metapath2vec, for paths of
    types.

    *Cost* a row, a source and an edge id for each step, all of them anywhere; with weights or times, logarithmic in the row. With
    p and q a step is drawn again until it is kept: the highest of 1 / p, 1 and 1 / q over their mean in the row times.

    >>> from weft.ops import Structure
    >>> ring = Structure(torch.arange(5), torch.tensor([1, 2, 3, 0]))
    >>> draw_walks([Candidates(ring, 0, 0)], torch.tensor([2]), [0, 0, 0], num_nodes=[4]).nodes
    tensor([[2, 3, 0, 1]])
    """
    refuse_traces("draw_walks")
    draws, how = draws or Draws(), how or Walking()
    check_walking("draw_walks", candidates, path, how=how, draws=draws)
    device = candidates[0].rows.indptr.device if candidates else CPU
    check_candidates("draw_walks", candidates, num_nodes, device)
    _check(candidates, starts, path, times, device)
    if device.type != "cpu" or _backend.active == "triton":
        return walks_on_device.walk(candidates, starts, path, num_nodes, draws, how, times)
    if _backend.active == "reference":
        return Traces(*walks_reference.walk(candidates, starts, path, num_nodes, draws, how, times))
    return _run(candidates, starts, path, num_nodes, draws, how, times)


def check_walking(
    name: str, candidates: Sequence[Candidates], path: Sequence[int], *, how: Walking, draws: Draws
) -> None:
    """Refuse options that contradict each other or the edges, in the name of whoever was given them.

    Raises:
        OptionError, ShapeError, StructureError: if they do.
    """
    check_draws(name, draws, STREAMS)
    check_number(name, "number of steps", len(path), 1, MOST_STEPS + 1)
    for relation in path:
        check_number(name, "path", relation, 0, len(candidates))
    for one, after in pairwise(path):
        if candidates[one].source_type != candidates[after].target_type:
            raise StructureError(message(name, "steps that begin where those before end", f"{one} before {after}"))
    if not isinstance(how.stop, (int, float)) and len(how.stop) != len(path):
        raise ShapeError(message(name, f"a chance to stop for each of {len(path)} steps", str(len(how.stop))))
    for chance in [how.stop] if isinstance(how.stop, (int, float)) else how.stop:
        if not 0 <= chance <= 1:
            raise OptionError(message(name, "chances to stop from 0 to 1", repr(chance)))
    first = candidates[path[0]].target_type
    if how.returns and any(candidates[relation].source_type != first for relation in path):
        raise OptionError(message(name, "nodes of one type for walks that return to the start", f"path {list(path)}"))
    check_choice(name, "towards", how.towards, ("future", "past"))
    _check_second_order(name, candidates, path, how)
    timed = any(candidates[relation].times is not None for relation in path)
    if (how.strict or how.window is not None) and not timed:
        raise OptionError(message(name, "times of edges for `strict` and `window`", "none"))
    if how.window is not None:
        check_number(name, "window", how.window, 0, 2**63)


def _check_second_order(name: str, candidates: Sequence[Candidates], path: Sequence[int], how: Walking) -> None:
    if not (0 < how.p < torch.inf and 0 < how.q < torch.inf):
        raise OptionError(message(name, "`p` and `q` above 0", f"{how.p} and {how.q}"))
    if not how.is_second_order():
        return
    if MOST_UNEQUAL * (min(how.limits()) + 1) < 2**32:
        expected = f"`p` and `q` that make no step more than {MOST_UNEQUAL} times likelier than another"
        raise OptionError(message(name, expected, f"{how.p} and {how.q}"))
    of = candidates[path[0]]
    if len(set(path)) > 1 or of.source_type != of.target_type:
        raise OptionError(message(name, "edges of one type between nodes of one type for `p` and `q`", f"path {path}"))
    if of.ascending is None:
        raise OptionError(
            message(name, "`ascending` sources for `p` and `q`", "none", "Candidates(ascending=in_source_order(rows))")
        )


def _check(
    candidates: Sequence[Candidates], starts: Tensor, path: Sequence[int], times: Tensor | None, device: torch.device
) -> None:
    name = "draw_walks"
    check_lists(name, "starts", [starts], 1, device)
    check_number(name, "number of walks", starts.shape[0], 0, MOST_WALKS + 1)
    if any(candidates[relation].times is not None for relation in path) != (times is not None):
        got = "times of edges alone" if times is None else "times of walks alone"
        raise OptionError(message(name, "times of edges and of walks, or neither", got))
    if times is not None:
        check_lists(name, "times", [times], 1, device)
        if times.shape != starts.shape:
            raise ShapeError(message(name, "a time for each walk", f"{times.shape[0]} for {starts.shape[0]} walks"))


def _run(
    candidates: Sequence[Candidates], starts: Tensor, path: Sequence[int], num_nodes: Sequence[int], draws: Draws,
    how: Walking, times: Tensor | None,
) -> Traces:  # fmt: skip
    relations, steps, counts, given, limits = Table(), Table(), Table(), Table(), Table()
    for of in candidates:
        relations.add_candidates(of)
    for pair in zip(path, how.stops(len(path)), strict=True):
        steps.add(*pair)
    counts.add(*num_nodes)
    limits.add(*how.limits())
    given.add(starts, times)
    nodes = torch.empty(starts.shape[0], len(path) + 1, dtype=torch.int64, device="cpu")
    edges = torch.empty(starts.shape[0], len(path), dtype=torch.int64, device="cpu")
    parts = how.returns, how.towards == "future", how.strict, how.is_second_order()
    flags = sum(bool(part) << bit for bit, part in enumerate(parts))
    addresses = (table.address() for table in (relations, steps, counts))
    made = *given.numbers, limits.address(), nodes.data_ptr(), edges.data_ptr()
    window = -1 if how.window is None else how.window
    _WALK(0, 0, [*addresses, *made, starts.shape[0], len(path), *draws.key(), window, flags])
    return Traces(nodes, edges)
