"""Batches around seeds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, final

import torch
from torch import Tensor

from ..errors import FeatureError, OptionError, ShapeError, message
from ..graph import Batch, EdgeType, as_ids
from ..ops import gather_rows, split_by_list
from ..sampling import Sampler
from ..storage import FeatureStore, MemoryFeatures
from ._ahead import batches_ahead, is_elsewhere
from ._epoch_loader import EpochLoader
from ._epochs import Epochs


@final
class Loader(EpochLoader):
    """Give batches of seeds, with the piece of the graph that a sampler draws around them and its features.

    A loop over the loader is an epoch, the next loop the next one; `batches(epoch, first)` begins anywhere. What a batch holds
    is told by the arguments, its epoch and its number alone.

    Args:
        sampler: draws the pieces. It says what seeds are: nodes, links of a `LinkSampler`, parts of a `ClusterSampler`.
        seeds: ids of nodes, or what the sampler takes; for many types a mapping, whose seeds come in one order.
        batch_size: the most seeds of a batch.
        budget: the most that `cost` of the seeds of a batch may add up to.
        cost: of each seed, whole numbers in the form of the seeds, such as their degrees.
        shuffle: put the seeds in another order in each epoch.
        weight: how often each seed comes, in the form of the seeds: an epoch draws as many as there are, and puts them back.
        balance: the name of a feature of the seeds, classes, each of which comes equally often, in the way of `weight`.
        drop_last: leave out a last batch that is not full.
        features: names of features of nodes that come along, each for the types that have it.
        edge_features: the same of edges, for each block or the graph of a batch.
        store: where features are; by default in the graph, as it is when the loader is made. See `weft.storage` for files,
            caches and stores far away.
        labels: the name of a feature that comes along for the seeds: of nodes, or of edges where links are their ids.
        times: when each seed asks, for a sampler with times; in the form of the seeds.
        device: where batches go; by default they stay where the sampler draws.
        prefetch: how many batches are made in threads before they are asked for; 0 makes each when it is, on all threads. By
            default 2 where batches go to an accelerator or features come from a `store`, else 0, since the model works on the
            same cores.
        num_threads: how many batches are made ahead at a time, each on one thread.
        rank, num_ranks: of processes that train together, each takes every num_ranks-th batch. All take equally many: of those
            left over at the end, none is taken.
        seed: of the order.

    Raises:
        FeatureError, OptionError, ShapeError: if arguments are of another kind or do not fit each other.

    >>> import weft
    >>> graph = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> graph.nodes["x"] = torch.arange(4.0)
    >>> loader = Loader(weft.sampling.NeighborSampler(graph, [1]), range(4), batch_size=3, features=["x"])
    >>> [batch.features["node"]["x"].tolist() for batch in loader]
    [[0.0, 1.0, 2.0, 3.0], [3.0, 2.0]]
    """

    def __init__(
        self, sampler: Sampler, seeds: Any, *, batch_size: int | None = None, budget: int | None = None,
        cost: Any = None, shuffle: bool = False, weight: Any = None, balance: str | None = None,
        drop_last: bool = False, features: Sequence[str] = (), edge_features: Sequence[str] = (),
        store: FeatureStore | None = None, labels: str | None = None, times: Any = None,
        device: torch.device | str | int | None = None,
        prefetch: int | None = None, num_threads: int = 1, rank: int = 0, num_ranks: int = 1, seed: int = 0,
    ) -> None:  # fmt: skip
        waits = store is not None or is_elsewhere(device)
        prefetch = batches_ahead("Loader", prefetch, num_threads, waits=waits)
        self._sampler, self._graph = sampler, sampler.graph
        self._seeds: dict[Any, Tensor] = sampler.seeds_by_type(seeds)
        self._times = None if times is None else self._alike("times", times)
        sets: dict[Any, Mapping[str, Tensor]] = {**self._graph.node_sets, **self._graph.edge_sets}
        asked = [*_names("features", features), *_names("edge_features", edge_features)]
        if store is None:
            store = MemoryFeatures(
                {kind: {name: of[name] for name in asked if name in of} for kind, of in sets.items()}
            )
        self._store = store
        self._features = self._keys("features", features, self._graph.node_sets)
        self._edge_features = self._keys("edge_features", edge_features, self._graph.edge_sets)
        if labels is not None and not any(labels in of for of in sets.values()):
            raise FeatureError(message("Loader", "`labels` to name a feature of the graph", f'"{labels}"'))
        self._labels = labels
        if balance is not None and weight is not None:
            raise OptionError(message("Loader", "`balance` or `weight`", "both"))
        weights = None if weight is None else torch.cat([*self._alike("weight", weight, is_whole=False).values()])
        if balance is not None:
            _, which, counts = torch.cat([*self._of_seeds("balance", balance).values()]).unique(
                return_inverse=True, return_counts=True
            )
            weights = counts.double().reciprocal()[which]
        self._epochs = Epochs(
            "Loader", sum(ids.shape[0] for ids in self._seeds.values()), batch_size=batch_size, shuffle=shuffle,
            drop_last=drop_last, seed=seed, rank=rank, num_ranks=num_ranks, weight=weights, budget=budget,
            cost=None if cost is None else torch.cat([*self._alike("cost", cost).values()]),
        )  # fmt: skip
        self.device, self.prefetch, self.num_threads = device, prefetch, num_threads

    def _alike(self, option: str, given: Any, *, is_whole: bool = True) -> dict[Any, Tensor]:
        """A number for each seed, by type."""
        named = given if isinstance(given, Mapping) else {next(iter(self._seeds), None): given}
        found = {name: torch.as_tensor(values, device="cpu") for name, values in named.items()}
        if is_whole:
            found = {name: as_ids(values, option, where="Loader").long() for name, values in found.items()}
        wanted, got = ({name: each.shape[0] for name, each in of.items()} for of in (self._seeds, found))
        if wanted != got:
            raise ShapeError(message("Loader", f"`{option}` for the seeds {wanted}", str(got)))
        return {name: found[name] for name in self._seeds}

    def _of_seeds(self, option: str, name: str) -> dict[Any, Tensor]:
        """A feature of each seed, by type."""
        found = {}
        for kind, seeds in self._seeds.items():
            of_type = self._graph[kind]
            if seeds.dim() != 1 or name not in of_type:
                raise FeatureError(message("Loader", f"`{option}` to name a feature of the seeds, {kind}", f'"{name}"'))
            found[kind] = gather_rows(of_type[name], seeds.to(of_type[name].device)).cpu()
        return found

    def _keys(self, option: str, names: Sequence[str], types: Iterable[Any]) -> dict[Any, list[str]]:
        """The features of these names that types have."""
        known, kinds = set(self._store.keys), list(types)
        found = {kind: [name for name in names if (kind, name) in known] for kind in kinds}
        for name in names:
            if not any(name in of_type for of_type in found.values()):
                raise FeatureError(message("Loader", f"`{option}` to name features that are there", f'"{name}"'))
        counts = {
            kind: of_type.count for kind, of_type in (*self._graph.node_sets.items(), *self._graph.edge_sets.items())
        }
        for kind, of_type in found.items():
            for name in of_type:
                rows = self._store.spec((kind, name)).num_rows
                if rows != counts[kind]:
                    raise ShapeError(
                        message("Loader", f'{counts[kind]} rows of "{name}" of {kind}', f"{rows} in the store")
                    )
        return found

    def _make(self, epoch: int, number: int, places: Tensor) -> Batch:
        parts = split_by_list(places, [ids.shape[0] for ids in self._seeds.values()])
        rows = dict(zip(self._seeds, parts, strict=True))
        seeds = {kind: self._seeds[kind][mine] for kind, mine in rows.items()}
        times = None if self._times is None else {kind: self._times[kind][mine] for kind, mine in rows.items()}
        batch = self._sampler.sample(seeds, epoch=epoch, batch=number, times=times)
        return replace(
            batch, features=self._fetch(batch), edge_features=self._fetch_edges(batch), labels=self._labels_of(batch, seeds)
        )  # fmt: skip

    def _labels_of(self, batch: Batch, seeds: Mapping[Any, Tensor]) -> Mapping[str | EdgeType, Tensor]:
        if self._labels is None:
            return batch.labels
        if batch.labels:
            raise OptionError(message("Loader", "no `labels`, since negatives bring theirs", f'"{self._labels}"'))
        found: dict[str | EdgeType, Tensor] = {}
        for kind, pieces in batch.seeds.items():
            ids = pieces if pieces.dim() == 1 else seeds[kind]
            if ids.dim() != 1:
                raise OptionError(message("Loader", "ids of edges as seeds for `labels`", "pairs of nodes"))
            if self._labels in self._graph[kind]:
                found[kind] = gather_rows(self._graph[kind][self._labels], ids.to(self._graph.device))
        return found

    def _fetch(self, batch: Batch) -> dict[str | EdgeType, Mapping[str, Tensor]]:
        wanted = [((kind, name), ids) for kind, ids in batch.node_ids.items() for name in self._features[kind]]
        for key, ids in wanted if len(wanted) > 1 else ():
            self._store.will_need(key, ids)
        found: dict[str | EdgeType, dict[str, Tensor]] = {kind: {} for kind in batch.node_ids}
        for (kind, name), ids in wanted:
            found[kind][name] = self._store.fetch((kind, name), ids)
        return {**found}

    def _fetch_edges(self, batch: Batch) -> tuple[Mapping[EdgeType, Mapping[str, Tensor]], ...]:
        if not any(self._edge_features.values()):
            return batch.edge_features
        parts = [block.edge_ids for block in batch.blocks] or [batch.edge_ids]
        told = batch.edge_features or ({},) * len(parts)
        return tuple(
            {
                kind: {
                    **of_sampler.get(kind, {}),
                    **{name: self._store.fetch((kind, name), ids) for name in self._edge_features.get(kind, ())},
                }
                for kind, ids in part.items()
            }
            for part, of_sampler in zip(parts, told, strict=True)
        )


def _names(option: str, names: Sequence[str]) -> Sequence[str]:
    if isinstance(names, str):
        raise OptionError(message("Loader", f"`{option}` as a list of names", f'"{names}"', f'["{names}"]'))
    return names
