"""What samplers have in common that choose lists of neighbours for their targets, layer after layer."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..graph import Adjacency, Batch, Block, EdgeType, as_ids, by_edge_type
from ..ops import Candidates, Draws, Structure, draw_neighbors
from ._plain_sampler import PlainSampler
from ._sampler import Edges, Seeds


class ListSampler(PlainSampler):
    """A sampler that chooses for each layer a list of neighbours for every target, and what each of them weighs.

    A batch has blocks, and in `edge_features` the "weight" of their edges.
    """

    _name: EdgeType
    _num_layers: int
    _seed: int = 0

    @abstractmethod
    def _choose(self, targets: Tensor, draws: Draws, exclude: Tensor | None) -> tuple[Structure, Tensor]:
        """A row of original ids for each target, with ids of edges if they are some, and weights; the stream is the layer."""

    def seeds_by_type(self, seeds: Seeds) -> dict[Any, Tensor]:
        """Check ids of nodes, or masks, and give them by node type."""
        return self._seeds_of_only(self._name[0], seeds)

    def _sample(self, seeds: Mapping[str, Tensor], epoch: int, batch: int, exclude: Edges | None) -> Batch:
        kind = self._name[0]
        num_nodes, of_kind = self.graph.node_sets[kind].count, seeds[kind].to(self.graph.device)
        numbered = draw_neighbors([], [of_kind], [], num_nodes=[num_nodes])
        out = None if exclude is None else self._excluded(exclude)
        ids, blocks = numbered.node_ids[0], list[Block]()
        weights: list[dict[EdgeType, dict[str, Tensor]]] = []
        for layer in range(self._num_layers):
            lists, weight = self._choose(ids, Draws(self._seed, epoch, batch, layer), out)
            block, positions = _block_of_lists(ids, lists, self._name, num_nodes)
            blocks.insert(0, block)
            weights.insert(0, {self._name: {"weight": weight[positions]}})
            ids = block.node_ids[kind]
        return Batch(
            seeds={kind: of_kind}, seed_rows={kind: numbered.seed_numbers[0]}, node_ids={kind: ids},
            blocks=tuple(blocks), edge_features=tuple(weights),
        )  # fmt: skip

    def _excluded(self, exclude: Edges) -> Tensor | None:
        """Ids of edges of the one type."""
        where = type(self).__name__
        if self._name not in self.graph.edge_sets:
            raise OptionError(message(where, "no `exclude`, since neighbours are none by edges", "some"))
        named: dict[EdgeType, Any] = by_edge_type(where, "exclude", self.graph, given=exclude)
        if self._name not in named:
            return None
        ids: Tensor = as_ids(named[self._name], "exclude", where=where, device=self.graph.device).long()
        return ids


def _block_of_lists(targets: Tensor, lists: Structure, name: EdgeType, num_nodes: int) -> tuple[Block, Tensor]:
    """A block in which target i has the edges of list i, and the position of each of its edges among the lists.

    Nodes are numbered targets first, then as lists name them.
    """
    count = targets.shape[0]
    rows = torch.arange(count, device=targets.device)
    relation = Candidates(Structure(lists.indptr, lists.source), 0, 1)
    drawn = draw_neighbors([relation], [targets, rows], [[-1]], num_nodes=[num_nodes, count])
    edges = drawn.edges[0][0]
    assert edges.edge_ids is not None, "edges are kept"
    adjacency = Adjacency._sorted_by_target(edges.indptr, edges.source, edges.target, drawn.node_ids[0].shape[0])
    ids = {} if lists.edge is None else {name: lists.edge[edges.edge_ids].long()}
    return Block._trusted({name: adjacency}, {name[0]: drawn.node_ids[0]}, {name[0]: count}, ids), edges.edge_ids
