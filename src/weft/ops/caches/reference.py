"""What a cache decides, in plain Python, one request after the other: the definition that the native one is held against."""

from abc import ABC, abstractmethod
from collections import OrderedDict, deque

import torch
from torch import Tensor

from .row_cache import Assigned, Policy

_READY, _BROKEN = -1, -2


class _Order(ABC):
    """The order in which rows give their slots away; `pins` counts, for each slot, the batches that use it."""

    def __init__(self, num_slots: int, num_hot: int, pins: list[int]) -> None:
        self.num_slots, self.num_hot, self.pins = num_slots, num_hot, pins

    @abstractmethod
    def touch(self, slot: int) -> None:
        """A request for what a slot holds."""

    @abstractmethod
    def insert(self, slot: int, row: int) -> None:
        """Put a row into a free slot."""

    @abstractmethod
    def evict(self) -> int:
        """Take out a slot that nobody uses, of which there is at least one."""


class _Lru(_Order):
    def __init__(self, num_slots: int, num_hot: int, pins: list[int]) -> None:
        super().__init__(num_slots, num_hot, pins)
        self.queue: OrderedDict[int, None] = OrderedDict()  # the least recently used first

    def touch(self, slot: int) -> None:
        self.queue.move_to_end(slot)

    def insert(self, slot: int, row: int) -> None:
        self.queue[slot] = None

    def evict(self) -> int:
        while self.pins[slot := next(iter(self.queue))]:
            self.queue.move_to_end(slot)
        del self.queue[slot]
        return slot


class _Clock(_Order):
    def __init__(self, num_slots: int, num_hot: int, pins: list[int]) -> None:
        super().__init__(num_slots, num_hot, pins)
        self.used = [False] * num_slots
        self.hand = num_hot

    def touch(self, slot: int) -> None:
        self.used[slot] = True

    def insert(self, slot: int, row: int) -> None:
        self.used[slot] = False

    def evict(self) -> int:
        while True:
            slot = self.hand
            self.hand = slot + 1 if slot + 1 < self.num_slots else self.num_hot
            if not self.pins[slot] and not self.used[slot]:
                return slot
            if not self.pins[slot]:
                self.used[slot] = False


class _Sieve(_Order):
    def __init__(self, num_slots: int, num_hot: int, pins: list[int]) -> None:
        super().__init__(num_slots, num_hot, pins)
        self.queue: list[int] = []  # the oldest first
        self.used = [False] * num_slots
        self.hand = 0

    def touch(self, slot: int) -> None:
        self.used[slot] = True

    def insert(self, slot: int, row: int) -> None:
        self.used[slot] = False
        self.queue.append(slot)

    def evict(self) -> int:
        while True:
            if self.hand >= len(self.queue):
                self.hand = 0
            slot = self.queue[self.hand]
            if not self.pins[slot] and not self.used[slot]:
                del self.queue[self.hand]  # the hand now stands at the next newer one
                if self.hand == len(self.queue):
                    self.hand = 0
                return slot
            if not self.pins[slot]:
                self.used[slot] = False
            self.hand += 1


