"""Pairs in place of links on a GPU: a kernel tries, and where nearly everything is refused the host draws among what is not.

What comes out is what the native engine draws, bit for bit.
"""

from collections.abc import Sequence
from importlib import import_module
from itertools import groupby, islice

import torch
from torch import Tensor

from .._checks import check_rising, checked_ids
from .._triton.launching import launching
from .candidates import Candidates
from .negatives_reference import LAST_STREAM, TRIES
from .on_device import check_device
from .request import ENDS, Corrupting, Draws, Ends
from .words import below, words_of

_OF_BLOCK = 4  # words of one counter


def draw(
    links: Tensor, count: int, ends: Sequence[Ends], how: Corrupting, known: Candidates | None, table: Tensor | None,
    times: Tensor | None, draws: Draws,
) -> Tensor:  # fmt: skip
    """Do what `draw_negatives` says, with all tensors on a device."""
    check_device("draw_negatives", links.device)
    for side, end in enumerate(ends):
        checked_ids("draw_negatives", "links", links[:, side], end.num_nodes, "nodes")
    if known is not None:
        check_rising("draw_negatives", "indptr", known.rows.indptr, known.rows.num_edges)
    key = draws.seed, draws.epoch << 44 | draws.batch << 16 | LAST_STREAM - draws.stream
    kernels = import_module(f"{__package__}.negatives_triton")
    if not links.shape[0] * count:
        return links.new_empty(links.shape[0], count, 2)
    pairs: Tensor
    with launching(links.device):
        pairs, words = kernels.draw_pairs(links, count, ends, how, known, table, times, key, TRIES)
    if how.corrupts != "both":
        side = ENDS.index(how.corrupts)
        for link, places in groupby((words >= 0).nonzero()[:, 0].tolist(), lambda place: place // count):
            sums, values = _allowed(link, side, links, ends, how, known, table, times)
            for place in places if sums.numel() and int(sums[-1]) > 0 else ():
                block, turn = divmod(int(words[place]), _OF_BLOCK)
                stream = islice(words_of(*key, (link << 32 | place % count << 16) + block), turn, None)
                pairs[place] = links[link]
                pairs[place, side] = values[torch.searchsorted(sums, below(int(sums[-1]), True, stream), right=True)]
    return pairs.reshape(links.shape[0], count, 2)


def _allowed(
    link: int, side: int, links: Tensor, ends: Sequence[Ends], how: Corrupting, known: Candidates | None,
    table: Tensor | None, times: Tensor | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """What of the pool of a link makes a negative of it, and the sums of their weights."""
    own, end, device = links[link], ends[side], links.device
    if table is not None:
        values = table[own[1 - side]]
    else:
        values = links[:, side] if how.in_batch else torch.arange(end.num_nodes, device=device)
    weight = torch.ones_like(values) if end.sums is None or table is not None or how.in_batch else end.sums.diff()
    fits = (values >= 0) & (values < end.num_nodes) & (values != own[side])
    if not how.loops:
        fits &= values != own[1 - side]
    if end.times is not None and times is not None:
        since = end.times[values.clamp(0, end.num_nodes - 1)]
        fits &= since < times[link] if how.strict else since <= times[link]
    if known is not None:
        fits &= ~torch.isin(values, _neighbors(known, own[1 - side], side))
    return (weight * fits).cumsum(0), values


def _neighbors(known: Candidates, node: Tensor, side: int) -> Tensor:
    """The nodes at one side of the known edges of a node at the other."""
    rows = known.rows
    if side == 0:
        return rows.source[int(rows.indptr[node]) : int(rows.indptr[node + 1])].long()
    return torch.searchsorted(rows.indptr, (rows.source == node).nonzero()[:, 0], right=True) - 1
