"""What samplers have in common that choose nodes, and take all edges between them."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..errors import OptionError, ShapeError, message
from ..graph import Batch
from ..ops import Draws
from ._hops_sampler import HopsSampler
from ._sampler import Edges, Seeds, Times


class Met(NamedTuple):
    """Nodes of one type, and for each the place of the seed that led to it, all types of seeds one after the other."""

    ids: Tensor
    places: Tensor | None = None


class InducedSampler(HopsSampler):
    """A sampler that chooses nodes around seeds, and takes the graph of all edges between them and the seeds."""

    @abstractmethod
    def _meet(self, seeds: Mapping[str, Tensor], draws: Draws, times: Tensor | None) -> Mapping[str, Met]:
        """Choose nodes by type, beside the seeds; `times` are those of all seeds, one type after the other."""

    def sample(
        self, seeds: Seeds, *, epoch: int = 0, batch: int = 0, times: Times = None, exclude: Edges | None = None,
        trees: Seeds | None = None,
    ) -> Batch:  # fmt: skip
        """Draw the piece of one batch, see `Sampler.sample`: `exclude` counts for the graph, not for the choice of nodes."""
        place = self.graph.device
        named = {name: ids.to(place) for name, ids in self.seeds_by_type(seeds).items()}
        tree_of, clock = self._trees_and_times(named, trees, times)
        every = _joined(tree_of.values(), place)
        draws = Draws(self._hops.seed, epoch, batch)
        nodes, of_tree = ({name: [ids] for name, ids in of.items()} for of in (named, tree_of))
        for name, (ids, places) in self._meet(named, draws, None if clock is None else clock[every]).items():
            nodes.setdefault(name, []).append(ids)
            of_tree.setdefault(name, []).append(torch.zeros_like(ids) if places is None else every[places])
        piece = self._hops.batch(
            {name: _joined(lists, place) for name, lists in nodes.items()}, draws, times=clock, exclude=exclude,
            trees={name: _joined(lists, place) for name, lists in of_tree.items()} if self.disjoint else None,
        )  # fmt: skip
        rows: dict[Any, Tensor] = {
            name: piece.seed_rows[name][: ids.shape[0]] for name, ids in named.items() if ids.numel()
        }
        own: dict[Any, Tensor] = {} if clock is None else {name: clock[numbers] for name, numbers in tree_of.items()}
        return replace(piece, seeds=named, seed_rows=rows, times=own)

    def _trees_and_times(
        self, named: Mapping[str, Tensor], trees: Seeds | None, times: Times
    ) -> tuple[dict[str, Tensor], Tensor | None]:
        """The tree of each seed, and the time of each tree."""
        if trees is None:
            tree_of, begin = {}, 0
            for name, ids in named.items():
                tree_of[name] = torch.arange(begin, begin + ids.shape[0], device=ids.device)
                begin += ids.shape[0]
            if times is None:
                return tree_of, None
            by_type = self._hops.numbers("times", times)
            if [*by_type] != [*named] or any(by_type[name].shape != ids.shape for name, ids in named.items()):
                raise ShapeError(message(self._hops.where, "a time for each seed, by type like these", str([*by_type])))
            return tree_of, _joined(by_type.values(), self.graph.device)
        if not self.disjoint:
            raise OptionError(message(self._hops.where, "no `trees`, since seeds share nodes", "some", "disjoint=True"))
        return self._hops.numbers("trees", trees), None if times is None else self._hops.int64("times", times)


def _joined(lists: Iterable[Tensor], place: torch.device) -> Tensor:
    return torch.cat([torch.empty(0, dtype=torch.int64, device=place), *lists])