class _S3Fifo(_Order):
    def __init__(self, num_slots: int, num_hot: int, pins: list[int]) -> None:
        super().__init__(num_slots, num_hot, pins)
        self.small: deque[int] = deque()  # the oldest first
        self.main: deque[int] = deque()
        self.target = max(1, (num_slots - num_hot) // 10)
        self.ghosts: deque[int | None] = deque(maxlen=max(0, num_slots - num_hot - self.target))
        self.uses = [0] * num_slots
        self.row = [-1] * num_slots

    def touch(self, slot: int) -> None:
        self.uses[slot] = min(3, self.uses[slot] + 1)

    def insert(self, slot: int, row: int) -> None:
        self.uses[slot], self.row[slot] = 0, row
        if row in self.ghosts:
            self.ghosts[self.ghosts.index(row)] = None
            self.main.append(slot)
        else:
            self.small.append(slot)

    def _has_free(self, queue: deque[int]) -> bool:
        return any(not self.pins[slot] for slot in queue)

    def evict(self) -> int:
        while True:
            in_small, in_main = self._has_free(self.small), self._has_free(self.main)
            if in_small and (len(self.small) >= self.target or not in_main):
                slot = self.small.popleft()
                if self.pins[slot]:
                    self.small.append(slot)
                elif self.uses[slot] > 1:
                    self.uses[slot] = 0
                    self.main.append(slot)
                else:
                    self.ghosts.append(self.row[slot])
                    return slot
            else:
                slot = self.main.popleft()
                if not self.pins[slot] and not self.uses[slot]:
                    return slot
                if not self.pins[slot]:
                    self.uses[slot] -= 1
                self.main.append(slot)


_ORDERS: dict[str, type[_Order]] = {"sieve": _Sieve, "s3-fifo": _S3Fifo, "clock": _Clock, "lru": _Lru}


class ReferenceCache:
    """`RowCache`, slowly.

    >>> cache = ReferenceCache(1)
    >>> cache.assign(torch.tensor([5, 3])).slots.tolist()
    [0, -2]
    """

    def __init__(self, num_slots: int, policy: Policy = "sieve", *, hot: Tensor | None = None) -> None:
        rows = [] if hot is None else hot.tolist()
        self.num_slots, self.num_hot = num_slots, len(rows)
        self.pins = [0] * num_slots
        self.ticket = [_READY] * num_slots
        self.row = rows + [-1] * (num_slots - len(rows))
        self.slot = {row: slot for slot, row in enumerate(rows)}
        self.num_used = len(rows)
        self.order = _ORDERS[policy](num_slots, len(rows), self.pins)

    def assign(self, ids: Tensor, *, ticket: int = 0, num_waits: int = 0) -> Assigned:
        """What `RowCache.assign` decides."""
        slots: dict[int, int] = {}  # by position
        missing: list[int] = []
        places: list[int] = []
        waits: list[int] = []
        passed: dict[int, int] = {}

        def use(position: int, slot: int) -> None:
            if slot >= self.num_hot:
                self.order.touch(slot)
            self.pins[slot] += 1
            slots[position] = slot
            if self.ticket[slot] == _BROKEN:
                self.ticket[slot] = ticket
                missing.append(self.row[slot])
                places.append(slot)
            elif self.ticket[slot] not in (_READY, ticket, *waits):
                waits.append(self.ticket[slot])

        rows = ids.tolist()
        for position, row in enumerate(rows):
            if row in self.slot:
                use(position, self.slot[row])
        for position, row in enumerate(rows):
            if position in slots:
                continue
            if row in self.slot:
                use(position, self.slot[row])
            elif row in passed:
                slots[position] = -1 - passed[row]
            else:
                slot = self._place(row, ticket)
                if slot < 0:
                    passed[row] = len(missing)
                slots[position] = slot if slot >= 0 else -1 - len(missing)
                missing.append(row)
                places.append(slot)
        found = _ids([slots[position] for position in range(len(rows))])
        return Assigned(found, _ids(missing), _ids(places), len(rows) - len(missing), tuple(waits))

    def _place(self, row: int, ticket: int) -> int:
        if self.num_used < self.num_slots:
            slot, self.num_used = self.num_used, self.num_used + 1
        elif all(self.pins[self.num_hot :]):
            return -1
        else:
            slot = self.order.evict()
            del self.slot[self.row[slot]]
        self.slot[row], self.row[slot], self.ticket[slot], self.pins[slot] = slot, row, ticket, 1
        self.order.insert(slot, row)
        return slot

    def settle(self, places: Tensor, *, is_ready: bool) -> None:
        """What `RowCache.settle` does."""
        for slot in places.tolist():
            if slot >= 0:
                self.ticket[slot] = _READY if is_ready else _BROKEN

    def release(self, slots: Tensor) -> None:
        """What `RowCache.release` does."""
        for slot in slots.tolist():
            if slot >= 0:
                self.pins[slot] -= 1

    def missing(self, ids: Tensor) -> Tensor:
        """What `RowCache.missing` gives."""
        held = {row for row, slot in self.slot.items() if self.ticket[slot] != _BROKEN}
        return _ids([row for row in ids.tolist() if row not in held])


def _ids(rows: list[int]) -> Tensor:
    return torch.tensor(rows, dtype=torch.int64, device="cpu")
