"""A cache decides, for a batch of ids at a time, which rows it holds and where."""

import sys
from typing import Final, Literal, NamedTuple, final

import torch
from torch import Tensor

from ...errors import OptionError, check_choice, message
from ...native import DTYPES, Kernel
from .._checks import plain_ids

Policy = Literal["sieve", "s3-fifo", "clock", "lru"]
POLICIES: Final = ("sieve", "s3-fifo", "clock", "lru")

_MAKE = Kernel("make_cache", ["cache", "hot", "num_slots", "policy", "num_hot"])
_DROP = Kernel("drop_cache", ["cache"])
_ASSIGN = Kernel(
    "assign_slots", ["cache", "ids", "slots", "missing", "places", "waits", "sizes", "count", "num_waits", "ticket"]
)
_RELEASE = Kernel("release_slots", ["cache", "slots", "count", "is_ready"])
_SETTLE = Kernel("settle_slots", ["cache", "slots", "count", "is_ready"])
_LOOK = Kernel("look_for_slots", ["cache", "ids", "missing", "sizes", "count"])
_MOST_SLOTS = 2**31 - 1


class Assigned(NamedTuple):
    """What a cache decided for a batch.

    *Shapes* all int64 on the CPU. `slots: (num_ids,)`, where each row lies: slot s, or row -1 - s of what is missing;
    `missing: (num_missing,)`, ids whose rows are to be fetched, each once; `places: (num_missing,)`, the slot into which each of
    them goes, -1 for none.

    Attributes:
        num_hits: how many ids need no fetching; one that stands twice among the ids is missed once at most.
        waits: tickets of other batches, which are filling slots that this one reads.

    >>> Assigned(torch.tensor([0]), torch.tensor([7]), torch.tensor([0]), 0, ()).num_hits
    0
    """

    slots: Tensor
    missing: Tensor
    places: Tensor
    num_hits: int
    waits: tuple[int, ...]


