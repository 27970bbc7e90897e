"""What samplers have in common that draw by `Hops`."""

from typing import Any

from torch import Tensor

from ..graph import Graph
from ._hops import Hops
from ._sampler import Sampler, Seeds, node_seeds


class HopsSampler(Sampler):
    """A sampler that makes its `Hops` when it is made, and whose seeds are nodes."""

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
