"""What a library gives the worker: for every operator a call, its leaves, and which kernels it takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from benchmarks.graphs import EdgeList

from .cases import Case


class UnsupportedError(Exception):
    """The library has nothing for this case; the text says what is missing."""


@dataclass
class Prepared:
    """A case ready to be timed.

    `leaves` are differentiated; the first ones, named in `compared`, exist in every library and are compared,
    after `restore` has brought the leaf's gradient into the order of the inputs. `backward` is False where the
    library computes no gradient.
    """

    call: Callable[[], Tensor]
    leaves: list[Tensor]
    compared: tuple[str, ...]
    route: str
    restore: dict[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)
    backward: bool = True


class Library(ABC):
    """One of the libraries under test."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Give the versions that matter."""

    @abstractmethod
    def load(self, edges: EdgeList) -> None:
        """Build the structures that the library keeps between calls."""

    @abstractmethod
    def prepare(self, case: Case, arrays: dict[str, np.ndarray]) -> Prepared:
        """Build the call of a case.

        Raises:
            UnsupportedError: if the library has no such operator.
        """

    def kernels(self, prepared: Prepared) -> str:
        """Run the case once, forward and backward, and say which kernels ran, where the library can tell."""
        return prepared.route


def leaf(array: np.ndarray) -> Tensor:
    """Make a tensor that wants a gradient."""
    return torch.from_numpy(array).requires_grad_()


def set_parameters(module: torch.nn.Module, values: dict[str, np.ndarray]) -> list[Tensor]:
    """Give every parameter of a layer its value and return them.

    Raises:
        ValueError: if a parameter is left over.
    """
    parameters = dict(module.named_parameters())
    if set(parameters) != set(values):
        raise ValueError(f"expected parameters {sorted(values)}, got {sorted(parameters)}")
    with torch.no_grad():
        for name, value in values.items():
            parameters[name].copy_(torch.from_numpy(value).reshape(parameters[name].shape))
    return list(parameters.values())