@final
class RowCache:
    """Slots for rows of something larger, and a policy that says which row gives its slot away.

    First the ids of a batch that are held are marked, in their order; then each of the others takes a slot, in their order. A
    slot that a batch was assigned stays as it is until the batch releases it. For an id that finds no slot, since all are in
    use, its row is fetched and not kept. Who fills a slot says so with `settle`. One call at a time: whoever shares a cache
    between threads holds a lock around each call.

    Args:
        num_slots: how many rows it holds, with the hot ones.
        policy: "sieve", "s3-fifo", "clock" or "lru".
        hot: different ids that are held for good, in the slots 0, 1, ...; to be filled by the caller.

    Raises:
        OptionError: if there is no such policy, or fewer slots than hot ids.

    *Source* SIEVE: Zhang, Yang, Yue, Vigfusson, Rashmi 2024, "SIEVE is simpler than LRU", NSDI. S3-FIFO: Yang, Zhang, Qiu, Yue,
    Rashmi 2023, "FIFO queues are all you need for cache eviction", SOSP, algorithm 1. CLOCK: Corbato 1968, "A paging experiment
    with the Multics system".
    *Differs from the source* Slots in use are passed over; S3-FIFO and LRU put them at the new end of their queue.
    *Cost* 64 to 96 bytes a slot beside the row, with S3-FIFO twice that. A batch reads two entries for each id; evictions walk
    each queue four times at most.

    >>> cache = RowCache(2)
    >>> first = cache.assign(torch.tensor([5, 3, 5]))
    >>> first.slots.tolist(), first.missing.tolist(), first.num_hits
    ([0, 1, 0], [5, 3], 1)
    >>> cache.settle(first.places, is_ready=True)
    >>> cache.release(first.slots)
    >>> cache.assign(torch.tensor([3, 4])).slots.tolist()
    [1, 0]
    """

    def __init__(self, num_slots: int, policy: Policy = "sieve", *, hot: Tensor | None = None) -> None:
        check_choice("RowCache", "policy", policy, POLICIES)
        ids = (
            torch.empty(0, dtype=torch.int64, device="cpu") if hot is None else hot.to("cpu", torch.int64).contiguous()
        )
        if not ids.shape[0] <= num_slots <= _MOST_SLOTS:
            expected = f"`num_slots` from {ids.shape[0]}, the number of hot ids, to {_MOST_SLOTS}"
            raise OptionError(message("RowCache", expected, str(num_slots)))
        self._address = 0
        self.num_slots = num_slots
        place = torch.zeros(1, dtype=torch.int64, device="cpu")
        _MAKE(0, 0, [place.data_ptr(), ids.data_ptr(), num_slots, POLICIES.index(policy), ids.shape[0]])
        self._address = int(place)

    def __del__(self) -> None:
        if getattr(self, "_address", 0) and not sys.is_finalizing():
            _DROP(0, 0, [self._address])

    def assign(self, ids: Tensor, *, ticket: int = 0, num_waits: int = 0) -> Assigned:
        """Decide where the rows of a batch lie.

        Args:
            ids: int32 or int64, one-dimensional, on the CPU, none below 0.
            ticket: the number of this batch, from 0 up, which none of those under way has.
            num_waits: how many other batches are filling slots.

        Raises:
            ShapeError, DtypeError, DeviceError: if ids are none.

        >>> RowCache(1).assign(torch.tensor([5, 3])).slots.tolist()
        [0, -2]
        """
        ids = plain_ids("RowCache", "ids", ids)
        count = ids.shape[0]
        slots, missing, places = (torch.empty(count, dtype=torch.int64, device="cpu") for _ in range(3))
        waits, sizes = (torch.zeros(size, dtype=torch.int64, device="cpu") for size in (num_waits, 3))
        made = (tensor.data_ptr() for tensor in (ids, slots, missing, places, waits, sizes))
        _ASSIGN(0, _code(ids), [self._address, *made, count, num_waits, ticket])
        num_missing, num_hits, found = sizes.tolist()
        return Assigned(slots, missing[:num_missing], places[:num_missing], num_hits, tuple(waits[:found].tolist()))

    def settle(self, places: Tensor, *, is_ready: bool) -> None:
        """Say that slots are filled; or that they could not be, so that the next batch that wants their rows fetches them.

        Raises:
            IdError: if a slot is none of the cache; negative ones are passed over.

        >>> RowCache(1).settle(torch.tensor([-1, 0]), is_ready=True)
        """
        places = plain_ids("RowCache", "places", places).long()
        _SETTLE(0, 0, [self._address, places.data_ptr(), places.shape[0], is_ready])

    def release(self, slots: Tensor) -> None:
        """Give back the slots that a batch was assigned, so that others may take them.

        Raises:
            IdError: if a slot is none of the cache; negative ones are passed over.

        >>> RowCache(1).release(torch.tensor([-1, 0]))
        """
        slots = plain_ids("RowCache", "slots", slots).long()
        _RELEASE(0, 0, [self._address, slots.data_ptr(), slots.shape[0], 0])

    def missing(self, ids: Tensor) -> Tensor:
        """Those of some ids that are not held, as often as they are named; nothing changes.

        Raises:
            ShapeError, DtypeError, DeviceError: if ids are none.

        >>> RowCache(1, hot=torch.tensor([5])).missing(torch.tensor([5, 3]))
        tensor([3])
        """
        ids = plain_ids("RowCache", "ids", ids)
        missing, size = torch.empty(ids.shape[0], dtype=torch.int64, device="cpu"), torch.zeros(1, dtype=torch.int64)
        _LOOK(0, _code(ids), [self._address, ids.data_ptr(), missing.data_ptr(), size.data_ptr(), ids.shape[0]])
        return missing[: int(size)]


def _code(ids: Tensor) -> int:
    return DTYPES["int64" if ids.dtype is torch.int64 else "int32"]
