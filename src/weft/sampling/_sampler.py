"""What all samplers have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor

from ..graph import Batch, EdgeType, Graph, by_node_type, chosen_ids

Seeds: TypeAlias = Any
"""Ids of nodes, as an int32 or int64 tensor or what `torch.as_tensor` makes integers of; for many types a mapping."""

Times: TypeAlias = Any
"""When seeds ask: whole numbers in the form of the seeds."""
Edges: TypeAlias = Mapping[EdgeType, Tensor] | Tensor


def node_seeds(where: str, graph: Graph, seeds: Seeds) -> dict[Any, Tensor]:
    """Ids of nodes, or masks, checked and by node type; on the CPU, where loaders take rows of them."""
    named: dict[str, Any] = by_node_type(where, "seeds", graph, given=seeds)
    counts = {name: nodes.count for name, nodes in graph.node_sets.items()}
    place = torch.device("cpu")
    here = {name: ids.to(place) if getattr(ids, "device", None) == graph.device else ids for name, ids in named.items()}
    return {name: chosen_ids(where, "seeds", ids, count=counts[name], device=place) for name, ids in here.items()}


class Sampler(ABC):
    """Draws a piece of one graph around seeds.

    >>> import weft
    >>> isinstance(weft.sampling.NeighborSampler(weft.Graph([0], [1]), [5]), Sampler)
    True
    """

    @property
    @abstractmethod
    def graph(self) -> Graph:
        """The graph that is drawn from."""

    @property
    @abstractmethod
    def disjoint(self) -> bool:
        """Whether every seed has nodes of its own, as a tree."""

    @property
    @abstractmethod
    def timed(self) -> bool:
        """Whether seeds have to say when they ask."""

    @abstractmethod
    def seeds_by_type(self, seeds: Seeds) -> dict[Any, Tensor]:
        """Check seeds, and give them as tensors by type, one row for each; `sample` takes any rows of them."""

    @abstractmethod
    def sample(
        self, seeds: Seeds, *, epoch: int = 0, batch: int = 0, times: Times = None, exclude: Edges | None = None,
        trees: Seeds | None = None,
    ) -> Batch:  # fmt: skip
        """Draw the piece of one batch.

        Args:
            seeds: ids of nodes; for a graph of many types a mapping from node types to ids. A node may come several times.
            epoch: number of the epoch, from 0; together with `batch` it tells the draws of this batch from all others. Who leaves
                both out gets the same draws again.
            batch: number of the batch within the epoch, from 0.
            times: where the graph has times, when each seed asks, int64 like `seeds`.
            exclude: original ids of edges that must not be drawn, for a graph of many edge types by type.
            trees: for a disjoint sampler, the tree of each seed, from 0, where several seeds share one; `times` are then one
                tensor, with a time for each tree.
        """
