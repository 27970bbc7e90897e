"""Batches of nodes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, final

import torch
from torch import Tensor

from ..errors import FeatureError, OptionError, ShapeError, message
from ..graph import Batch, EdgeType, as_ids, by_node_type
from ..ops import gather_rows
from ..sampling import Sampler
from ._ahead import ahead


@final
class NodeLoader:
    """Give batches of seeds, with the piece of the graph that a sampler draws around them and its features.

    A loop over the loader is an epoch, the next loop the next one; `batches(epoch, first)` begins anywhere. What a batch holds
    is told by the arguments, its epoch and its number alone.

    Args:
        sampler: draws the pieces.
        seeds: ids of nodes; for many types a mapping from node types to ids, which come in one order.
        batch_size: seeds a batch.
        shuffle: put the seeds in another order in each epoch.
        drop_last: leave out a last batch that is not full.
        features: names of features of nodes that come along, each for the types that have it.
        labels: the name of a feature of nodes that comes along for the seeds.
        times: when each seed asks, for a sampler with times; like `seeds`.
        device: where batches go.
        prefetch: how many batches are made before they are asked for; 0 makes each when it is.
        num_threads: how many batches are made at a time, each on one thread. The model has the other cores.
        rank, num_ranks: of processes that train together, each takes every num_ranks-th batch. All take equally many: of those
            left over at the end, none is taken.
        seed: of the order.

    Raises:
        FeatureError, OptionError, ShapeError: if arguments are of another kind or do not fit each other.

    >>> import weft
    >>> graph = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> graph.nodes["x"] = torch.arange(4.0)
    >>> loader = NodeLoader(weft.sampling.NeighborSampler(graph, [1]), range(4), batch_size=3, features=["x"])
    >>> [batch.features["node"]["x"].tolist() for batch in loader]
    [[0.0, 1.0, 2.0, 3.0], [3.0, 2.0]]
    """

    def __init__(
        self, sampler: Sampler, seeds: Any, *, batch_size: int, shuffle: bool = False, drop_last: bool = False,
        features: Sequence[str] = (), labels: str | None = None, times: Any = None,
        device: torch.device | str | int | None = None, prefetch: int = 2, num_threads: int = 1, rank: int = 0,
        num_ranks: int = 1, seed: int = 0,
    ) -> None:  # fmt: skip
        least = {"batch_size": (batch_size, 1), "prefetch": (prefetch, 0), "num_threads": (num_threads, 1)}
        for option, (value, lowest) in {**least, "num_ranks": (num_ranks, 1), "rank": (rank, 0)}.items():
            if value < lowest:
                raise OptionError(message("NodeLoader", f"`{option}` of at least {lowest}", str(value)))
        if rank >= num_ranks:
            raise OptionError(message("NodeLoader", f"`rank` below {num_ranks}, the number of ranks", str(rank)))
        self._sampler, self._graph = sampler, sampler.graph
        self._seeds = self._by_type("seeds", seeds)
        self._times = None if times is None else self._by_type("times", times)
        if self._times is not None and _sizes(self._times) != _sizes(self._seeds):
            raise ShapeError(
                message("NodeLoader", f"times for the seeds {_sizes(self._seeds)}", str(_sizes(self._times)))
            )
        self._features, self._labels = self._checked(features), labels
        lacking = [name for name in self._seeds if labels is not None and labels not in self._graph.node_sets[name]]
        if lacking:
            raise FeatureError(message("NodeLoader", f"`labels` to name a feature of {lacking}", f'"{labels}"'))
        self.batch_size, self.shuffle, self.drop_last, self.seed = batch_size, shuffle, drop_last, seed
        self.device, self.prefetch, self.num_threads = device, prefetch, num_threads
        self.rank, self.num_ranks = rank, num_ranks
        self.epoch = 0

    def _by_type(self, option: str, given: Any) -> dict[str, Tensor]:
        named = by_node_type("NodeLoader", option, self._graph, given=given)
        return {name: as_ids(ids, option, where="NodeLoader", device="cpu").long() for name, ids in named.items()}

    def _checked(self, features: Sequence[str]) -> list[str]:
        if isinstance(features, str):
            raise OptionError(
                message("NodeLoader", "`features` as a list of names", f'"{features}"', f'["{features}"]')
            )
        for name in features:
            if not any(name in nodes for nodes in self._graph.node_sets.values()):
                raise FeatureError(message("NodeLoader", "`features` of nodes", f'"{name}"'))
        return list(features)

    def _num_batches(self) -> int:
        """Batches of an epoch, of all ranks."""
        seeds = sum(_sizes(self._seeds).values())
        return seeds // self.batch_size if self.drop_last else -(-seeds // self.batch_size)

    def __len__(self) -> int:
        """How many batches an epoch has, for this rank."""
        return self._num_batches() // self.num_ranks

    def __iter__(self) -> Iterator[Batch]:
        """Give the batches of the next epoch."""
        epoch, self.epoch = self.epoch, self.epoch + 1
        return self.batches(epoch)

    def batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Give the batches of an epoch, from the one of number `first` of this rank on.

        >>> import weft
        >>> loader = NodeLoader(weft.sampling.NeighborSampler(weft.Graph([0], [1]), [1]), [0, 1], batch_size=1)
        >>> [batch.seeds["node"].tolist() for batch in loader.batches(epoch=3, first=1)]
        [[1]]
        """
        order = self._order(epoch)
        numbers = range(self.rank + first * self.num_ranks, len(self) * self.num_ranks, self.num_ranks)
        make = lambda number: self._batch(order, epoch, number)  # noqa: E731
        return ahead(make, numbers, prefetch=self.prefetch, num_threads=self.num_threads)

    def _order(self, epoch: int) -> Tensor:
        """Places of the seeds, all types one after the other, in the order of an epoch."""
        count = sum(_sizes(self._seeds).values())
        if not self.shuffle:
            return torch.arange(count, device="cpu")
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + epoch) % 2**63)
        return torch.randperm(count, generator=generator, device="cpu")

    def _batch(self, order: Tensor, epoch: int, number: int) -> Batch:
        places = order[number * self.batch_size : (number + 1) * self.batch_size]
        seeds, times = {}, {}
        begin = 0
        for name, ids in self._seeds.items():
            mine = places[(places >= begin) & (places < begin + ids.shape[0])] - begin
            begin += ids.shape[0]
            seeds[name] = ids[mine]
            if self._times is not None:
                times[name] = self._times[name][mine]
        batch = self._sampler.sample(seeds, epoch=epoch, batch=number, times=times or None)
        sets = self._graph.node_sets
        features: dict[str | EdgeType, Mapping[str, Tensor]] = {
            name: {of: gather_rows(sets[name][of], ids) for of in self._features if of in sets[name]}
            for name, ids in batch.node_ids.items()
        }
        labels: dict[str | EdgeType, Tensor] = {}
        if self._labels is not None:
            labels = {
                name: gather_rows(sets[name][self._labels], seeds[name]) for name in self._seeds if name in batch.seeds
            }
        batch = replace(batch, features=features, labels=labels)
        return batch if self.device is None else batch.to(self.device)


def _sizes(by_type: Mapping[str, Tensor]) -> dict[str, int]:
    return {name: ids.shape[0] for name, ids in by_type.items()}
