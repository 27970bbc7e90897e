"""Personalised PageRank by pushing: as many rows of its matrix as fit."""

import struct
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, GradientError, OptionError, ShapeError, StructureError, message
from .._checks import IDS, check_same_dtype, checked_ids
from .._compressed import check_compressed, check_count, check_same_rows, check_values, new_entries, rows_of
from .._operator import operator
from .._samples import compress, random_structure
from .._torch import is_tracing, is_transforming

_BLOCK = 2**22  # numbers that the reference holds at once
_MOST_TRACED = 1000  # rounds


@operator
def push_pagerank(
    indptr: Tensor, column: Tensor, value: Tensor, limit: Tensor, seeds: Tensor, alpha: float, most: int, capacity: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Approximate rows of personalised PageRank's matrix, pushing where nodes hold enough.

    `out[s] ~ row seeds[s] of alpha * (I - (1 - alpha) * T)^-1 = sum over k of alpha * (1 - alpha)^k * T^k`

    A seed holds 1 and pushes it. Then, in rounds, all nodes that hold more than their limit push: they keep the share alpha
    of what they hold, and send the rest along their rows of T. A row of the result is what nodes have kept. It is
    too small by what is still held at the end times the exact matrix.

    *Shapes* T is `(num_nodes, num_nodes)`, compressed by rows: `indptr: (num_nodes + 1,)`, int64, `column: (num_entries,)`,
    int32 or int64, and `value: (num_entries,)`; `limit: (num_nodes,)`; `seeds: (num_seeds,)`, int32 or int64 -> what nodes
    kept, and the nodes, ascending in each row, `(capacity,)` each; pointers to the rows, `(num_seeds + 1,)`, int64.

    Args:
        most: how many rounds there are at most, the push of the seed being the first.
        capacity: room for entries. Rows are there in the order of the seeds as long as all of them fit, and are empty then;
            one that is there has an entry. With room for num_nodes the first row always fits. Behind the last are zeros.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError: if a column or a seed is not below the number of nodes.
        StructureError: if pointers contradict themselves, a value or a limit is negative or NaN, or pushes become infinite.
        GradientError: if a compiler follows a gradient through more than 1000 rounds.

    Gradients go to the values, with the set of pushes held fixed, and cost what the reference costs.

    *Source* Andersen, Chung and Lang, 2006, Local Graph Partitioning using PageRank Vectors.

    *Differs from the source* all nodes that hold enough push at once, and the seed pushes whatever its limit.

    *Cost* the entries of the rows of all that push; each thread clears 24 bytes a node for the call, and uses up to 64. Numbers
    are float64 within.

    >>> import torch
    >>> indptr, column, value = torch.tensor([0, 1, 2]), torch.tensor([1, 0]), torch.ones(2)
    >>> push_pagerank(indptr, column, value, torch.full((2,), 0.3), torch.tensor([0]), 0.5, 100, 2)
    (tensor([0.5000, 0.2500]), tensor([0, 1]), tensor([0, 2]))
    """
    name, num, num_seeds = "push_pagerank", limit.shape[0], seeds.shape[0]
    column_long = checked_ids(name, "column", column, num, "nodes")
    seeds = checked_ids(name, "seeds", seeds, num, "nodes")
    _check_amounts("value", value)
    _check_amounts("limit", limit)
    edges = rows_of(indptr, column), column_long, value.double()
    total = indptr.new_zeros(())
    pointers, nodes, kept = [indptr.new_zeros(1)], column.new_zeros(capacity + 1), value.new_zeros(capacity + 1)
    for own in seeds.split(max(1, _BLOCK // max(num, column.shape[0], 1))):
        amount, is_pushed = _pushed(edges, limit.double(), own, alpha, most)
        ends = total + is_pushed.sum(1).cumsum(0)
        fits = ends <= capacity
        begins = torch.cat((total[None], ends))[:-1]
        places = begins[:, None] + is_pushed.cumsum(1) - 1
        # What has no place is written behind the end, where nobody looks.
        places = places.where(is_pushed & fits[:, None], capacity).flatten()
        nodes = nodes.scatter(0, places, torch.arange(num, device=column.device).to(column.dtype).repeat(own.shape[0]))
        kept = kept.scatter(0, places, amount.flatten().to(value.dtype))
        done = torch.cat((total[None], ends.where(fits, 0))).cummax(0).values
        pointers.append(done[1:].where(total <= capacity, pointers[-1][-1]))
        total = ends[-1] if own.shape[0] else total
        if not (is_tracing() or is_transforming()) and int(total) > capacity:
            break
    made = torch.cat(pointers)
    behind = made[-1].expand(num_seeds + 1 - made.shape[0])
    return kept[:capacity], nodes[:capacity], torch.cat((made, behind))


def _pushed(
    edges: tuple[Tensor, Tensor, Tensor], limit: Tensor, seeds: Tensor, alpha: float, most: int
) -> tuple[Tensor, Tensor]:
    """What each node keeps of each seed, and whether it has pushed, (num_seeds, num_nodes)."""
    source, target, value = edges
    held = (seeds[:, None] == torch.arange(limit.shape[0], device=seeds.device)).double()
    pushes, is_pushed, kept = held > 0, torch.zeros_like(held, dtype=torch.bool), torch.zeros_like(held)
    is_followed = is_tracing() or is_transforming()
    if is_followed and most > _MOST_TRACED:
        wanted = f"`most` of at most {_MOST_TRACED} where torch.compile or torch.func follows the rounds"
        raise GradientError(message("push_pagerank", wanted, str(most), "differentiate outside of it"))
    for at in range(most):
        sent = held.where(pushes, 0)
        kept, is_pushed = kept + alpha * sent, is_pushed | pushes
        # Not in the first round, so that the result depends on the values whether it is followed or not.
        if at and not is_followed and not bool(pushes.any()):
            break
        got = torch.zeros_like(held).index_add(1, target, (1 - alpha) * sent[:, source] * value)
        held = held.where(~pushes, 0) + got
        pushes = held > limit
    return kept, is_pushed


def _check_amounts(argument: str, amounts: Tensor) -> None:
    if amounts.is_meta or is_tracing() or is_transforming() or bool((amounts >= 0).all()):
        return
    at = int((~(amounts >= 0)).int().argmax())
    text = f"push_pagerank: `{argument}` holds {float(amounts[at])} at position {at}; hint: pass numbers of at least 0"
    raise StructureError(text)


@push_pagerank.prepares
def _(
    indptr: Tensor, column: Tensor, value: Tensor, limit: Tensor, seeds: Tensor, alpha: float, most: int, capacity: int
) -> tuple[Any, ...]:
    return indptr, column, value, limit, seeds.long() if seeds.dtype in IDS else seeds, alpha, most, capacity


@push_pagerank.outputs
def _(
    indptr: Tensor, column: Tensor, value: Tensor, limit: Tensor, seeds: Tensor, alpha: float, most: int, capacity: int
) -> tuple[Any, tuple[int, ...]]:
    name = "push_pagerank"
    check_compressed(name, "", indptr, column)
    check_values(name, "value", value, column)
    check_same_dtype(name, value=value, limit=limit)
    if limit.dim() != 1 or seeds.dim() != 1:
        got = f"{tuple(limit.shape)} and {tuple(seeds.shape)}"
        raise ShapeError(message(name, "one-dimensional `limit` and `seeds`", got))
    if seeds.dtype is not torch.int64:
        raise DtypeError(message(name, "`seeds` of int32 or int64", str(seeds.dtype)))
    check_same_rows(name, limit.shape[0], "", indptr)
    if not 0 < alpha <= 1:
        raise OptionError(message(name, "`alpha` above 0 and at most 1", str(alpha)))
    if isinstance(most, int) and most < 1:
        raise OptionError(message(name, "`most` of at least 1", str(most)))
    check_count(name, "capacity", capacity)
    made = new_entries(name, value, capacity), new_entries(name, column, capacity), indptr.new_empty(seeds.shape[0] + 1)
    bits = struct.unpack("q", struct.pack("d", float(alpha)))[0]
    return made, (limit.shape[0], column.shape[0], seeds.shape[0], bits, most, capacity)


push_pagerank.native(
    "push_pagerank",
    passes="indptr column value limit seeds out_value out_column out_indptr",
    dims="num_nodes num_entries num_seeds alpha most capacity",
    value="value",
    ids="column",
)
push_pagerank.backward_from_reference(of="value")
push_pagerank.tolerance(1e-6, 1e-12, 5e-3, 1e-3)
push_pagerank.autocast = "none"
push_pagerank.lacks("triton", issue=8)


@push_pagerank.samples
def _() -> Iterator[tuple[Any, ...]]:
    generator, none = torch.Generator().manual_seed(0), torch.empty(0, dtype=torch.int64)

    def limits(num: int, low: float) -> Tensor:
        return low * (1 + torch.rand(num, generator=generator, dtype=torch.float64))

    def values(indptr: Tensor, column: Tensor) -> Tensor:
        """Rows that add up to 1, or less where an entry is small."""
        drawn = 0.5 + torch.rand(column.shape[0], generator=generator, dtype=torch.float64)
        row = rows_of(indptr, column)
        sums = drawn.new_zeros(indptr.shape[0] - 1).index_add(0, row, drawn)
        return drawn / sums[row] * (torch.rand(column.shape[0], generator=generator) > 1 / 9).double().clamp(min=1e-2)

    # Edges to higher nodes alone, so that pushes end whatever the values are.
    source, target = torch.randint(9, (2, 24), generator=generator)
    down = compress(source[source < target], target[source < target], 9)
    value = 1 + torch.rand(down.num_edges, generator=generator, dtype=torch.float64)
    yield down.indptr, down.source, value, limits(9, 1e-3), torch.tensor([0, 3, 8, 3]), 0.3, 12, 40
    for num, edges, low, alpha, dtype, most, capacity in (
        (12, 40, 1e-3, 0.15, torch.int64, 8, 144),
        (12, 40, 1e-2, 0.5, torch.int32, 8, 30),  # not all rows fit
        (12, 40, 1e-3, 0.2, torch.int32, 3, 3),  # none does
        (12, 40, 1e-4, 0.1, torch.int32, 4, 200),  # rounds end while there is something to push
        (30, 0, 1e-2, 0.15, torch.int32, 5, 30),
        (1, 3, 1e-2, 0.15, torch.int64, 8, 2),
        (0, 0, 1e-2, 0.15, torch.int32, 5, 4),
        (200, 1200, 2e-3, 0.15, torch.int32, 12, 9000),
        (200, 1200, 20.0, 1.0, torch.int64, 3, 150),
    ):
        rows = random_structure(num, num, edges, seed=edges) if num else compress(none, none, 0)
        column = rows.source.to(dtype)
        seeds = torch.randint(max(num, 1), (num,), generator=generator)
        yield rows.indptr, column, values(rows.indptr, column), limits(num, low), seeds, alpha, most, capacity
