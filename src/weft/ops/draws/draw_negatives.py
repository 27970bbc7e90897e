"""Pairs of nodes that no edge joins, in place of links."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...errors import DeviceError, DtypeError, OptionError, ShapeError, StructureError, check_choice, message
from ...native import Kernel
from .. import _backend
from .._torch import has_numbers
from . import negatives_on_device, negatives_reference
from .candidates import Candidates
from .checks import STREAMS, check_candidates, check_draws, check_lists, check_number, refuse_traces
from .packing import Table
from .request import ENDS, Corrupting, Draws, Ends

MOST_LINKS, MOST_NEGATIVES = 2**32, 2**16
_SIZES = "num_links count width seed epoch batch stream flags"
_DRAW = Kernel("draw_negatives", f"known links sides table times out {_SIZES}".split())


def draw_negatives(
    links: Tensor,
    count: int,
    ends: Sequence[Ends],
    *,
    how: Corrupting | None = None,
    known: Candidates | None = None,
    table: Tensor | None = None,
    times: Tensor | None = None,
    draws: Draws | None = None,
) -> Tensor:
    """Draw pairs of nodes that are no links: links with another target, another source or both.

    A pair is refused, and drawn again, if it is the link itself, an edge that is `known`, one with a node that is not there yet
    at the time of the link, or, between nodes of one type, a loop. After 64 refusals in a row it is drawn among all that are
    allowed, so that chances stay those of the weights; there may be none, or it may be sought at both ends: then it is (-1, -1).

    *Shapes* `links: (num_links, 2)`, int64 -> `(num_links, count, 2)`, int64; `table: (num_nodes, any)`, int64;
    `times: (num_links,)`, int64.

    Args:
        ends: what is known of the nodes at the two ends.
        how: see `Corrupting`.
        known: edges, with `ascending`, that no pair may be.
        table: for each node that stays, the nodes to draw among in place of all; those outside, such as -1, are never drawn.
        times: when each link is asked for, if there are times of nodes.
        draws: see `Draws`. Philox-4x32-10 with the seed as key gives the bits. The counter holds, from its highest bits down,
            the epoch (20 bits), the batch (28), 64,511 - stream (16), the place of the link (32), that of the pair (16) and
            the number of the draw (16): a word for each node, or two for weights, sources before targets.

    Raises:
        OptionError, ShapeError, DtypeError, DeviceError, StructureError: if arguments are of another kind or do not fit
            each other.
        IdError: if an end of a link is not there.

    Where the links are on a GPU, all tensors are, and so is what comes out, the same bit for bit.

    *Source* Bordes and others (2013), Translating Embeddings for Modeling Multi-relational Data, for links with another end;
    Mikolov and others (2013), Distributed Representations of Words and Phrases, arXiv 1310.4546, for weights.

    *Cost* for each pair a search in a row of `known`; where nearly everything is refused, one for each node.

    >>> ends = Ends(3), Ends(3)
    >>> draw_negatives(torch.tensor([[0, 1]]), 2, ends, how=Corrupting(loops=False)).tolist()
    [[[0, 2], [0, 2]]]
    """
    refuse_traces("draw_negatives")
    draws, how = draws or Draws(), how or Corrupting()
    _check(links, count, ends, how, draws)
    _check_pools(links, ends, how, known, table)
    _check_times(links, ends, how, times)
    if links.device.type != "cpu" or _backend.active == "triton":
        return negatives_on_device.draw(links, count, ends, how, known, table, times, draws)
    if _backend.active == "reference":
        return negatives_reference.draw(links, count, ends, how, known, table, times, draws)
    sides, relation = Table(), Table()
    for end in ends:
        sides.add(end.num_nodes, end.sums, end.times)
    if known is not None:
        relation.add_candidates(known)
    given = Table()
    given.add(links, table, times)
    out = torch.empty(links.shape[0], count, 2, dtype=torch.int64, device="cpu")
    flags = how.corrupts != "target", how.corrupts != "source", how.in_batch, how.strict, not how.loops
    links_at, table_at, times_at = given.numbers
    sizes = links.shape[0], count, 0 if table is None else table.shape[1]
    packed = sum(bool(flag) << bit for bit, flag in enumerate(flags))
    addresses = 0 if known is None else relation.address(), links_at, sides.address(), table_at, times_at
    _DRAW(0, 0, [*addresses, out.data_ptr(), *sizes, *draws.key(), packed])
    return out


def _check(links: Tensor, count: int, ends: Sequence[Ends], how: Corrupting, draws: Draws) -> None:
    name = "draw_negatives"
    check_draws(name, draws, STREAMS)
    check_number(name, "count", count, 0, MOST_NEGATIVES)
    check_choice(name, "corrupts", how.corrupts, ENDS)
    if not has_numbers(links) or links.dtype is not torch.int64:
        raise DtypeError(message(name, "int64 `links`", str(getattr(links, "dtype", type(links).__name__))))
    if links.dim() != 2 or links.shape[1] != 2:
        raise ShapeError(message(name, "`links` of shape (num_links, 2)", str(tuple(links.shape))))
    check_number(name, "number of links", links.shape[0], 0, MOST_LINKS + 1)
    if len(ends) != 2:
        raise ShapeError(message(name, "two `ends`", str(len(ends))))
    for end in ends:
        check_candidates(name, [], [end.num_nodes])
        for what, values, size in (("sums", end.sums, end.num_nodes + 1), ("times", end.times, end.num_nodes)):
            if values is not None:
                check_lists(name, what, [values], 1, links.device)
                if values.shape[0] != size:
                    raise ShapeError(message(name, f"{size} of `{what}`", str(values.shape[0])))


def _check_pools(
    links: Tensor, ends: Sequence[Ends], how: Corrupting, known: Candidates | None, table: Tensor | None
) -> None:
    name = "draw_negatives"
    weighted = any(end.sums is not None for end in ends)
    if sum((weighted, how.in_batch, table is not None)) > 1:
        raise OptionError(message(name, "weights, `in_batch` or a `table`", "several of them"))
    for end, corrupts in zip(ends, ENDS, strict=False):
        if how.corrupts in (corrupts, "both") and end.sums is not None and int(end.sums[-1]) <= 0:
            raise OptionError(message(name, f"weights of which some are above 0 at the {corrupts}", "none"))
    if how.corrupts == "both" and table is not None:
        raise OptionError(message(name, "a `table` for one end", '`corrupts` "both"'))
    if table is not None:
        kept = ends[0 if how.corrupts == "target" else 1].num_nodes
        if table.dtype is not torch.int64 or table.dim() != 2 or table.shape[0] != kept or table.shape[1] == 0:
            got = f"{table.dtype} of shape {tuple(table.shape)}"
            raise ShapeError(message(name, f"an int64 `table` with a row for each of {kept} nodes", got))
        if table.device != links.device:
            raise DeviceError(message(name, f"`table` on {links.device}, as `links` are", str(table.device)))
    if known is None:
        return
    ends_there = [known._replace(source_type=0, target_type=1)]
    check_candidates(name, ends_there, [end.num_nodes for end in ends], links.device)
    if known.ascending is None:
        raise StructureError(message(name, "`known` with `ascending`", "none", "in_source_order(rows)"))


def _check_times(links: Tensor, ends: Sequence[Ends], how: Corrupting, times: Tensor | None) -> None:
    name = "draw_negatives"
    timed = any(end.times is not None for end in ends)
    if timed and times is None:
        raise OptionError(message(name, "times of links, since nodes have times", "none"))
    if how.strict and not timed:
        raise OptionError(message(name, "times of nodes for `strict`", "none"))
    if times is not None:
        check_lists(name, "times", [times], 1, links.device)
        if times.shape[0] != links.shape[0]:
            raise ShapeError(message(name, "a time for each link", f"{times.shape[0]} for {links.shape[0]} links"))
