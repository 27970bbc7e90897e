"""What a family says of each of its operators: its inputs, what is timed of it, and in which dtypes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.graphs import EdgeList

Inputs = dict[str, np.ndarray]

# An operator's backward is timed alone, a layer's together with the forward it follows.
OPERATOR = ("forward", "backward")
LAYER = ("forward", "step")
NO_GRADIENT = ("forward",)


@dataclass(frozen=True)
class Draw:
    """Random inputs of one case; every worker draws the same ones."""

    edges: EdgeList
    width: int
    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def normal(self, *shape: int, scale: float = 1.0) -> np.ndarray:
        """Draw float32 numbers from the normal distribution."""
        return np.float32(scale) * self.generator.standard_normal(shape, dtype=np.float32)

    def features(self) -> np.ndarray:
        """Draw a row for each node."""
        return self.normal(self.edges.num_nodes, self.width)

    def matrix(self, *shape: int) -> np.ndarray:
        """Draw a linear map of `shape`, whose results are as large as what it gets."""
        return self.normal(*shape, scale=self.width**-0.5)


@dataclass(frozen=True)
class Operator:
    """One operator or layer.

    `chosen` names the results that depend on which of equal values wins: with few digits these are not compared.
    `least_width` is None where there is no width. `graphs` names the graphs that it is for, if not all.
    """

    inputs: Callable[[Draw], Inputs]
    passes: tuple[str, ...] = OPERATOR
    least_width: int | None = 1
    dtypes: tuple[str, ...] = ("float32", "bfloat16")
    chosen: tuple[str, ...] = ()
    graphs: tuple[str, ...] = ()
