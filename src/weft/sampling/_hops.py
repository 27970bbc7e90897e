"""Hops over a graph of any types: what the engine reads, made once, and a batch of what it drew."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor

from ..errors import FeatureError, IdError, OptionError, check_choice, message
from ..graph import Adjacency, Batch, Block, EdgeType, Graph, as_ids, by_edge_type, by_node_type
from ..ops import (
    Drawing,
    Drawn,
    Draws,
    check_drawing,
    draw_neighbors,
    has_times,
    sorted_pointers,
)
from ._candidates import candidates_of, check_sampled

Fanout = int | Mapping[str | EdgeType, int]
Form = Literal["blocks", "graph", "induced"]
FORMS = ("blocks", "graph", "induced")


class Hops:
    """Draws hop after hop from one graph, whose edges it puts in the order of time if there are times.

    Args:
        where: the sampler, for messages.
        graph: where it is, batches are drawn and lie.
        fanouts: for each hop, from the seeds outward, how many edges a node draws of each type: a number for all types, or a
            mapping from edge types (in full, or by their relation), 0 for those that it does not name. -1 for all edges.
        how: see `weft.ops.Drawing`.
        form: "blocks", where all nodes draw in each hop, "graph", where new ones do, or "induced", for all edges between nodes.
        seed: of the draws.
        weight: the name of a feature of edges.
        time: the name of a feature of edges, of nodes or of both.
        on_devices: whether the graph may be on a GPU, because the sampler draws nothing by itself.
    """

    def __init__(
        self, where: str, graph: Graph, fanouts: Sequence[Fanout], how: Drawing, *, form: Form, seed: int,
        weight: str | None, time: str | None, on_devices: bool = False,
    ) -> None:  # fmt: skip
        check_sampled(where, graph, weight, on_devices=on_devices)
        if not isinstance(fanouts, Sequence):
            raise OptionError(message(where, "a sequence of fan-outs, one for each hop", repr(fanouts)))
        check_choice(where, "form", form, FORMS)
        how = replace(how, repeats=form == "blocks", induced=form == "induced")
        self.where, self.graph, self.how, self.seed = where, graph, how, seed
        self._positions: dict[EdgeType, Tensor] = {}
        self.fanouts = [self._by_edge_type(fanout) for fanout in fanouts]
        self.candidates = [candidates_of(graph, name, weight=weight, time=time) for name in graph.edge_types]
        if time is not None and not has_times(self.candidates):
            expected = "`time` to name a feature of edges, or of nodes that edges leave"
            raise FeatureError(message(where, expected, f'"{time}"'))
        check_drawing(where, self.candidates, self.fanouts, how=how, draws=Draws(seed))

    def _by_edge_type(self, fanout: Fanout) -> list[int]:
        if not isinstance(fanout, Mapping):
            return [_whole_number(fanout)] * len(self.graph.edge_types)
        given: dict[EdgeType, int] = by_edge_type(self.where, "fanouts", self.graph, given=fanout)
        return [_whole_number(given.get(name, 0)) for name in self.graph.edge_types]

    def batch(self, seeds: Any, draws: Draws, *, times: Any = None, exclude: Any = None, trees: Any = None) -> Batch:
        """Draw around seeds, and make blocks of what all nodes drew in each hop, or a graph."""
        kinds = self.graph.node_types
        by_type = self._by_node_type("seeds", seeds)
        if trees is not None and not self.how.trees:
            raise OptionError(message(self.where, "no `trees`, since seeds share nodes", "some", "disjoint=True"))
        tree_ids = None if trees is None else self._by_node_type("trees", trees)
        clocks = self._clocks(times, is_by_tree=trees is not None)
        drawn = draw_neighbors(
            self.candidates, by_type, self.fanouts, num_nodes=[nodes.count for nodes in self.graph.node_sets.values()],
            draws=draws, how=self.how, tree_ids=tree_ids, times=clocks, excluded=self._excluded(exclude),
        )  # fmt: skip
        given = [at for at, ids in enumerate(by_type) if ids.shape[0]]
        if clocks is not None and tree_ids is not None:
            clocks = [clocks[0][of_type] for of_type in tree_ids]
        parts: dict[str, Any] = {
            "seeds": {kinds[at]: by_type[at] for at in given},
            "seed_rows": {kinds[at]: drawn.seed_numbers[at] for at in given},
            "node_ids": dict(zip(kinds, drawn.node_ids, strict=True)),
            "trees": {} if drawn.trees is None else dict(zip(kinds, drawn.trees, strict=True)),
            "times": {} if clocks is None else {kinds[at]: clocks[at] for at in given},
            "hop_sizes": self._hop_sizes(drawn),
        }
        if self.how.repeats:
            return Batch(**parts, blocks=tuple(self._block(drawn, hop) for hop in reversed(range(len(self.fanouts)))))
        return Batch(**parts, **self._whole(drawn))

    def _by_node_type(self, option: str, given: Any) -> list[Tensor]:
        """Ids or times for each node type in order, in memory of their own, which nobody else writes to."""
        named = self.numbers(option, given)
        return [
            named.get(kind, torch.empty(0, dtype=torch.int64, device=self.graph.device))
            for kind in self.graph.node_types
        ]

    def numbers(self, option: str, given: Any) -> dict[str, Tensor]:
        """The same for the types that are named."""
        named = by_node_type(self.where, option, self.graph, given=given)
        return {kind: self.int64(option, numbers) for kind, numbers in named.items()}

    @property
    def timed(self) -> bool:
        """Whether edges have times."""
        return has_times(self.candidates)

    def _clocks(self, times: Any, *, is_by_tree: bool) -> list[Tensor] | None:
        wanted = self.timed
        if (times is not None) != wanted:
            expected = "`times` of the seeds, since edges have times" if wanted else "no `times`, since edges have none"
            raise OptionError(message(self.where, expected, "none" if times is None else "some"))
        if times is None or not is_by_tree:
            return None if times is None else self._by_node_type("times", times)
        return [self.int64("times", times)]

    def _excluded(self, exclude: Any) -> list[Tensor | None] | None:
        if exclude is None:
            return None
        named = by_edge_type(self.where, "exclude", self.graph, given=exclude)
        return [
            self._positions_of(at, self.int64("exclude", named[name])) if name in named else None
            for at, name in enumerate(self.graph.edge_types)
        ]

    def int64(self, option: str, given: Any) -> Tensor:
        """Ids or times in memory of their own, where the graph is."""
        ids: Tensor = as_ids(given, option, where=self.where, device=self.graph.device)
        return ids.to(self.graph.device, torch.int64, copy=True)

    def _positions_of(self, at: int, edges: Tensor) -> Tensor:
        """Where edges stand among the candidates, ascending."""
        rows, name = self.candidates[at].rows, self.graph.edge_types[at]
        if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < rows.num_edges:
            got = f"{int(edges.min())} to {int(edges.max())}"
            raise IdError(message(self.where, f"`exclude` below {rows.num_edges} edges", got))
        if rows.edge is not None:
            positions = self._positions.get(name)
            if positions is None:
                in_order = torch.arange(rows.num_edges, dtype=rows.edge.dtype, device=rows.edge.device)
                positions = torch.empty_like(rows.edge).scatter_(0, rows.edge.long(), in_order)
                self._positions[name] = positions
            edges = positions[edges].long()
        found: Tensor = edges.unique()
        return found

    def _hop_sizes(self, drawn: Drawn) -> dict[Any, tuple[int, ...]]:
        sizes: dict[Any, tuple[int, ...]] = {
            name: tuple(counts) for name, counts in zip(self.graph.node_types, drawn.counts, strict=True)
        }
        for at, name in enumerate(self.graph.edge_types):  # an induced graph has all of them in one hop
            ends = [0]
            for of_hop in drawn.edges:
                ends.append(ends[-1] + of_hop[at].source.shape[0])
            sizes[name] = tuple(ends)
        return sizes

    def _block(self, drawn: Drawn, hop: int) -> Block:
        """What all nodes drew in one hop."""
        kinds, found = self.graph.node_types, drawn.edges[hop]
        sizes = {kind: (counts[hop], counts[hop + 1]) for kind, counts in zip(kinds, drawn.counts, strict=True)}
        adjacencies, edge_ids = {}, {}
        for name, edges in zip(self.graph.edge_types, found, strict=True):
            adjacencies[name] = Adjacency._sorted_by_target(edges.indptr, edges.source, edges.target, sizes[name[0]][1])
            if edges.edge_ids is not None:
                edge_ids[name] = edges.edge_ids
        node_ids = {kind: ids[: sizes[kind][1]] for kind, ids in zip(kinds, drawn.node_ids, strict=True)}
        return Block._trusted(adjacencies, node_ids, {kind: size[0] for kind, size in sizes.items()}, edge_ids)

    def _whole(self, drawn: Drawn) -> dict[str, Any]:
        """One graph of what each node drew when it was met."""
        kinds = self.graph.node_types
        counts = {kind: of_type[-1] for kind, of_type in zip(kinds, drawn.counts, strict=True)}
        adjacencies, edge_ids = {}, {}
        for at, name in enumerate(self.graph.edge_types):
            found = [of_hop[at] for of_hop in drawn.edges]
            source, target = (
                torch.cat(
                    [getattr(edges, end) for edges in found]
                    or [torch.empty(0, dtype=torch.int32, device=self.graph.device)]
                )
                for end in ("source", "target")
            )
            indptr, _ = sorted_pointers(target, counts[name[2]])  # nodes are numbered in the order in which they draw
            adjacencies[name] = Adjacency._sorted_by_target(indptr, source, target, counts[name[0]])
            if found and found[0].edge_ids is not None:
                edge_ids[name] = torch.cat([edges.edge_ids for edges in found if edges.edge_ids is not None])
        return {"graph": Graph(adjacencies, num_nodes=counts), "edge_ids": edge_ids}


def _whole_number(fanout: Any) -> Any:
    """A fan-out as an int, NumPy's too; what is none is left to the check of all of them."""
    return operator.index(fanout) if hasattr(type(fanout), "__index__") else fanout
