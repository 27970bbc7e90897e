"""What both contracts of layers share: checks that a layer is exempt from, and a count of compilations."""

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeVar

import torch

Backend = Literal["aot_eager", "inductor"]
# One process, and loops that g++ is done with soon: the checks ask what is computed, not how fast.
PLAIN_LOOPS = {"compile_threads": 1, "cpp.simdlen": 1}


class Tested(Protocol):
    """A layer that is tested: its name, and the case that says what it is exempt from."""

    name: str
    case: Any


S = TypeVar("S", bound=Tested)


def run_or_exempt(check: Callable[[S], None], subject: S) -> None:
    """Run a check on a layer, or see that it fails, if the layer's case is exempt from it.

    Raises:
        AssertionError: naming the layer and what it broke, or a check that it is exempt from and passes.
    """
    reason = subject.case.exempt.get(check.__name__)
    if reason is None:
        check(subject)
        return
    try:
        check(subject)
    except AssertionError:
        return
    raise AssertionError(f"{subject.name}: {check.__name__} passes, from which it is exempt: {reason}")


class Compilations:
    """A layer compiled for sizes that change, and how often that had to be done.

    >>> twice = Compilations(torch.nn.ReLU())
    >>> twice.compiled(torch.ones(2)).tolist(), twice.count
    ([1.0, 1.0], 1)
    """

    def __init__(self, layer: torch.nn.Module, backend: Backend = "aot_eager") -> None:
        self.count, self.backend = 0, backend
        torch._dynamo.reset()
        self.compiled: Any = torch.compile(layer, fullgraph=True, backend=self._compile, dynamic=True)

    def _compile(self, module: Any, inputs: Any) -> Any:
        self.count += 1
        if self.backend == "inductor":
            return torch._inductor.compile(module, inputs, PLAIN_LOOPS)
        return torch._dynamo.lookup_backend(self.backend)(module, inputs)
