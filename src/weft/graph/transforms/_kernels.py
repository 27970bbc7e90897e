"""Kernels of diffusion: series in the powers of a transition matrix, and what they add up to."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...errors import OptionError, message


class Kernel(ABC):
    """A sum over k of a coefficient times the k-th power of a matrix T."""

    @abstractmethod
    def coefficients(self, tolerance: float) -> Iterator[float]:
        """The coefficients, until the rest adds up to less than the tolerance."""

    @abstractmethod
    def of(self, matrix: Tensor) -> Tensor:
        """The sum for dense matrices, (*, size, size), by linear algebra."""


@final
@dataclass(frozen=True)
class PPR(Kernel):
    """Personalised PageRank.

    `sum over k of alpha * (1 - alpha)^k * T^k = alpha * (I - (1 - alpha) * T)^-1`

    Raises:
        OptionError: if alpha, the probability to stop, is not above 0 and at most 1.
    """

    alpha: float = 0.15

    def __post_init__(self) -> None:
        if not 0 < self.alpha <= 1:
            raise OptionError(message("PPR", "`alpha` above 0 and at most 1", str(self.alpha)))

    def coefficients(self, tolerance: float) -> Iterator[float]:
        """The coefficients, until the rest adds up to less than the tolerance."""
        rest = 1.0
        while rest >= tolerance:
            yield self.alpha * rest
            rest *= 1 - self.alpha

    def of(self, matrix: Tensor) -> Tensor:
        """The sum for dense matrices, (*, size, size), by their inverse."""
        identity = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
        found: Tensor = torch.linalg.solve(
            identity - (1 - self.alpha) * matrix, (self.alpha * identity).expand_as(matrix)
        )
        return found


@final
@dataclass(frozen=True)
class Heat(Kernel):
    """The heat kernel.

    `sum over k of exp(-t) * t^k / k! * T^k = exp(-t * (I - T))`

    Raises:
        OptionError: if the time is negative.
    """

    t: float = 5.0

    def __post_init__(self) -> None:
        if not 0 <= self.t < math.inf:
            raise OptionError(message("Heat", "`t` of at least 0", str(self.t)))

    def coefficients(self, tolerance: float) -> Iterator[float]:
        """The coefficients, until the rest adds up to less than the tolerance."""
        done, k = 0.0, 0
        # Behind t the terms fall; a rest that rounding keeps above the tolerance ends with terms that are nothing.
        while 1 - done >= tolerance:
            term = math.exp(k * math.log(self.t) - self.t - math.lgamma(k + 1)) if self.t else 1.0
            if k > self.t and term < tolerance * 1e-6:
                return
            yield term
            done, k = done + term, k + 1

    def of(self, matrix: Tensor) -> Tensor:
        """The sum for dense matrices, (*, size, size), by their exponential."""
        identity = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
        found: Tensor = torch.linalg.matrix_exp(self.t * (matrix - identity))
        return found


@final
@dataclass(frozen=True)
class Powers(Kernel):
    """Coefficients of one's own, from the 0th power on.

    `sum over k of weights[k] * T^k`
    """

    weights: tuple[float, ...]

    def coefficients(self, tolerance: float) -> Iterator[float]:
        """All of the coefficients."""
        yield from self.weights

    def of(self, matrix: Tensor) -> Tensor:
        """The sum for dense matrices, (*, size, size), by Horner's rule."""
        identity = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
        total = torch.zeros_like(matrix)
        for weight in reversed(self.weights):
            total = total @ matrix + weight * identity
        return total
