"""What a formula is given by name: tensors of sources, targets and edges, shared tensors and shared modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor, nn

from ..errors import FormulaError
from ..ops import gather_rows
from ._chunks import Chunk
from ._lower import Name, describe_unknown

SIDES = ("source", "target", "edge", "shared")
Named = Mapping[str, Tensor]
Shared = Mapping[str, Tensor | nn.Module]
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


@final
class Given:
    """Named tensors and modules, and all their tensors in one list, which autograd follows.

    The list has the named tensors first and then the parameters of the modules.
    """

    def __init__(self, named: Mapping[Name, Tensor | nn.Module]) -> None:
        self.names = [name for name, x in named.items() if isinstance(x, Tensor)]
        self.at = {name: i for i, name in enumerate(self.names)}
        self.tensors: list[Tensor] = [x for x in named.values() if isinstance(x, Tensor)]
        self.modules = {key: x for (_, key), x in named.items() if isinstance(x, nn.Module)}
        self.parameters: dict[str, dict[str, int]] = {}
        for key, module in self.modules.items():
            self.parameters[key] = {}
            for name, parameter in module.named_parameters():
                self.parameters[key][name] = len(self.tensors)
                self.tensors.append(parameter)
            _refuse_batch_statistics(key, module)

    def is_shared(self, at: int) -> bool:
        """Whether a tensor of the list is the same for every edge."""
        return at >= len(self.names) or self.names[at][0] == "shared"

    def side(self, at: int) -> str:
        """What has a row of a tensor of the list."""
        return "shared" if at >= len(self.names) else self.names[at][0]

    def modes(self) -> tuple[bool, ...]:
        """Which modules are in training, with all that they hold."""
        return tuple(part.training for module in self.modules.values() for part in module.modules())


@final
class Reading:
    """What a formula reads in one chunk: rows are taken when they are asked for.

    Args:
        tensors: the list of `Given`, or what stands for it.
        needs: which of them get a gradient here: the rows are then new leaves, in `leaves`. If None, rows stay connected
            with the tensors.
        shares_rows: whether shared tensors get a first dimension of 1.
    """

    def __init__(
        self,
        given: Given,
        tensors: Sequence[Tensor],
        chunk: Chunk,
        needs: Sequence[bool] | None = None,
        shares_rows: bool = False,
    ) -> None:
        self.given, self.tensors, self.chunk, self.needs, self.shares_rows = given, tensors, chunk, needs, shares_rows
        self.leaves: dict[int, Tensor] = {}
        self.num_calls, self.is_fetching = 0, False  # of modules that are under way; rows are taken
        self.watch: Any = None

    @property
    def sides(self) -> list[Rows]:
        """The mappings that a formula gets; not kept here, so that rows are free as soon as nobody reads them."""
        return [Rows(side, self.given, self._fetch) for side in SIDES]

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call what the user wrote, under the eyes of a trial if it is one."""
        if self.watch is None:
            return function(*args)
        self.watch.admit(args)
        with self.watch:
            return function(*args)

    def _fetch(self, side: str, name: str) -> Any:
        self.is_fetching = True
        try:
            return self._fetched(side, name)
        finally:
            self.is_fetching = False

    def _fetched(self, side: str, name: str) -> Any:
        if side == "shared" and name in self.given.modules:
            parameters = self.given.parameters[name]
            return SharedModule(self, name, {key: self._leaf(i) for key, i in parameters.items()})
        return self._leaf(self.given.at[side, name])

    def _leaf(self, at: int) -> Tensor:
        if at in self.leaves:
            return self.leaves[at]
        x, side = self.tensors[at], self.given.side(at)
        if self.needs is None:
            return self._rows(x, side, at)
        with torch.no_grad():
            rows = self._rows(x.detach(), side, at)
        self.leaves[at] = rows.requires_grad_(self.needs[at])
        return self.leaves[at]

    def _rows(self, x: Tensor, side: str, at: int) -> Tensor:
        if side == "source":
            return gather_rows(x, self.chunk.structure.source)
        if side == "target":
            return gather_rows(x, self.chunk.target)
        if side == "edge":
            edge = self.chunk.edge
            return x[edge] if isinstance(edge, slice) else gather_rows(x, edge)
        return x.unsqueeze(0) if self.shares_rows and at < len(self.given.names) else x


@final
class Rows(Mapping[str, Any]):
    """The named tensors of one side for the edges of a chunk."""

    def __init__(self, side: str, given: Given, fetch: Callable[[str, str], Any]) -> None:
        self._side, self._fetch = side, fetch
        self._names = [name for at, name in given.names if at == side] + (
            list(given.modules) if side == "shared" else []
        )
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise FormulaError(describe_unknown(self._side, name, self._names))
        if name not in self._read:
            self._read[name] = self._fetch(self._side, name)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@final
class SharedModule:
    """A module in a formula: it can be called, and then runs with the parameters that autograd follows."""

    def __init__(self, reading: Reading, name: str, parameters: dict[str, Tensor]) -> None:
        self._reading, self._name, self._parameters = reading, name, parameters

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The module at these arguments."""
        module = self._reading.given.modules[self._name]
        if torch.compiler.is_compiling():
            return module(*args, **options)
        self._reading.num_calls += 1
        try:
            return torch.func.functional_call(module, self._parameters, args, options)
        finally:
            self._reading.num_calls -= 1

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise FormulaError(
            f'formula: expected shared["{self._name}"] to be called, got a look at its `{name}`; hint: pass what is inside '
            "as a shared tensor or module of its own"
        )


def _refuse_batch_statistics(key: str, module: nn.Module) -> None:
    """Batch normalisation in training takes the statistics of a chunk for those of all edges."""
    for part in module.modules():
        if isinstance(part, _BATCH_NORMS) and (part.training or not part.track_running_stats):
            raise FormulaError(
                f'formula: expected modules that treat every edge alone, got {type(part).__name__} in shared["{key}"], which '
                "mixes them; hint: nn.LayerNorm, or normalise the nodes after aggregate"
            )
