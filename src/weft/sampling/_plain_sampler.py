"""What samplers have in common whose seeds share nodes, and know no times."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..errors import OptionError, message
from ..graph import Batch, Graph
from ._sampler import Edges, Sampler, Seeds, Times, node_seeds


class PlainSampler(Sampler):
    """A sampler whose seeds share nodes, and know no times."""

    _graph: Graph

    @abstractmethod
    def _sample(self, seeds: Mapping[str, Tensor], epoch: int, batch: int, exclude: Edges | None) -> Batch:
        """Draw the piece of one batch."""

    @property
    def graph(self) -> Graph:
        """The graph that is drawn from."""
        return self._graph

    @property
    def disjoint(self) -> bool:
        """Whether every seed has nodes of its own: never."""
        return False

    @property
    def timed(self) -> bool:
        """Whether seeds have to say when they ask: never."""
        return False

    def sample(
        self, seeds: Seeds, *, epoch: int = 0, batch: int = 0, times: Times = None, exclude: Edges | None = None,
        trees: Seeds | None = None,
    ) -> Batch:  # fmt: skip
        """Draw the piece of one batch, see `Sampler.sample`: without times and trees."""
        if times is not None or trees is not None:
            raise OptionError(message(type(self).__name__, "no `times` and no `trees`", "some"))
        return self._sample(self.seeds_by_type(seeds), epoch, batch, exclude)

    def _seeds_of_only(self, kind: str, seeds: Seeds) -> dict[Any, Tensor]:
        """Ids of nodes of the one type that has any."""
        named = node_seeds(type(self).__name__, self._graph, seeds)
        if set(named) - {kind}:
            raise OptionError(message(type(self).__name__, f'seeds of the type "{kind}"', str([*named])))
        return named
