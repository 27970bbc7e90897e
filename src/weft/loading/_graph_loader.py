"""Batches of whole graphs."""

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor

from ..errors import OptionError, ShapeError, message
from ..graph import Batch, Graph, batch
from ._ahead import batches_ahead, is_elsewhere
from ._epoch_loader import EpochLoader
from ._epochs import Epochs


@final
class GraphLoader(EpochLoader):
    """Give batches of graphs, joined to one graph of many, with their labels.

    A batch has its graphs in `graph`, their places in `seeds["graph"]` and what is to be predicted of them in
    `labels["graph"]`. A loop over the loader is an epoch; `batches(epoch, first)` begins anywhere.

    Args:
        graphs: any sequence of graphs: a list, or an object that makes or reads graph i when it is asked for item i.
        labels: `(num_graphs, *)`.
        batch_size: the most graphs of a batch.
        max_nodes, max_edges: the most nodes, or edges, of a batch: as many graphs as have room come together.
        shuffle: put the graphs in another order in each epoch.
        weight: how often each graph comes, `(num_graphs,)`: an epoch draws as many as there are, and puts them back.
        drop_last: leave out the last batch if it is not full.
        prefetch: as for `Loader`, but by default 2 where graphs are no list, and may have to be read, too.
        device, num_threads, rank, num_ranks, seed: as for `Loader`.

    Raises:
        OptionError, ShapeError: if arguments are of another kind or do not fit each other.

    *Cost* with `max_nodes` or `max_edges` every graph is looked at once, when the loader is made.

    >>> import weft
    >>> graphs = [weft.graph.generators.cycle(size) for size in (3, 4, 5)]
    >>> [batch.graph.num_graphs for batch in GraphLoader(graphs, max_nodes=8)]
    [2, 1]
    """

    def __init__(
        self, graphs: Sequence[Graph], *, labels: Tensor | None = None, batch_size: int | None = None,
        max_nodes: int | None = None, max_edges: int | None = None, shuffle: bool = False, weight: Any = None,
        drop_last: bool = False, device: torch.device | str | int | None = None, prefetch: int | None = None,
        num_threads: int = 1, rank: int = 0, num_ranks: int = 1, seed: int = 0,
    ) -> None:  # fmt: skip
        waits = not isinstance(graphs, (list, tuple)) or is_elsewhere(device)
        prefetch = batches_ahead("GraphLoader", prefetch, num_threads, waits=waits)
        if max_nodes is not None and max_edges is not None:
            raise OptionError(message("GraphLoader", "`max_nodes` or `max_edges`", "both"))
        count = len(graphs)
        weights = None if weight is None else torch.as_tensor(weight, device="cpu")
        for option, values in (("labels", labels), ("weight", weights)):
            if values is not None and values.shape[:1] != (count,):
                expected = f"`{option}` for {count} graphs"
                raise ShapeError(message("GraphLoader", expected, str(tuple(values.shape))))
        cost = None
        if max_nodes is not None:
            counts = [sum(nodes.count for nodes in graph.node_sets.values()) for graph in graphs]
            cost = torch.tensor(counts, device="cpu")
        if max_edges is not None:
            cost = torch.tensor([graph.num_edges for graph in graphs], device="cpu")
        self._graphs, self._labels = graphs, labels
        self._epochs = Epochs(
            "GraphLoader", count, batch_size=batch_size, shuffle=shuffle, drop_last=drop_last, seed=seed, rank=rank,
            num_ranks=num_ranks, weight=weights, cost=cost, budget=max_edges if max_nodes is None else max_nodes,
        )  # fmt: skip
        self.device, self.prefetch, self.num_threads = device, prefetch, num_threads

    def _make(self, epoch: int, number: int, places: Tensor) -> Batch:
        joined = batch([self._graphs[place] for place in places.tolist()])
        labels: dict[Any, Tensor] = {} if self._labels is None else {"graph": self._labels[places]}
        return Batch(seeds={"graph": places}, graph=joined, labels=labels)
