"""Named features of the nodes or edges of one type."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, NoReturn, final

import torch
from torch import Tensor

from ..errors import DeviceError, DtypeError, FeatureError, ShapeError, message
from ._adjacency import Adjacency
from ._naming import EdgeType, counted, listed, quoted
from ._rows import Rows


class FeatureSet(MutableMapping[str, Tensor], ABC):
    """A mapping from names to tensors with one row for each node, or each edge, of one type.

    A feature is checked when it is assigned: its first dimension is the count, it lies where the graph lies. The set is
    the one thing about a graph that changes, and only by assigning and deleting names. `==` is identity.
    """

    _features: dict[str, Tensor | Rows]
    device: torch.device
    offsets: Tensor | None
    """Where each graph of a batch begins: (num_graphs + 1,), int64, ascending from 0; None if the graph is no batch."""

    def _fill(self, device: torch.device, features: Mapping[str, Tensor | Rows], offsets: Tensor | None) -> None:
        object.__setattr__(self, "_features", dict(features))
        object.__setattr__(self, "device", device)
        object.__setattr__(self, "offsets", offsets)

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of nodes or edges: the first dimension of every feature."""

    @abstractmethod
    def _say(self) -> str:
        """What the set is called in texts."""

    @abstractmethod
    def _map(self, change: Callable[[Tensor], Tensor], device: torch.device) -> "FeatureSet":
        """The same set with every tensor changed."""

    def _mapped(self, change: Callable[[Tensor], Tensor]) -> tuple[dict[str, Tensor], Tensor | None]:
        offsets = None if self.offsets is None else change(self.offsets)
        return {name: change(feature) for name, feature in self.items()}, offsets

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._features:
            raise FeatureError(f"{self._say()} have no feature {quoted(name)}; known: {listed(self._features)}")
        feature = self._features[name]
        if isinstance(feature, Rows):
            feature = self._features[name] = feature.take()
        return feature

    def __setitem__(self, name: str, feature: Any) -> None:
        where = f"feature {quoted(name)} of {self._say()}"
        if not isinstance(name, str) or not name:
            raise FeatureError(f"{where}: expected a name, got {name!r}; hint: features are named by strings")
        if not isinstance(feature, Tensor):
            try:
                feature = torch.as_tensor(feature, device=self.device)
            except (TypeError, ValueError, RuntimeError) as error:
                raise DtypeError(
                    message(where, "a tensor, or numbers that torch.as_tensor takes", type(feature).__name__)
                ) from error
        if feature.dim() == 0 or feature.shape[0] != self.count:
            hint = "the first dimension counts the rows"
            raise ShapeError(message(where, f"shape ({self.count}, ...)", str(tuple(feature.shape)), hint))
        if feature.device != self.device:
            hint = f"move it with .to({str(self.device)!r}), or the graph with graph.to({str(feature.device)!r})"
            raise DeviceError(
                message(where, f"a tensor on {self.device}, where the graph is", str(feature.device), hint)
            )
        self._features[name] = feature

    def __delitem__(self, name: str) -> None:
        if name not in self._features:
            raise FeatureError(f"{self._say()} have no feature {quoted(name)}; known: {listed(self._features)}")
        del self._features[name]

    def __contains__(self, name: object) -> bool:
        return name in self._features

    def __iter__(self) -> Iterator[str]:
        return iter(self._features)

    def __len__(self) -> int:
        return len(self._features)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __setattr__(self, name: str, value: object) -> NoReturn:
        hint = f"a feature is assigned by name, as in nodes[{quoted(name)}] = ..."
        raise AttributeError(f"`{name}` of {self._say()} cannot be set; hint: {hint}")

    def _features_text(self) -> str:
        return ", ".join(
            f"{name} {tuple(f.shape)} {str(f.dtype).removeprefix('torch.')}" for name, f in self._features.items()
        )

    def __repr__(self) -> str:
        features = self._features_text()
        return f"{type(self).__name__}({self._say()}" + (f": {features})" if features else ", no features)")


@final
class NodeSet(FeatureSet):
    """The nodes of one type.

    >>> from weft.graph import Graph
    >>> nodes = Graph([0, 1], [1, 2]).nodes
    >>> nodes["age"] = [30, 31, 40]
    >>> nodes
    NodeSet(3 nodes "node": age (3,) int64)
    """

    type: str
    _count: int

    def __init__(self, node_type: str, count: int, *, device: torch.device) -> None:
        self.__setstate__((node_type, count, device, {}, None))

    @classmethod
    def _trusted(
        cls,
        node_type: str,
        count: int,
        device: torch.device,
        features: Mapping[str, Tensor | Rows],
        offsets: Tensor | None,
    ) -> "NodeSet":
        made = cls.__new__(cls)
        made.__setstate__((node_type, count, device, features, offsets))
        return made

    @property
    def count(self) -> int:
        """Number of nodes."""
        return self._count

    def _say(self) -> str:
        return f"{counted(self._count, 'node')} {quoted(self.type)}"

    def _map(self, change: Callable[[Tensor], Tensor], device: torch.device) -> "NodeSet":
        return NodeSet._trusted(self.type, self._count, device, *self._mapped(change))

    def __getstate__(self) -> tuple[Any, ...]:
        return self.type, self._count, self.device, dict(self.items()), self.offsets

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        object.__setattr__(self, "type", state[0])
        object.__setattr__(self, "_count", state[1])
        self._fill(*state[2:])


@final
class EdgeSet(FeatureSet):
    """The edges of one type, with their structure in `.adjacency`.

    >>> from weft.graph import Graph
    >>> edges = Graph([0, 1], [1, 2]).edges
    >>> edges["weight"] = torch.tensor([0.5, 2.0])
    >>> edges
    EdgeSet(2 edges ("node", "edge", "node"): weight (2,) float32)
    >>> edges.adjacency
    Adjacency(2 edges from 3 sources to 3 targets, int64 on cpu)
    """

    type: EdgeType
    adjacency: Adjacency

    def __init__(self, edge_type: EdgeType, adjacency: Adjacency) -> None:
        self.__setstate__((edge_type, adjacency, adjacency.device, {}, None))

    @classmethod
    def _trusted(
        cls,
        edge_type: EdgeType,
        adjacency: Adjacency,
        device: torch.device,
        features: Mapping[str, Tensor | Rows],
        offsets: Tensor | None,
    ) -> "EdgeSet":
        made = cls.__new__(cls)
        made.__setstate__((edge_type, adjacency, device, features, offsets))
        return made

    @property
    def count(self) -> int:
        """Number of edges."""
        return self.adjacency.num_edges

    def _say(self) -> str:
        return f"{counted(self.count, 'edge')} {quoted(self.type)}"

    def _map(self, change: Callable[[Tensor], Tensor], device: torch.device) -> "EdgeSet":
        return EdgeSet._trusted(self.type, self.adjacency._map(change), device, *self._mapped(change))

    def __getstate__(self) -> tuple[Any, ...]:
        return self.type, self.adjacency, self.device, dict(self.items()), self.offsets

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        object.__setattr__(self, "type", state[0])
        object.__setattr__(self, "adjacency", state[1])
        self._fill(*state[2:])
