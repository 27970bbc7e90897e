"""What samplers that go hop after hop have in common."""

from ..graph import Batch
from ..ops import Draws
from ._hops_sampler import HopsSampler
from ._sampler import Edges, Seeds, Times


class HopSampler(HopsSampler):
    """A sampler that draws hop after hop."""

    def sample(
        self, seeds: Seeds, *, epoch: int = 0, batch: int = 0, times: Times = None, exclude: Edges | None = None,
        trees: Seeds | None = None,
    ) -> Batch:  # fmt: skip
        """Draw the piece of one batch, see `Sampler.sample`."""
        return self._hops.batch(seeds, Draws(self._hops.seed, epoch, batch), times=times, exclude=exclude, trees=trees)
