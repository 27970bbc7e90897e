"""What a library gives the worker: for every operator a call, its leaves, and which kernels it takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor

from benchmarks.graphs import EdgeList
from benchmarks.serving import UnsupportedError

from .cases import DTYPES, Case
from .families.graphs import DAMPING, ROUNDS
from .families.operator import NO_GRADIENT

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True)
class Problem:
    """A case with its inputs, as arrays and as tensors in the dtype of the case."""

    case: Case
    arrays: dict[str, np.ndarray]

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the case."""
        found: torch.dtype = getattr(torch, self.case.dtype)
        return found

    def tensor(self, name: str) -> Tensor:
        """Make a tensor of an input; ids keep their dtype."""
        made = torch.from_numpy(self.arrays[name])
        return made.to(self.dtype) if made.is_floating_point() else made

    def leaf(self, name: str) -> Tensor:
        """Make a tensor that wants a gradient."""
        return self.tensor(name).requires_grad_()

    def leaves(self, *names: str) -> list[Tensor]:
        """Make several of them."""
        return [self.leaf(name) for name in names]

    def pointers(self, lengths: str = "lengths") -> Tensor:
        """Make the pointers of segments of these lengths, int64."""
        return torch.from_numpy(np.append(0, np.cumsum(self.arrays[lengths])))

    def parameters(self, module: torch.nn.Module, values: dict[str, np.ndarray]) -> list[Tensor]:
        """Give every parameter of a layer its value, in the dtype of the case, and return them.

        Raises:
            ValueError: if a parameter is left over.
        """
        parameters = dict(module.to(self.dtype).named_parameters())
        if set(parameters) != set(values):
            raise ValueError(f"expected parameters {sorted(values)}, got {sorted(parameters)}")
        with torch.no_grad():
            for name, value in values.items():
                parameters[name].copy_(torch.from_numpy(value).reshape(parameters[name].shape))
        return list(parameters.values())


def of_input(problem: Problem, x: Tensor, call: Callable[[], Any], route: str) -> Prepared:
    """Prepare a call of one input, differentiated unless only its forward pass is timed."""
    return without_gradient(call, route) if problem.case.passes == NO_GRADIENT else Prepared(call, [x], ("x",), route)


def matrix_call(problem: Problem, matrix: Callable[[str], Any], turned: Callable[[Any], Any]) -> Callable[[], Any]:
    """Make the call of a sparse case for matrices that know `@`, `+` and `index_select`; `turned` transposes one."""
    name, left = problem.case.operator, matrix("")
    if name == "sparse_product":
        return lambda: left @ left
    if name == "sparse_sum":
        right = matrix("_other")
        return lambda: left + right
    if name == "transpose":
        return lambda: turned(left)
    rows = problem.tensor("rows")
    return lambda: left.index_select(0, rows)


def pagerank_rounds(degree: Tensor, gather: Callable[[Tensor], Tensor]) -> Callable[[], Tensor]:
    """Make the call that ranks nodes, for a library that sums over neighbours; `degree` counts the edges that leave each."""
    count, degree = len(degree), degree.float()

    def rank() -> Tensor:
        found = torch.full((count,), 1 / count)
        for _ in range(ROUNDS):
            sent = torch.where(degree > 0, found / degree.clamp(min=1), 0)
            lost = found[degree == 0].sum() / count
            found = (1 - DAMPING) / count + DAMPING * (gather(sent) + lost)
        return found

    return rank


def ranks(found: Tensor) -> dict[str, Tensor]:
    """Compare ranks by how far they are from the average."""
    return {"rank": found * len(found)}


def pieces(problem: Problem) -> list[dict[str, Any]]:
    """Take the graphs of a list apart: `size`, `source`, `target` and the features `x` and `w` of each."""
    sizes, lengths = problem.arrays["sizes"], problem.arrays["lengths"]
    nodes, edges = (np.append(0, np.cumsum(count)) for count in (sizes, lengths))
    x, of_edges = problem.tensor("x"), {name: problem.tensor(name) for name in ("source", "target", "w")}
    found = []
    for at, size in enumerate(sizes):
        mine = slice(edges[at], edges[at + 1])
        parts = {name: values[mine].clone() for name, values in of_edges.items()}
        found.append({**parts, "x": x[nodes[at] : nodes[at + 1]].clone(), "size": int(size)})
    return found


def only_out(out: Any) -> dict[str, Tensor]:
    """Compare a result that is one tensor as it is."""
    return {"out": out}


@dataclass
class Prepared:
    """A case ready to be timed.

    `leaves` are differentiated; the first ones, named in `compared`, exist in every library and are compared, after
    `restore` has brought the leaf's gradient into the order of the inputs. `backward` is False where the library computes no
    gradient; a call that has one returns one tensor. `results` makes what is compared of other results.
    """

    call: Callable[[], Any]
    leaves: list[Tensor]
    compared: tuple[str, ...]
    route: str
    restore: dict[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)
    backward: bool = True
    results: Callable[[Any], dict[str, Tensor]] = only_out


def without_gradient(
    call: Callable[[], Any], route: str, results: Callable[[Any], dict[str, Tensor]] = only_out
) -> Prepared:
    """Prepare a call that nobody differentiates."""
    return Prepared(call, [], (), route, backward=False, results=results)


def prepares(*operators: str) -> Callable[[Method], Method]:
    """Mark the method of a library that prepares these operators."""

    def mark(method: Method) -> Method:
        method.prepares = operators  # type: ignore[attr-defined]
        return method

    return mark


class Library(ABC):
    """One of the libraries under test; its methods that are marked by `prepares` are its table of operators."""

    dtypes: ClassVar[tuple[str, ...]] = DTYPES
    operators: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        cls.operators = {
            operator: name
            for part in cls.__mro__
            for name, method in vars(part).items()
            for operator in getattr(method, "prepares", ())
        }

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Give the versions that matter."""

    @abstractmethod
    def load(self, edges: EdgeList) -> None:
        """Build the structures that the library keeps between calls."""

    def prepare(self, problem: Problem) -> Prepared:
        """Build the call of a case.

        Raises:
            UnsupportedError: if the library has no such operator, or not in this dtype.
        """
        if problem.case.dtype not in self.dtypes:
            raise UnsupportedError(f"no {problem.case.dtype}")
        method = self.operators.get(problem.case.operator)
        if method is None:
            raise UnsupportedError(f"no {problem.case.operator}")
        prepared: Prepared = getattr(self, method)(problem)
        return prepared

    def kernels(self, prepared: Prepared) -> str:
        """Run the case once, forward and backward, and say which kernels ran, where the library can tell."""
        return prepared.route


def edge_network(width: int) -> torch.nn.Module:
    """Make the network of edge_conv, two linear maps; `network_parameters` gives it its values."""
    return torch.nn.Sequential(torch.nn.Linear(2 * width, width), torch.nn.ReLU(), torch.nn.Linear(width, width))


def network_parameters(problem: Problem, network: torch.nn.Module) -> list[Tensor]:
    """Give the parameters of the network of edge_conv their values and return them."""
    names = {"0.weight": "first", "0.bias": "first_bias", "2.weight": "second", "2.bias": "second_bias"}
    return problem.parameters(network, {there: problem.arrays[here] for there, here in names.items()})


def scales(edges: EdgeList) -> list[np.ndarray]:
    """Give the power -1/2 of the out-degrees and of the in-degrees, in which 0 counts as 1."""
    degrees = (np.bincount(end, minlength=edges.num_nodes) for end in (edges.source, edges.target))
    return [np.maximum(degree, 1).astype(np.float32) ** np.float32(-0.5) for degree in degrees]
