"""What samplers that go hop after hop have in common."""

from ..graph import Batch, Graph
from ._hops import Hops
from ._sampler import Edges, Sampler, Seeds, Times


class HopSampler(Sampler):
    """A sampler that makes its `Hops` when it is made, and draws them for each batch."""

    _hops: Hops

    @property
    def graph(self) -> Graph:
        """The graph that is drawn from."""
        return self._hops.graph

    def sample(
        self, seeds: Seeds, *, epoch: int = 0, batch: int = 0, times: Times = None, exclude: Edges | None = None
    ) -> Batch:
        """Draw the piece of one batch, see `Sampler.sample`."""
        return self._hops.batch(seeds, epoch, batch, times, exclude)
