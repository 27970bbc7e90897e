"""How a layer is given to its contract: how it is made, and what its call takes beside the features."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import torch
from torch import Tensor, nn

Make = Callable[[int, int], nn.Module]
Call = Callable[[Any, Any, Any, Mapping[str, Any]], Any]
Rows = Literal["edge", "node", "target"]
Values = Tensor | tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Input:
    """A tensor with a row for each edge, node or target that a layer takes beside its features.

    Attributes:
        rows: what has a row. Of nodes, a bipartite graph takes a pair, as it does of features.
        shape: of a row; -1 stands for the width of the layer's features.
        num_types: if not 0, the values are integers below it, without a gradient; otherwise they are real numbers.
        positive: real numbers between 0.5 and about 3.
    """

    rows: Rows
    shape: tuple[int, ...] = ()
    num_types: int = 0
    positive: bool = False

    def of_width(self, width: int) -> "Input":
        """The same with `width` for every -1 in the shape."""
        return replace(self, shape=tuple(width if size == -1 else size for size in self.shape))

    def draw(self, count: int, dtype: torch.dtype, seed: int) -> Tensor:
        """Draw values for `count` rows; the same for the same seed."""
        generator = torch.Generator().manual_seed(seed)
        if self.num_types:
            return torch.randint(self.num_types, (count, *self.shape), generator=generator)
        values = torch.randn(count, *self.shape, generator=generator, dtype=torch.float64)
        return (values.abs() + 0.5 if self.positive else values).to(dtype)


EDGE_WEIGHT = Input("edge", positive=True)


@dataclass(frozen=True)
class LayerCase:
    """A layer for the contract.

    Attributes:
        make: (in_features, out_features) -> the layer; both are even numbers.
        inputs: what the call takes by name beside graph and features; `edge_weight` is found by itself.
        outputs: what has a row in each of the results; one result is a tensor, several are a tuple, of which the first has
            `out_features` columns.
        bipartite: whether sources and targets may differ; a layer that cannot do that refuses such graphs.
        same_width: the layer is made for one width, with out_features = in_features.
        call: (layer, graph, x, inputs) -> what the layer gives, for one that is not called `layer(graph, x, **inputs)`.
        exempt: names of checks that cannot hold, each with the reason; such a check has to fail.

    >>> from weft.nn import GraphConv
    >>> LayerCase(lambda in_features, out_features: GraphConv(in_features, out_features)).outputs
    ('target',)
    """

    make: Make
    inputs: Mapping[str, Input] = field(default_factory=lambda: MappingProxyType({}))
    outputs: tuple[Literal["target", "edge"], ...] = ("target",)
    bipartite: bool = True
    same_width: bool = False
    call: Call | None = None
    exempt: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
