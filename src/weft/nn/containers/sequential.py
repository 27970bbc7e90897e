"""Layers and other modules in a row."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, final

from torch import Tensor, nn

from ...errors import OptionError, message
from ...graph import Block
from .._arguments import Edges, Features
from .lazy import LazyLayer


@final
class Sequential(nn.Module):
    """Modules in a row, each on what the one before gave; layers get the graph as well.

    `out = module_n(... module_2(module_1(x)))`, where a module whose first argument is called `graph` is called (graph, x), and
    any other (x). Modules are named "0", "1" and so on, as in torch's `nn.Sequential`.

    *Shapes* x and the result are those of the first and the last module. Instead of one graph a list, or a tuple of blocks, holds
    one for each layer that takes a graph, in their order; edge_weight and `inputs` are lists then, too.

    Args:
        modules: layers, modules of torch, or what `weft.nn.lazy` makes.

    Raises:
        OptionError: in the constructor, if something is no module; in the call, if there are more or fewer graphs than
            layers that take one, or no layer takes an input.

    *Cost* that of the modules.

    >>> import torch
    >>> from weft.graph import Graph
    >>> from weft.nn import GraphConv
    >>> model = Sequential(GraphConv(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.5), GraphConv(8, 2))
    >>> model(Graph([0, 1], [1, 0]), torch.randn(2, 4)).shape
    torch.Size([2, 2])
    """

    def __init__(self, *modules: nn.Module) -> None:
        super().__init__()
        for at, module in enumerate(modules):
            if not isinstance(module, nn.Module):
                raise OptionError(message("Sequential", f"a module at {at}", type(module).__name__))
            self.add_module(str(at), module)
        # What each takes beside x by name; None for a layer that is not made yet.
        self._taken = [None if isinstance(module, LazyLayer) else _arguments(module) for module in modules]

    def forward(
        self,
        graph: Edges | Sequence[Edges],
        x: Features,
        edge_weight: Tensor | Sequence[Tensor] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Compute the result of the last module.

        Args:
            edge_weight: given to every layer that has this argument.
            inputs: further inputs by name, as `edge_features`: each layer gets those that it has arguments for.
        """
        given = {} if inputs is None else dict(inputs)
        if edge_weight is not None:
            given["edge_weight"] = edge_weight
        # A pair of graphs is what SignedConv takes.
        is_many = isinstance(graph, list) or (
            isinstance(graph, tuple) and all(isinstance(each, Block) for each in graph)
        )
        used: set[str] = set()
        count = 0  # of layers that took a graph
        h: Any = x
        modules: list[Any] = list(self._modules.values())
        for at, module in enumerate(modules):
            takes = self._arguments_of(at, module, h)
            if not takes or takes[0] != "graph":
                h = module(h)
                continue
            named = {
                name: self._at(name, value, count) if is_many else value
                for name, value in given.items()
                if name in takes
            }
            h = module(self._at("graph", graph, count) if is_many else graph, h, **named)
            used |= named.keys()
            count += 1
        if isinstance(graph, list | tuple) and is_many and len(graph) != count:
            expected = f"{count} graphs, one for each layer that takes one"
            raise OptionError(message("Sequential", expected, str(len(graph))))
        if used != given.keys():
            idle = " and ".join(f"`{name}`" for name in sorted(given.keys() - used))
            raise OptionError(message("Sequential", "inputs that a layer takes", idle))
        return h

    def __len__(self) -> int:
        return len(self._modules)

    def __getitem__(self, at: int) -> nn.Module:
        return list(self._modules.values())[at]  # type: ignore[return-value]

    def __iter__(self) -> Iterator[nn.Module]:
        return iter(self._modules.values())  # type: ignore[arg-type]

    def _arguments_of(self, at: int, module: Any, h: Any) -> tuple[str, ...]:
        found = self._taken[at]
        if found is None:
            if isinstance(module, LazyLayer):
                module.become(h)
            found = self._taken[at] = _arguments(module)
        return found

    def _at(self, name: str, values: Any, count: int) -> Any:
        if not isinstance(values, list | tuple) or count >= len(values):
            got = str(len(values)) if isinstance(values, list | tuple) else type(values).__name__
            expected = f"a list with a `{name}` for each layer that takes a graph"
            raise OptionError(message("Sequential", expected, got))
        return values[count]


def _arguments(module: nn.Module) -> tuple[str, ...]:
    return tuple(inspect.signature(module.forward).parameters)
