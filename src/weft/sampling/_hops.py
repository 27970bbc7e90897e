"""Hops over a graph of any types: what the engine reads, made once, and a batch of what it drew."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import DeviceError, DtypeError, FeatureError, IdError, OptionError, message
from ..graph import Adjacency, Batch, Block, EdgeType, Graph
from ..ops import (
    Candidates,
    Drawing,
    Drawn,
    Draws,
    Structure,
    check_drawing,
    draw_neighbors,
    has_times,
    in_time_order,
    weight_sums,
)

Fanout = int | Mapping[Any, int]


class Hops:
    """Draws hop after hop from one graph, whose edges it puts in the order of time if there are times.

    Args:
        where: the sampler, for messages.
        graph: a graph on the CPU.
        fanouts: for each hop, from the seeds outward, how many edges a node draws of each type: a number for all types, or a
            mapping from edge types (in full, or by their relation), 0 for those that it does not name. -1 for all edges.
        how: see `weft.ops.Drawing`.
        seed: of the draws.
        weight: the name of a feature of edges.
        time: the name of a feature of edges, of nodes or of both.
    """

    def __init__(
        self, where: str, graph: Graph, fanouts: Sequence[Fanout], how: Drawing, *, seed: int, weight: str | None,
        time: str | None,
    ) -> None:  # fmt: skip
        if graph.device.type != "cpu":
            hint = "sample on the CPU and move the batch, or call graph.to('cpu')"
            raise DeviceError(message(where, "a graph on the CPU", str(graph.device), hint))
        if weight is not None and not any(weight in edges for edges in graph.edge_sets.values()):
            raise FeatureError(message(where, "`weight` to name a feature of edges", f'"{weight}"'))
        if not isinstance(fanouts, Sequence):
            raise OptionError(message(where, "a sequence of fan-outs, one for each hop", repr(fanouts)))
        self.where, self.graph, self.how, self.seed = where, graph, how, seed
        self._positions: dict[EdgeType, Tensor] = {}
        self.fanouts = [self._by_edge_type(fanout) for fanout in fanouts]
        self.candidates = [self._candidates(name, weight, time) for name in graph.edge_types]
        if time is not None and not has_times(self.candidates):
            expected = "`time` to name a feature of edges, or of nodes that edges leave"
            raise FeatureError(message(where, expected, f'"{time}"'))
        check_drawing(where, self.candidates, self.fanouts, how=how, draws=Draws(seed))

    def _by_edge_type(self, fanout: Fanout) -> list[int]:
        if not isinstance(fanout, Mapping):
            return [_whole_number(fanout)] * len(self.graph.edge_types)
        given = self._named("fanouts", fanout)
        return [_whole_number(given.get(name, 0)) for name in self.graph.edge_types]

    def _named(self, option: str, given: Mapping[Any, Any]) -> dict[EdgeType, Any]:
        """What was given by edge type, in full or by relation."""
        found: dict[EdgeType, Any] = {}
        for name, value in given.items():
            types = [edge_type for edge_type in self.graph.edge_types if name in (edge_type, edge_type[1])]
            if len(types) != 1 or types[0] in found:
                expected = f"`{option}` to name each of the edge types {list(self.graph.edge_types)} once at most"
                raise FeatureError(message(self.where, expected, repr(name)))
            found[types[0]] = value
        return found

    def _candidates(self, name: EdgeType, weight: str | None, time: str | None) -> Candidates:
        edges, sources = self.graph.edge_sets[name], self.graph.node_sets[name[0]]
        rows = Structure(*edges.adjacency.by_target[:3])
        times = sums = None
        if time is not None and (time in edges or time in sources):
            of_edges, of_sources = (of_type.get(time) for of_type in (edges, sources))
            rows, times = in_time_order(rows, of_edges, of_sources)
        if weight is not None and weight in edges:
            sums = weight_sums(rows, edges[weight])
        kinds = self.graph.node_types
        return Candidates(rows, kinds.index(name[0]), kinds.index(name[2]), sums, times)

    def batch(self, seeds: Any, epoch: int, batch: int, times: Any, exclude: Any) -> Batch:
        """Draw around seeds, and make blocks of what all nodes drew in each hop, or a graph of what new nodes did."""
        by_type = self._seeds(seeds, "seeds")
        clocks = self._clocks(times)
        drawn = draw_neighbors(
            self.candidates, list(by_type.values()), self.fanouts, num_nodes=[of.count for of in self._nodes()],
            draws=Draws(self.seed, epoch, batch), how=self.how, times=clocks, excluded=self._excluded(exclude),
        )  # fmt: skip
        named = [name for name, ids in by_type.items() if ids.shape[0]]
        kinds = self.graph.node_types
        parts: dict[str, Any] = {
            "seeds": {name: by_type[name] for name in named},
            "seed_rows": {name: drawn.seed_numbers[kinds.index(name)] for name in named},
            "node_ids": dict(zip(kinds, drawn.node_ids, strict=True)),
            "trees": {} if drawn.trees is None else dict(zip(kinds, drawn.trees, strict=True)),
            "times": {} if clocks is None else {name: clocks[kinds.index(name)] for name in named},
            "hop_sizes": self._hop_sizes(drawn),
        }
        if self.how.repeats:
            return Batch(**parts, blocks=tuple(self._block(drawn, hop) for hop in reversed(range(len(self.fanouts)))))
        return Batch(**parts, **self._whole(drawn))

    def _nodes(self) -> Sequence[Any]:
        return list(self.graph.node_sets.values())

    def _seeds(self, given: Any, option: str) -> dict[str, Tensor]:
        kinds = self.graph.node_types
        if not isinstance(given, Mapping):
            if len(kinds) != 1:
                expected = f"`{option}` to map node types to ids, since the graph has {len(kinds)}"
                raise OptionError(message(self.where, expected, type(given).__name__))
            given = {kinds[0]: given}
        unknown = [name for name in given if name not in kinds]
        if unknown:
            raise FeatureError(
                message(self.where, f"node types among {', '.join(kinds)}", ", ".join(map(str, unknown)))
            )
        return {name: self._ids(given.get(name, ()), option) for name in kinds}

    def _ids(self, given: Any, option: str) -> Tensor:
        """Ids as int64 in memory of their own, which nobody else writes to."""
        if not isinstance(given, Tensor):
            given = torch.as_tensor(given, device="cpu")
            given = given if given.numel() else given.long()
        if given.is_floating_point() or given.is_complex() or given.dtype is torch.bool:
            hint = "for a mask take mask.nonzero().flatten()" if given.dtype is torch.bool else ""
            raise DtypeError(message(self.where, f"`{option}` to be integers", str(given.dtype), hint))
        ids: Tensor = given.to(torch.int64, copy=True)
        return ids

    def _clocks(self, times: Any) -> list[Tensor] | None:
        wanted = has_times(self.candidates)
        if (times is not None) != wanted:
            expected = "`times` of the seeds, since edges have times" if wanted else "no `times`, since edges have none"
            raise OptionError(message(self.where, expected, "none" if times is None else "some"))
        return None if times is None else list(self._seeds(times, "times").values())

    def _excluded(self, exclude: Any) -> list[Tensor | None] | None:
        if exclude is None:
            return None
        types = self.graph.edge_types
        if not isinstance(exclude, Mapping):
            if len(types) != 1:
                raise OptionError(message(self.where, "`exclude` to map edge types to ids", type(exclude).__name__))
            exclude = {types[0]: exclude}
        given = {name: self._ids(ids, "exclude") for name, ids in self._named("exclude", exclude).items()}
        return [self._positions_of(at, given[name]) if name in given else None for at, name in enumerate(types)]

    def _positions_of(self, at: int, edges: Tensor) -> Tensor:
        """Where edges stand among the candidates, ascending."""
        rows, name = self.candidates[at].rows, self.graph.edge_types[at]
        if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < rows.num_edges:
            got = f"{int(edges.min())} to {int(edges.max())}"
            raise IdError(message(self.where, f"`exclude` below {rows.num_edges} edges", got))
        if rows.edge is not None:
            positions = self._positions.get(name)
            if positions is None:
                in_order = torch.arange(rows.num_edges, dtype=rows.edge.dtype, device="cpu")
                positions = torch.empty_like(rows.edge).scatter_(0, rows.edge.long(), in_order)
                self._positions[name] = positions
            edges = positions[edges].long()
        found: Tensor = edges.unique()
        return found

    def _hop_sizes(self, drawn: Drawn) -> dict[Any, tuple[int, ...]]:
        sizes: dict[Any, tuple[int, ...]] = {
            name: tuple(counts) for name, counts in zip(self.graph.node_types, drawn.counts, strict=True)
        }
        for at, name in enumerate(self.graph.edge_types):
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
            indptr = _joined([edges.indptr for edges in found], counts[name[2]])
            source, target = (
                torch.cat([getattr(edges, end) for edges in found] or [_none(torch.int32)])
                for end in ("source", "target")
            )
            adjacencies[name] = Adjacency._sorted_by_target(indptr, source, target, counts[name[0]])
            if found and found[0].edge_ids is not None:
                edge_ids[name] = torch.cat([edges.edge_ids for edges in found if edges.edge_ids is not None])
        return {"graph": Graph(adjacencies, num_nodes=counts), "edge_ids": edge_ids}


def _none(dtype: torch.dtype) -> Tensor:
    return torch.empty(0, dtype=dtype, device="cpu")


def _whole_number(fanout: Any) -> Any:
    """A fan-out as an int, NumPy's too; what is none is left to the check of all of them."""
    return operator.index(fanout) if hasattr(type(fanout), "__index__") else fanout


def _joined(pointers: Sequence[Tensor], num_rows: int) -> Tensor:
    """The pointers of rows one hop after the other, and of rows without edges behind them."""
    joined = torch.zeros(num_rows + 1, dtype=torch.int64, device="cpu")
    row = last = 0
    for indptr in pointers:
        rows = indptr.shape[0] - 1
        torch.add(indptr[1:], last, out=joined[row + 1 : row + rows + 1])
        row, last = row + rows, last + int(indptr[-1])
    joined[row + 1 :] = last
    return joined
