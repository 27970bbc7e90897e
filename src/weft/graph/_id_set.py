"""Sets of ids that know where each of them stands."""

import torch
from torch import Tensor


class IdSet:
    """Ids below a count, each once, in the order in which they came.

    `_table` tells where an id stands, or whatever was in memory before: only an id that stands there is in the set. So
    nothing has to be cleared, and the cost is that of the ids alone (Briggs and Torczon, 1993, An Efficient
    Representation for Sparse Sets).
    """

    ids: Tensor
    _table: Tensor

    def __init__(self, count: int, *, device: torch.device) -> None:
        self.ids = torch.empty(0, dtype=torch.int64, device=device)
        self._table = torch.empty(count, dtype=torch.int64, device=device)

    @classmethod
    def of(cls, ids: Tensor, count: int) -> "IdSet":
        """A set of ids below `count`."""
        made = cls(count, device=ids.device)
        made.add(ids)
        return made

    def __len__(self) -> int:
        return self.ids.shape[0]

    def add(self, ids: Tensor) -> Tensor:
        """Add ids, some of which may be there, or come twice; gives the new ones, in their order if none comes twice."""
        new = ids[self.places(ids) < 0] if len(self) else ids
        places = torch.arange(len(self), len(self) + new.shape[0], device=ids.device)
        self._table[new] = places
        is_one = self._table[new] == places
        if not bool(is_one.all()):
            new = new[is_one]
            self._table[new] = places[: new.shape[0]]
        self.ids = torch.cat((self.ids, new)) if len(self) else new
        return new

    def places(self, ids: Tensor) -> Tensor:
        """Where ids stand: int64, -1 for one that is not in the set."""
        if not len(self):
            return torch.full_like(ids, -1, dtype=torch.int64)
        place = self._table[ids].clamp_(0, len(self) - 1)
        return torch.where(self.ids[place] == ids, place, -1)

    def mask(self) -> Tensor:
        """Whether each id below the count is in the set."""
        found = torch.zeros(self._table.shape, dtype=torch.bool, device=self.ids.device)
        found[self.ids] = True
        return found


def ascending(ids: Tensor, count: int) -> Tensor:
    """The same ids below `count`, no two alike, from low to high.

    *Cost* sorts few ids and marks many in a pass over `count` bytes.
    """
    if bool((ids[1:] > ids[:-1]).all()):
        return ids
    if 16 * ids.shape[0] < count:
        return ids.sort().values
    found = torch.zeros(count, dtype=torch.bool, device=ids.device)
    found[ids] = True
    return found.nonzero().squeeze(1)
