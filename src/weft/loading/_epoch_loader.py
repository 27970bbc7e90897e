"""What loaders have in common: epochs of batches, made ahead where that was asked for."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

from ..graph import Batch
from ._ahead import ahead
from ._epochs import Epochs


class EpochLoader(ABC):
    """A loader whose loop is an epoch, and the next loop the next one."""

    _epochs: Epochs
    device: torch.device | str | int | None
    prefetch: int
    num_threads: int
    epoch: int = 0

    @abstractmethod
    def _make(self, epoch: int, number: int, places: Tensor) -> Batch:
        """Make a batch of the items at some places, on the CPU."""

    def __len__(self) -> int:
        """How many batches the next epoch has, for this rank."""
        return self._epochs.num_batches(self.epoch)

    def __iter__(self) -> Iterator[Batch]:
        """Give the batches of the next epoch."""
        epoch, self.epoch = self.epoch, self.epoch + 1
        return self.batches(epoch)

    def batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Give the batches of an epoch, from the one of number `first` of this rank on.

        >>> import weft
        >>> sampler = weft.sampling.NeighborSampler(weft.Graph([0], [1]), [1])
        >>> loader = weft.loading.Loader(sampler, [0, 1], batch_size=1)
        >>> [batch.seeds["node"].tolist() for batch in loader.batches(epoch=3, first=1)]
        [[1]]
        """

        def make(numbered: tuple[int, Tensor]) -> Batch:
            made = self._make(epoch, *numbered)
            return made if self.device is None else made.to(self.device)

        return ahead(make, self._epochs.batches(epoch)[first:], prefetch=self.prefetch, num_threads=self.num_threads)
