"""Loaders: items of a graph to batches of a sampler, and lists of graphs to batches of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed
from torch import Tensor
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import default_collate
from torch.utils.data.distributed import DistributedSampler

from ...errors import OptionError, message
from ...loading import Epochs, ahead
from ...ops import split_by_list
from .._draws import drawing_for, next_seed
from .._graph import DGLGraph
from .._later import absent
from ..base import dgl_warning
from ..batch import batch as batch_graphs
from ..storages import FeatureStorage, wrap_storage
from ._lazily import fetched

_AHEAD = 2  # batches that a thread makes before they are asked for
_OF_WORKERS = (
    "persistent_workers", "pin_memory", "worker_init_fn", "timeout", "multiprocessing_context", "pin_memory_device",
)  # fmt: skip
"""Options of torch's loader that say how its processes work, of which there are none."""


class DataLoader:
    """Give batches of items of a graph, each as a sampler draws it, with the columns that it asks for.

    A loop over the loader is an epoch. What is drawn follows the seed of torch (`dgl.seed`), on any number of threads: each batch
    has draws of its own, told by the epoch and its number.

    Args:
        graph: what is sampled.
        indices: the items: ids of nodes or edges, or a mask; for several types a mapping; or whatever numbers the sampler takes.
        graph_sampler: has `sample(graph, items)`.
        device: where batches go; if None, where the sampler left them.
        use_ddp: let each process take every n-th batch, equally many of them; all have to be given the same `ddp_seed`.
        ddp_seed: of the order then.
        batch_size: the most items of a batch.
        drop_last: leave out a last batch that is not full.
        shuffle: put the items in another order in each epoch.
        use_prefetch_thread: make batches ahead in a thread, as `num_workers=1` does; not, if None or False and without workers.
        use_alternate_streams, pin_prefetcher, use_uva, gpu_cache: accepted and not needed: features are fetched on the CPU.
        kwargs: `num_workers`: how many threads make batches ahead; `prefetch_factor`: how many each of them; `generator`: what
            seeds an epoch in place of torch's own. Options that say how worker processes work have no effect.

    Raises:
        OptionError: if an option makes no sense, or is not known.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 2], [1, 2, 3]))
    >>> g.ndata["feat"] = torch.arange(4.0)
    >>> sampler = dgl.dataloading.NeighborSampler([-1], prefetch_node_feats=["feat"])
    >>> for input_nodes, output_nodes, blocks in DataLoader(g, torch.tensor([1, 3]), sampler, batch_size=1):
    ...     print(input_nodes, output_nodes, blocks[0].srcdata["feat"])
    tensor([1, 0]) tensor([1]) tensor([1., 0.])
    tensor([3, 2]) tensor([3]) tensor([3., 2.])
    """

    def __init__(
        self, graph: Any, indices: Any, graph_sampler: Any, device: Any = None, use_ddp: bool = False, ddp_seed: int = 0,
        batch_size: int = 1, drop_last: bool = False, shuffle: bool = False, use_prefetch_thread: bool | None = None,
        use_alternate_streams: bool | None = None, pin_prefetcher: bool | None = None, use_uva: bool = False,
        gpu_cache: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        self.num_workers, ahead_of_each = _threads("DataLoader", kwargs)
        self.generator: torch.Generator | None = kwargs.pop("generator", None)
        if kwargs:
            raise OptionError(message("DataLoader", "options of DGL's or torch's loader", str(sorted(kwargs))))
        self.graph, self.indices, self.graph_sampler = graph, indices, graph_sampler
        self.device = None if device is None else torch.empty(0, device=device).device
        self.use_ddp, self.ddp_seed, self.epoch = use_ddp, ddp_seed, 0
        self.batch_size, self.drop_last, self.shuffle = batch_size, drop_last, shuffle
        self._num_threads = max(self.num_workers, int(bool(use_prefetch_thread)))
        self._prefetch = self._num_threads * ahead_of_each
        self._items = _Items(indices)
        self._others: dict[str, FeatureStorage] = {}
        self._epochs(0)

    def _epochs(self, seed: int) -> Epochs:
        rank, num_ranks = 0, 1
        if self.use_ddp:
            if not torch.distributed.is_initialized():
                hint = "torch.distributed.init_process_group"
                raise OptionError(message("DataLoader", "processes that know each other for `use_ddp`", "one", hint))
            rank, num_ranks, seed = torch.distributed.get_rank(), torch.distributed.get_world_size(), self.ddp_seed
        return Epochs(
            "DataLoader", self._items.count, batch_size=self.batch_size, shuffle=self.shuffle, drop_last=self.drop_last,
            seed=seed, rank=rank, num_ranks=num_ranks,
        )  # fmt: skip

    def __len__(self) -> int:
        """How many batches an epoch has, for this process."""
        return self._epochs(0).num_batches(0)

    def __iter__(self) -> Iterator[Any]:
        """Give the batches of the next epoch."""
        seed, epoch = next_seed(self.generator), self.epoch
        self.epoch += 1
        batches = self._epochs(seed).batches(epoch if self.use_ddp else 0)
        make = lambda numbered: self._batch(seed, *numbered)  # noqa: E731
        return ahead(make, batches, prefetch=self._prefetch, num_threads=max(self._num_threads, 1))

    def _batch(self, seed: int, number: int, places: Tensor) -> Any:
        with drawing_for(seed, number):
            batch = self.graph_sampler.sample(self.graph, self._items.at(places))
        return fetched(batch, self.graph, self._others, self.device)

    def attach_data(self, name: str, data: Any) -> None:
        """Name data of which a sampler may ask for rows with a `LazyFeature` of that name."""
        self._others[name] = wrap_storage(data)

    @contextmanager
    def enable_cpu_affinity(
        self, loader_cores: Any = None, compute_cores: Any = None, verbose: bool = True
    ) -> Iterator[None]:
        """Do nothing: threads that load share one pool with those that compute.

        Args:
            loader_cores, compute_cores: accepted and not needed.
            verbose: say so.
        """
        if verbose:
            dgl_warning(
                "enable_cpu_affinity has no effect: batches are made by threads, which need no cores of their own"
            )
        yield


class _Items:
    """Ids, of one type or by type, and those at some places of all of them."""

    def __init__(self, indices: Any) -> None:
        named = indices if isinstance(indices, Mapping) else {None: indices}
        self._is_typed = isinstance(indices, Mapping)
        self._lists = {name: _ids(each) for name, each in named.items()}
        self.count = sum(ids.shape[0] for ids in self._lists.values())

    def at(self, places: Tensor) -> Any:
        """The items, for several types by those types that have some."""
        if not self._is_typed:
            return self._lists[None][places.to(self._lists[None].device)]
        parts = split_by_list(places, [ids.shape[0] for ids in self._lists.values()])
        pairs = zip(self._lists.items(), parts, strict=True)
        return {name: ids[mine.to(ids.device)] for (name, ids), mine in pairs if mine.shape[0]}


def _ids(given: Any) -> Tensor:
    ids = torch.as_tensor(given if isinstance(given, Tensor) or hasattr(given, "__array__") else list(given))
    return ids.nonzero().squeeze(1) if ids.dtype is torch.bool else ids


def _threads(where: str, options: dict[str, Any]) -> tuple[int, int]:
    """How many threads, and how many batches each makes ahead; takes options of worker processes out."""
    for name in _OF_WORKERS:
        options.pop(name, None)
    count, each = int(options.pop("num_workers", 0)), options.pop("prefetch_factor", None)
    each = _AHEAD if each is None else int(each)
    if count < 0 or each < 1:
        raise OptionError(message(where, "`num_workers` from 0 and `prefetch_factor` from 1", f"{count} and {each}"))
    return count, each


class GraphCollator:
    """Makes one batch of items that are graphs, or have some: graphs by `batch`, tensors stacked, numbers as a tensor.

    >>> import weft.dgl as dgl
    >>> GraphCollator().collate([(dgl.graph(([0], [1])), 1.0), (dgl.graph(([0], [0])), 2.0)])[1]
    tensor([1., 2.], dtype=torch.float64)
    """

    def collate(self, items: Any) -> Any:
        """Make a batch."""
        first = items[0]
        if isinstance(first, DGLGraph):
            return batch_graphs(items)
        if isinstance(first, Mapping):
            return {name: self.collate([item[name] for item in items]) for name in first}
        if isinstance(first, (list, tuple)):
            lengths = sorted({len(item) for item in items})
            if len(lengths) > 1:
                raise OptionError(message("GraphCollator", "items of as many parts", f"{lengths[0]} and {lengths[-1]}"))
            parts = [self.collate(part) for part in zip(*items, strict=True)]
            return type(first)(*parts) if hasattr(first, "_fields") else parts
        return default_collate(list(items))


class GraphDataLoader(TorchDataLoader[Any]):
    """Give batches of a list of graphs, or of items that have some.

    Args:
        dataset: gives an item for a number.
        collate_fn: makes a batch of a list of items; by default that of `GraphCollator`.
        use_ddp: let each process take its share.
        ddp_seed: of the order then.
        kwargs: options of `torch.utils.data.DataLoader`. `num_workers` is the number of threads that make batches ahead.

    >>> import weft.dgl as dgl
    >>> loader = GraphDataLoader([dgl.graph(([0], [1]))] * 3, batch_size=2)
    >>> [g.batch_size for g in loader]
    [2, 1]
    """

    def __init__(
        self, dataset: Any, collate_fn: Any = None, use_ddp: bool = False, ddp_seed: int = 0, **kwargs: Any
    ) -> None:
        threads, ahead_of_each = _threads("GraphDataLoader", kwargs)
        self.use_ddp, self.ddp_seed = use_ddp, ddp_seed
        if use_ddp:
            shuffle, drop_last = kwargs.pop("shuffle", False), kwargs.get("drop_last", False)
            self.dist_sampler = DistributedSampler[Any](dataset, shuffle=shuffle, seed=ddp_seed, drop_last=drop_last)
            kwargs["sampler"] = self.dist_sampler
        super().__init__(dataset, collate_fn=GraphCollator().collate if collate_fn is None else collate_fn, **kwargs)
        self._num_threads, self._prefetch = threads, threads * ahead_of_each

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, which tells the order for all processes.

        Raises:
            OptionError: unless the loader is one of several.
        """
        if not self.use_ddp:
            raise OptionError(message("GraphDataLoader.set_epoch", "`use_ddp`", "a loader of its own"))
        self.dist_sampler.set_epoch(epoch)

    def __iter__(self) -> Any:
        """Give the batches of the next epoch."""
        if not self._num_threads or self.batch_sampler is None:
            return super().__iter__()
        make = lambda places: self.collate_fn([self.dataset[at] for at in places])  # noqa: E731
        return ahead(make, list(self.batch_sampler), prefetch=self._prefetch, num_threads=self._num_threads)


def _given_up(name: str, instead: str) -> type:
    """A class of DGL that only says what to use."""

    class GivenUp:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            raise OptionError(f"{name} is not there: {instead}")

    GivenUp.__name__ = GivenUp.__qualname__ = name
    GivenUp.__doc__ = f"Refuses to be made: {instead}."
    return GivenUp


def _instead(what: str) -> str:
    return f"weft has no samplers in other processes; DataLoader with {what} gives the same batches"


NodeCollator = _given_up("NodeCollator", _instead("ids of nodes"))
EdgeCollator = _given_up("EdgeCollator", _instead("as_edge_prediction_sampler"))
DistNodeDataLoader = _given_up("DistNodeDataLoader", _instead("use_ddp=True"))
DistEdgeDataLoader = _given_up("DistEdgeDataLoader", _instead("use_ddp=True"))
DistDataLoader = _given_up("DistDataLoader", _instead("use_ddp=True"))

__getattr__ = absent("dataloading.dataloader", globals())
