"""Where features are fetched from."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

_WRAPPERS: list[tuple[type, Callable[[Any], FeatureStorage]]] = []


class FeatureStorage(ABC):
    """Gives rows of a feature.

    >>> import torch, weft.dgl as dgl
    >>> isinstance(dgl.storages.wrap_storage(torch.ones(2)), FeatureStorage)
    True
    """

    def requires_ddp(self) -> bool:
        """Whether processes have to fetch together: no."""
        return False

    @abstractmethod
    def fetch(self, indices: Any, device: Any, pin_memory: bool = False, **kwargs: Any) -> Any:
        """Give rows on a device.

        Args:
            indices: which rows.
            pin_memory: go through page-locked memory.
            kwargs: what a storage of one's own needs.
        """


def register_storage_wrapper(type_: type) -> Callable[[type], type]:
    """Let `wrap_storage` make storages of a class for values of a type.

    >>> @register_storage_wrapper(range)
    ... class Numbers(FeatureStorage):
    ...     def __init__(self, numbers):
    ...         self.numbers = numbers
    ...
    ...     def fetch(self, indices, device, pin_memory=False, **kwargs):
    ...         return [self.numbers[at] for at in indices]
    >>> wrap_storage(range(10, 20)).fetch([3], "cpu")
    [13]
    """

    def register(of: type) -> type:
        _WRAPPERS.append((type_, of))
        return of

    return register


def wrap_storage(storage: Any) -> FeatureStorage:
    """A storage of a value of a known type; a storage, or anything else that fetches, is given back."""
    for of, wrapper in reversed(_WRAPPERS):
        if isinstance(storage, of):
            made: FeatureStorage = wrapper(storage)
            return made
    assert hasattr(storage, "fetch"), f"a {type(storage).__name__} has no `fetch`"
    return storage  # type: ignore[no-any-return]


class ThreadedFuture:
    """The result of a function that runs in a thread.

    Args:
        target: the function.
        args: what it is given.

    >>> ThreadedFuture(max, (1, 3)).wait()
    3
    """

    def __init__(self, target: Callable[..., Any], args: Sequence[Any]) -> None:
        self._found: list[Any] = []
        self._error: BaseException | None = None

        def run() -> None:
            try:
                self._found.append(target(*args))
            except BaseException as error:
                self._error = error

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def wait(self) -> Any:
        """Wait for the result; an error of the function is raised here."""
        self.thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]
