"""What samplers that go hop after hop have in common."""

from typing import Any

from torch import Tensor

from ..graph import Batch, Graph
from ..ops import Draws
from ._hops import Hops
from ._sampler import Edges, Sampler, Seeds, Times, node_seeds


class HopSampler(Sampler):
    """A sampler that makes its `Hops` when it is made, and draws them for each batch."""

    _hops: Hops

    @property
    def graph(self) -> Graph:
        """The graph that is drawn from."""
        return self._hops.graph

    @property
    def disjoint(self) -> bool:
        """Whether every seed has nodes of its own, as a tree."""
        return self._hops.how.trees

    @property
    def timed(self) -> bool:
        """Whether seeds have to say when they ask."""
        return self._hops.timed

    def seeds_by_type(self, seeds: Seeds) -> dict[Any, Tensor]:
        """Check ids of nodes, or masks, and give them by node type."""
        return node_seeds(self._hops.where, self.graph, seeds)

    def sample(
        self, seeds: Seeds, *, epoch: int = 0, batch: int = 0, times: Times = None, exclude: Edges | None = None,
        trees: Seeds | None = None,
    ) -> Batch:  # fmt: skip
        """Draw the piece of one batch, see `Sampler.sample`."""
        return self._hops.batch(seeds, Draws(self._hops.seed, epoch, batch), times=times, exclude=exclude, trees=trees)
