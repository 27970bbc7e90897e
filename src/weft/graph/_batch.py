"""What a sampler or loader hands to a training step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, TypeVar

import torch
from torch import Tensor

from ..errors import OptionError, message
from ._adjacency import Adjacency
from ._block import Block
from ._graph import Graph
from ._naming import EdgeType

_NONE: Mapping[Any, Any] = MappingProxyType({})
_Value = TypeVar("_Value")


@dataclass(frozen=True, eq=False)
class Batch:
    """A piece of a graph and what belongs to it, all by node type or edge type.

    Original ids are int64, and `==` is identity. A batch holds `blocks`, one for each layer in the order in which they
    run, or a `graph`.

    Attributes:
        seeds: what the batch is about: original ids of nodes (num_seeds,), or of both ends of links (num_seeds, 2), those that
            were asked for before the negatives.
        blocks: sampled structure for each layer, outermost first.
        graph: sampled structure for all layers at once.
        node_ids: original ids of the nodes whose features come along: (num_nodes,).
        edge_ids: original ids of the edges whose features come along: (num_edges,).
        features: features by type and name, in the order of `node_ids` and `edge_ids`.
        labels: what is to be predicted, in the order of `seeds`; of links 1, and 0 of negatives.
        times: the time at which each seed asks, in the order of `seeds`.
        seed_rows: which node each seed is, a target of the last block or a node of `graph`: int32, in the shape of `seeds`.
        negative_of: the place of the link in whose stead each negative was drawn, among those asked for: (num_negatives,).
        trees: where every seed has nodes of its own, the place of the seed to which each node belongs: (num_nodes,).
        edge_features: features of edges by type and name, for each block, or for `graph` alone.
        hop_sizes: how many nodes were met up to each hop, the seeds first, and how many edges up to each hop.

    >>> batch = Batch(seeds={"node": torch.tensor([7])}, labels={"node": torch.tensor([1.0])})
    >>> batch.labels["node"]
    tensor([1.])
    """

    seeds: Mapping[str | EdgeType, Tensor]
    blocks: tuple[Block, ...] = field(default=(), kw_only=True)
    graph: Graph | None = field(default=None, kw_only=True)
    node_ids: Mapping[str, Tensor] = field(default_factory=dict, kw_only=True)
    edge_ids: Mapping[EdgeType, Tensor] = field(default_factory=dict, kw_only=True)
    features: Mapping[str | EdgeType, Mapping[str, Tensor]] = field(default_factory=dict, kw_only=True)
    labels: Mapping[str | EdgeType, Tensor] = field(default_factory=dict, kw_only=True)
    times: Mapping[str | EdgeType, Tensor] = field(default_factory=dict, kw_only=True)
    seed_rows: Mapping[str | EdgeType, Tensor] = field(default_factory=dict, kw_only=True)
    negative_of: Mapping[EdgeType, Tensor] = field(default_factory=dict, kw_only=True)
    trees: Mapping[str, Tensor] = field(default_factory=dict, kw_only=True)
    edge_features: tuple[Mapping[EdgeType, Mapping[str, Tensor]], ...] = field(default=(), kw_only=True)
    hop_sizes: Mapping[str | EdgeType, tuple[int, ...]] = field(default_factory=dict, kw_only=True)

    def trimmed(self, layer: int) -> Graph:
        """Take the part of `graph` that a layer still has to work on, where nodes drew once each, hop after hop.

        Layer 0 needs all of it; the last one needs the seeds, and the nodes and edges of the first hop. Nodes and edges stand in
        the order of hops, so that `x[: part.nodes.count]` are the features for a part.

        Raises:
            OptionError: if the batch is no such graph, or has fewer hops.

        >>> import weft
        >>> ring = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
        >>> batch = weft.sampling.NeighborSampler(ring, [1, 1], form="graph").sample([2])
        >>> batch.trimmed(0).num_edges, batch.trimmed(1).num_edges
        (2, 1)
        """
        hops = {len(sizes) - 1 for sizes in self.hop_sizes.values()}
        if self.graph is None or len(hops) != 1:
            got = "blocks" if self.graph is None else "one whose edges came in no hops"
            raise OptionError(message("Batch.trimmed", "a graph that was drawn hop after hop", got, 'form="graph"'))
        (num_hops,) = hops
        if not 0 <= layer < num_hops:
            raise OptionError(message("Batch.trimmed", f"a layer from 0 to {num_hops - 1}", str(layer)))
        last = num_hops - layer
        counts = {kind: self.hop_sizes[kind][last] for kind in self.graph.node_types}
        adjacencies = {}
        for name, edges in self.graph.edge_sets.items():
            whole, size = edges.adjacency, self.hop_sizes[name][last]
            indptr = whole.by_target.indptr[: counts[name[2]] + 1].clamp(max=size)
            source, target = whole.source[:size], whole.target[:size]
            adjacencies[name] = Adjacency._sorted_by_target(indptr, source, target, counts[name[0]])
        return Graph(adjacencies, num_nodes=counts)

    def to(self, device: torch.device | str | int, *, non_blocking: bool = False) -> "Batch":
        """Move everything to a device."""
        place = torch.empty(0, device=device).device
        return self._map(lambda part: part.to(place, non_blocking=non_blocking))

    def pin_memory(self) -> "Batch":
        """Copy into page-locked memory, from which an accelerator reads faster."""
        return self._map(lambda part: part.pin_memory())

    def share_memory_(self) -> "Batch":
        """Move all tensors into memory that other processes see; gives itself back."""
        self._map(lambda part: part.share_memory_())
        return self

    def _map(self, change: Callable[[Any], Any]) -> "Batch":
        return Batch(**{part.name: _changed(getattr(self, part.name), change) for part in fields(self)})


def _changed(value: _Value, change: Callable[[Any], Any]) -> _Value:
    """The value with everything changed that has a place."""
    if isinstance(value, (Tensor, Adjacency, Graph, Block)):
        return change(value)  # type: ignore[no-any-return]
    if isinstance(value, tuple):
        return tuple(_changed(part, change) for part in value)  # type: ignore[return-value]
    if isinstance(value, Mapping):
        return {name: _changed(part, change) for name, part in value.items()}  # type: ignore[return-value]
    return value
