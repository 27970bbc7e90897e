"""Samplers for `DataLoader`: what all of them have, and the one that draws around edges and their negatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import OptionError, message
from .._graph import DGLGraph
from ..base import EID, NID
from ..convert import heterograph
from ..sampling._excluder import EidExcluder as EidExcluder
from ..transforms import compact_graphs
from ._excluded import find_exclude_eids as find_exclude_eids
from ._lazily import Names
from ._lazily import get_edge_storage as get_edge_storage
from ._lazily import get_node_storage as get_node_storage
from ._lazily import materialize_data as materialize_data
from ._lazily import set_dst_lazy_features as set_dst_lazy_features
from ._lazily import set_edge_lazy_features as set_edge_lazy_features
from ._lazily import set_node_lazy_features as set_node_lazy_features
from ._lazily import set_src_lazy_features as set_src_lazy_features


class Sampler:
    """Draws a batch around items; one of your own overrides `sample`.

    >>> class Induced(Sampler):
    ...     def sample(self, g, indices):
    ...         return g.subgraph(indices)
    >>> import weft.dgl as dgl
    >>> Induced().sample(dgl.graph(([0, 1], [1, 2])), [0, 1]).num_edges()
    1
    """

    def sample(self, g: DGLGraph, indices: Any) -> Any:
        """Draw a batch around items of a graph.

        Raises:
            NotImplementedError: unless a class of yours draws it.
        """
        raise NotImplementedError(f"{type(self).__name__} has to say what `sample` gives for a graph and items of it")


class BlockSampler(Sampler):
    """Draws blocks around nodes; one of your own overrides `sample_blocks`.

    Args:
        prefetch_node_feats: columns of nodes that come along for the sources of the first block: names, or a mapping from types.
        prefetch_labels: the same for the targets of the last block.
        prefetch_edge_feats: the same for the edges of every block.
        output_device: where blocks go, if not where the graph is.
    """

    def __init__(
        self, prefetch_node_feats: Names = None, prefetch_labels: Names = None, prefetch_edge_feats: Names = None,
        output_device: Any = None,
    ) -> None:  # fmt: skip
        self.prefetch_node_feats, self.prefetch_labels = prefetch_node_feats or [], prefetch_labels or []
        self.prefetch_edge_feats, self.output_device = prefetch_edge_feats or [], output_device

    def sample_blocks(self, g: DGLGraph, seed_nodes: Any, exclude_eids: Any = None) -> Any:
        """Draw: the nodes whose features are wanted, the seeds, and the blocks.

        Raises:
            NotImplementedError: unless a class of yours draws them.
        """
        raise NotImplementedError(f"{type(self).__name__} has to say what `sample_blocks` gives for a graph and seeds")

    def assign_lazy_features(self, result: Any) -> Any:
        """Ask for the columns that come along."""
        blocks = result[2]
        if blocks:
            set_src_lazy_features(blocks[0], self.prefetch_node_feats)
            set_dst_lazy_features(blocks[-1], self.prefetch_labels)
        for block in blocks:
            set_edge_lazy_features(block, self.prefetch_edge_feats)
        return result

    def sample(self, g: DGLGraph, seed_nodes: Any, exclude_eids: Any = None) -> Any:
        """Draw blocks, and ask for the columns that come along."""
        return self.assign_lazy_features(self.sample_blocks(g, seed_nodes, exclude_eids))


class EdgePredictionSampler(Sampler):
    """Draws around edges, and around negatives of them; see `as_edge_prediction_sampler`."""

    def __init__(
        self, sampler: Any, exclude: Any = None, reverse_eids: Any = None, reverse_etypes: Any = None,
        negative_sampler: Any = None, prefetch_labels: Names = None,
    ) -> None:  # fmt: skip
        if not callable(getattr(sampler, "sample", None)):
            got = type(sampler).__name__
            raise OptionError(message("EdgePredictionSampler", "a sampler of nodes", got))
        self.sampler, self.exclude, self.negative_sampler = sampler, exclude, negative_sampler
        self.reverse_eids, self.reverse_etypes = reverse_eids, reverse_etypes
        self.prefetch_labels = prefetch_labels or []
        self.output_device = getattr(sampler, "output_device", None)

    def _build_neg_graph(self, g: DGLGraph, seed_edges: Any) -> DGLGraph:
        pairs = self.negative_sampler(g, seed_edges)
        if not isinstance(pairs, Mapping):
            if len(g.canonical_etypes) != 1:
                expected = "pairs by edge type from the negative sampler, since there are several"
                raise OptionError(message("EdgePredictionSampler", expected, type(pairs).__name__))
            pairs = {g.canonical_etypes[0]: pairs}
        named = {g.to_canonical_etype(name): ends for name, ends in pairs.items()}
        edges = {name: named.get(name, ([], [])) for name in g.canonical_etypes}
        return heterograph(edges, {name: g.num_nodes(name) for name in g.ntypes}, idtype=g.idtype, device=g.device)

    def assign_lazy_features(self, result: Any) -> Any:
        """Ask for the columns of edges that come along."""
        set_edge_lazy_features(result[1], self.prefetch_labels)
        return result

    def sample(self, g: DGLGraph, seed_edges: Any) -> Any:
        """Draw: the nodes whose features are wanted, the graph of the edges, that of their negatives if any, and blocks."""
        if isinstance(seed_edges, Mapping):
            seed_edges = {g.to_canonical_etype(name): ids for name, ids in seed_edges.items()}
        pairs = [g.edge_subgraph(seed_edges, relabel_nodes=False)]
        kept = [frame[EID] for frame in pairs[0]._edges]
        if self.negative_sampler is not None:
            pairs.append(self._build_neg_graph(g, seed_edges))
        pairs = compact_graphs(pairs)
        for frame, ids in zip(pairs[0]._edges, kept, strict=True):
            frame[EID] = ids
        seeds = pairs[0].ndata[NID]
        out = find_exclude_eids(g, seed_edges, self.exclude, self.reverse_eids, self.reverse_etypes, self.output_device)
        input_nodes, _, blocks = self.sampler.sample(g, seeds, out)
        if self.output_device is not None:
            pairs = [part.to(self.output_device) for part in pairs]
        return self.assign_lazy_features((input_nodes, *pairs, blocks))


def as_edge_prediction_sampler(
    sampler: Any, exclude: Any = None, reverse_eids: Any = None, reverse_etypes: Any = None,
    negative_sampler: Any = None, prefetch_labels: Names = None,
) -> EdgePredictionSampler:  # fmt: skip
    """Make of a sampler of nodes one of edges: it draws around both ends of edges, and of negatives.

    Args:
        sampler: draws around nodes.
        exclude: which edges must not be drawn: None for any; "self" those of the batch; "reverse_id" these and their reverses,
            named by `reverse_eids`; "reverse_types" these and those of the same ids of the types that `reverse_etypes` names; or
            a function from the edges of the batch to edges.
        reverse_eids: for each edge the id of its reverse; for several types by edge type.
        reverse_etypes: for each edge type the one whose edges of the same ids lead back.
        negative_sampler: from the graph and edges to pairs, for several types by edge type.
        prefetch_labels: columns of the edges that come along.

    Raises:
        OptionError: if there is no sampler.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 2], [1, 2, 0]))
    >>> sampler = as_edge_prediction_sampler(dgl.dataloading.NeighborSampler([-1]), exclude="self")
    >>> input_nodes, pairs, blocks = sampler.sample(g, torch.tensor([0]))
    >>> pairs.ndata[dgl.NID], blocks[0].edata[dgl.EID]
    (tensor([0, 1]), tensor([2]))
    """
    return EdgePredictionSampler(sampler, exclude, reverse_eids, reverse_etypes, negative_sampler, prefetch_labels)
