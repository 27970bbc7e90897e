"""Which items come in which batch of an epoch, for which rank."""

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..ops import Draws, draw_rows, list_sums

_STREAM = 63_487  # the last of those of neighbours, which no sampler reaches


class Epochs:
    """The batches of places of `count` items, told by the arguments and the number of the epoch alone.

    Args:
        where: the loader, for messages.
        count: how many items there are.
        batch_size: the most items of a batch.
        budget: the most that the costs of the items of a batch may add up to.
        cost: of each item, whole numbers, `(count,)`.
        weight: how often each item comes, `(count,)`; then they are drawn, and put back, `count` times an epoch.

    Raises:
        OptionError: if options do not fit each other, or an item costs more than the budget.

    >>> epochs = Epochs("mine", 5, batch_size=2, shuffle=False, drop_last=True, seed=0, rank=0, num_ranks=1)
    >>> epochs.batches(epoch=0)
    [(0, tensor([0, 1])), (1, tensor([2, 3]))]
    """

    def __init__(
        self, where: str, count: int, *, batch_size: int | None, shuffle: bool, drop_last: bool, seed: int, rank: int,
        num_ranks: int, weight: Tensor | None = None, cost: Tensor | None = None, budget: int | None = None,
    ) -> None:  # fmt: skip
        for option, value, least in (("batch_size", batch_size, 1), ("num_ranks", num_ranks, 1), ("rank", rank, 0)):
            if value is not None and value < least:
                raise OptionError(message(where, f"`{option}` of at least {least}", str(value)))
        if rank >= num_ranks:
            raise OptionError(message(where, f"`rank` below {num_ranks}, the number of ranks", str(rank)))
        if (cost is None) != (budget is None):
            raise OptionError(message(where, "a budget and what items cost, or neither", "one of them"))
        if batch_size is None and budget is None:
            raise OptionError(message(where, "`batch_size`, a budget or both", "neither"))
        if cost is not None and budget is not None and count and int(cost.max()) > budget:
            at = int(cost.argmax())
            hint = "leave it out, or raise the budget"
            raise OptionError(message(where, f"items that cost at most {budget}", f"{int(cost[at])} at {at}", hint))
        if weight is not None and shuffle:
            raise OptionError(message(where, "`shuffle` or weights, which draw the order", "both"))
        self.count, self.batch_size, self.shuffle, self.drop_last = count, batch_size, shuffle, drop_last
        self.seed, self.rank, self.num_ranks = seed, rank, num_ranks
        self._cost, self._budget = cost, budget
        self._sums = None
        if weight is not None:
            self._sums = list_sums(weight)
            if count and int(self._sums[-1]) == 0:
                raise OptionError(message(where, "weights of which some are above 0", "none"))

    def batches(self, epoch: int) -> list[tuple[int, Tensor]]:
        """The batches of this rank: the number of each among those of all ranks, and the places of its items."""
        order = self._order(epoch)
        parts = self._fixed(order) if self._cost is None else self._within_budget(order)
        numbers = range(self.rank, len(parts) // self.num_ranks * self.num_ranks, self.num_ranks)
        return [(number, parts[number]) for number in numbers]

    def num_batches(self, epoch: int) -> int:
        """How many batches this rank has."""
        if self._cost is not None:
            return len(self.batches(epoch))
        assert self.batch_size is not None, "there is a batch size or a budget"
        full, left = divmod(self.count, self.batch_size)
        return (full + (left > 0 and not self.drop_last)) // self.num_ranks

    def _order(self, epoch: int) -> Tensor:
        if self._sums is not None:
            draws = Draws(self.seed, epoch, stream=_STREAM)
            return draw_rows(self.count, self.count, sums=self._sums, replace=True, draws=draws)
        if not self.shuffle:
            return torch.arange(self.count, device="cpu")
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + epoch) % 2**63)
        return torch.randperm(self.count, generator=generator, device="cpu")

    def _fixed(self, order: Tensor) -> list[Tensor]:
        assert self.batch_size is not None, "there is a batch size or a budget"
        parts = list(order.split(self.batch_size)) if self.count else []
        return parts[:-1] if parts and self.drop_last and parts[-1].shape[0] < self.batch_size else parts

    def _within_budget(self, order: Tensor) -> list[Tensor]:
        """As many items as the budget has room for, again and again."""
        assert self._cost is not None, "there are costs"
        assert self._budget is not None, "costs come with a budget"
        ends, parts, first, spent = self._cost[order].cumsum(0), list[Tensor](), 0, 0
        while first < order.shape[0]:
            last = int(torch.searchsorted(ends, spent + self._budget, right=True))
            if self.batch_size is not None:
                last = min(last, first + self.batch_size)
            parts.append(order[first:last])
            first, spent = last, int(ends[last - 1])
        return parts[:-1] if self.drop_last else parts
