"""A sampled piece of a graph, between the nodes that send and the nodes that receive."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, overload

import torch
from torch import Tensor

from ..errors import DeviceError, FeatureError, OptionError, ShapeError, WeftError, message
from ._adjacency import Adjacency, Ids, as_ids
from ._naming import EDGE, NODE, EdgeType, checked_edge_type, counted, listed, quoted
from ._read_only import read_only


class Block:
    """Edges that were sampled for one layer, with the ids that their ends had in the whole graph.

    The nodes of each type are numbered anew, targets first: target i of a type is source i of that type. So a layer
    that is given features for the sources finds those of the targets in the first rows. Nothing changes after
    construction, and `==` is identity.

    *Shapes* one type: `source, target: (num_edges,)`, `node_ids: (num_sources,)`, `edge_ids: (num_edges,)`; many types:
    mappings to tensors of such shapes. Original ids become int64.

    Args:
        source: sources of the edges, numbered within the block, or a mapping from edge types to both ends.
        target: targets of the edges, numbered within the block.
        node_ids: original ids of all nodes, targets first; for many types a mapping from node types.
        num_targets: how many of them are targets; for many types a mapping, 0 for a type that it does not name.
        edge_ids: original ids of the edges, if they are known; for many types a mapping from edge types.

    Raises:
        IdError: if an end is negative or not below its count; the text names the edge.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments are of another kind or do not fit each other.

    >>> block = Block([1, 2, 2], [0, 0, 1], node_ids=[70, 71, 98], num_targets=2)
    >>> block
    Block(3 edges from 3 sources to 2 targets, on cpu)
    >>> block.adjacency.in_degrees().tolist()
    [2, 1]
    """

    _adjacencies: dict[EdgeType, Adjacency]
    _node_ids: dict[str, Tensor]
    _num_targets: dict[str, int]
    _edge_ids: dict[EdgeType, Tensor]

    @overload
    def __init__(
        self, source: Ids, target: Ids, *, node_ids: Ids, num_targets: int, edge_ids: Ids | None = None
    ) -> None: ...
    @overload
    def __init__(
        self,
        source: Mapping[EdgeType, tuple[Ids, Ids]],
        *,
        node_ids: Mapping[str, Ids],
        num_targets: Mapping[str, int],
        edge_ids: Mapping[EdgeType, Ids] | None = None,
    ) -> None: ...
    def __init__(
        self,
        source: Mapping[EdgeType, tuple[Ids, Ids]] | Ids,
        target: Ids = None,
        *,
        node_ids: Mapping[str, Ids] | Ids,
        num_targets: Mapping[str, int] | int,
        edge_ids: Mapping[EdgeType, Ids] | Ids | None = None,
    ) -> None:
        is_typed = [isinstance(given, Mapping) for given in (source, node_ids, num_targets)]
        if isinstance(source, Mapping) and isinstance(num_targets, Mapping) and all(is_typed) and target is None:
            sizes, edge_ids = num_targets, edge_ids or {}
        elif isinstance(num_targets, (int, torch.SymInt)) and not any(is_typed) and target is not None:
            source, node_ids, sizes = {EDGE: (source, target)}, {NODE: node_ids}, {NODE: num_targets}
            edge_ids = {} if edge_ids is None else {EDGE: edge_ids}
        else:
            expected = "mappings for all arguments, or source and target with `node_ids` and `num_targets` of one type"
            raise OptionError(message("Block", expected, "some of each"))
        ids = {
            name: _named(f"`node_ids` of {quoted(name)}", as_ids, given, "node_ids").long()
            for name, given in node_ids.items()
        }
        targets = _checked_targets(ids, sizes)
        adjacencies = {name: _checked_ends(name, ends, ids, targets) for name, ends in source.items()}
        edges = _checked_edge_ids(adjacencies, edge_ids)
        tensors = [*ids.values(), *edges.values(), *(adjacency.source for adjacency in adjacencies.values())]
        devices = sorted({str(tensor.device) for tensor in tensors})
        if len(devices) > 1:
            raise DeviceError(message("Block", "all ids on one device", " and ".join(devices)))
        self._fill(adjacencies, ids, targets, edges)

    @classmethod
    def _trusted(
        cls,
        adjacencies: dict[EdgeType, Adjacency],
        node_ids: dict[str, Tensor],
        num_targets: dict[str, int],
        edge_ids: dict[EdgeType, Tensor],
    ) -> "Block":
        made = cls.__new__(cls)
        made._fill(adjacencies, node_ids, num_targets, edge_ids)
        return made

    def _fill(self, *parts: object) -> None:
        for name, part in zip(("_adjacencies", "_node_ids", "_num_targets", "_edge_ids"), parts, strict=True):
            object.__setattr__(self, name, part)

    @property
    def adjacencies(self) -> Mapping[EdgeType, Adjacency]:
        """The structure of each edge type, from the sources of one node type to the targets of another."""
        return read_only(self._adjacencies)

    @property
    def adjacency(self) -> Adjacency:
        """The structure of a block that has one type of edges.

        Raises:
            FeatureError: if it has several.
        """
        if len(self._adjacencies) == 1:
            return next(iter(self._adjacencies.values()))
        what = f"this one has {len(self._adjacencies)}: {listed(self._adjacencies)}"
        raise FeatureError(f"`block.adjacency` is for a block of one edge type, {what}; hint: see block.adjacencies")

    @property
    def node_ids(self) -> Mapping[str, Tensor]:
        """Original ids of the nodes of each type, targets first: (num_sources,), int64."""
        return read_only(self._node_ids)

    @property
    def edge_ids(self) -> Mapping[EdgeType, Tensor]:
        """Original ids of the edges of each type for which they are known: (num_edges,), int64."""
        return read_only(self._edge_ids)

    @property
    def num_sources(self) -> Mapping[str, int]:
        """Number of nodes of each type, targets included."""
        return read_only({name: ids.shape[0] for name, ids in self._node_ids.items()})

    @property
    def num_targets(self) -> Mapping[str, int]:
        """Number of targets of each type: the first of its nodes."""
        return read_only(self._num_targets)

    @property
    def num_edges(self) -> int:
        """Number of edges of all types together."""
        return sum(adjacency.num_edges for adjacency in self._adjacencies.values())

    @property
    def device(self) -> torch.device:
        """Where the ids lie."""
        return next((ids.device for ids in self._node_ids.values()), torch.device("cpu"))

    def target_ids(self, node_type: str | None = None) -> Tensor:
        """Take the original ids of the targets of a node type, by default of the only one: (num_targets,), int64.

        Raises:
            FeatureError: if there is no such node type, or several to choose from.
        """
        if node_type is None and len(self._node_ids) == 1:
            node_type = next(iter(self._node_ids))
        if node_type is None or node_type not in self._node_ids:
            raise FeatureError(
                f"target_ids: expected one of the node types {listed(self._node_ids)}, got {quoted(node_type)}"
            )
        return self._node_ids[node_type][: self._num_targets[node_type]]

    def to(self, device: torch.device | str | int, *, non_blocking: bool = False) -> "Block":
        """Move to a device; the same object if it is there already."""
        place = torch.empty(0, device=device).device
        return self if place == self.device else self._map(lambda tensor: tensor.to(place, non_blocking=non_blocking))

    def pin_memory(self) -> "Block":
        """Copy into page-locked memory, from which an accelerator reads faster."""
        return self._map(lambda tensor: tensor.pin_memory())

    def share_memory_(self) -> "Block":
        """Move all tensors into memory that other processes see; gives itself back."""
        self._map(lambda tensor: tensor.share_memory_())
        return self

    def _map(self, change: Callable[[Tensor], Tensor]) -> "Block":
        return Block._trusted(
            {name: adjacency._map(change) for name, adjacency in self._adjacencies.items()},
            {name: change(ids) for name, ids in self._node_ids.items()},
            self._num_targets,
            {name: change(ids) for name, ids in self._edge_ids.items()},
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Block does not change, so `{name}` cannot be set; hint: make a new Block")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Block does not change, so `{name}` cannot be deleted; hint: make a new Block")

    def __getstate__(self) -> tuple[Any, ...]:
        return self._adjacencies, self._node_ids, self._num_targets, self._edge_ids

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._fill(*state)

    def __repr__(self) -> str:
        if tuple(self._node_ids) == (NODE,) and tuple(self._adjacencies) == (EDGE,):
            sizes = f"{counted(self.num_sources[NODE], 'source')} to {counted(self._num_targets[NODE], 'target')}"
            return f"Block({counted(self.num_edges, 'edge')} from {sizes}, on {self.device})"
        types = f"{counted(len(self._node_ids), 'node type')}, {counted(len(self._adjacencies), 'edge type')}"
        lines = [f"Block({types}, on {self.device})"]
        for node_type, count in self.num_sources.items():
            lines.append(
                f"  {quoted(node_type)}: {counted(count, 'node')}, {self._num_targets[node_type]:,} of them targets"
            )
        lines += [
            f"  {quoted(name)}: {counted(adjacency.num_edges, 'edge')}" for name, adjacency in self._adjacencies.items()
        ]
        return "\n".join(lines)


def _named(where: str, check: Callable[..., Any], *args: Any) -> Any:
    """The result of a check, whose errors say where in the block they arose."""
    try:
        return check(*args)
    except WeftError as error:
        raise type(error)(f"Block, {where}: {error}") from error


def _checked_targets(node_ids: Mapping[str, Tensor], num_targets: Mapping[str, int]) -> dict[str, int]:
    unknown = [name for name in num_targets if name not in node_ids]
    if unknown:
        raise OptionError(message("Block", f"`num_targets` for the node types {listed(node_ids)}", listed(unknown)))
    for name, ids in node_ids.items():
        count = num_targets.get(name, 0)
        if not 0 <= count <= ids.shape[0]:
            hint = "targets are the first of the nodes"
            raise ShapeError(
                message("Block", f"0 to {ids.shape[0]} targets among as many {quoted(name)} nodes", str(count), hint)
            )
    return {name: num_targets.get(name, 0) for name in node_ids}


def _checked_ends(
    name: EdgeType, ends: tuple[Ids, Ids], node_ids: Mapping[str, Tensor], num_targets: Mapping[str, int]
) -> Adjacency:
    first, _, last = checked_edge_type("Block", name)
    missing = [node_type for node_type in (first, last) if node_type not in node_ids]
    if missing:
        raise OptionError(
            message("Block", f"`node_ids` for both ends of {quoted(name)}", f"none for {listed(missing)}")
        )
    sizes = {"num_sources": node_ids[first].shape[0], "num_targets": num_targets[last]}
    made: Adjacency = _named(quoted(name), lambda: Adjacency(ends[0], ends[1], **sizes))
    return made


def _checked_edge_ids(
    adjacencies: Mapping[EdgeType, Adjacency], edge_ids: Mapping[EdgeType, Ids]
) -> dict[EdgeType, Tensor]:
    found: dict[EdgeType, Tensor] = {}
    for name, given in edge_ids.items():
        if name not in adjacencies:
            raise OptionError(message("Block", f"`edge_ids` for the edge types {listed(adjacencies)}", quoted(name)))
        ids = _named(f"`edge_ids` of {quoted(name)}", as_ids, given, "edge_ids").long()
        edges = adjacencies[name].num_edges
        if ids.shape[0] != edges:
            raise ShapeError(
                message("Block", f"one id for each of {counted(edges, 'edge')} {quoted(name)}", str(ids.shape[0]))
            )
        found[name] = ids
    return found
