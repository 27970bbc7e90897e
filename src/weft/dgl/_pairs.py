"""What layers of one's own take from DGL's utilities: features of both ends, and functions of many tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import ShapeError, message
from ._graph import DGLGraph


def expand_as_pair(input_: Any, g: DGLGraph | None = None) -> tuple[Any, Any]:
    """Give the features of sources and targets: a pair as it is, and of a block the first sources for the targets.

    >>> import torch
    >>> expand_as_pair(torch.ones(2))[1]
    tensor([1., 1.])
    """
    if isinstance(input_, tuple):
        return input_[0], input_[1]
    if g is None or not g.is_block:
        return input_, input_
    if isinstance(input_, Mapping):
        return input_, {name: x[: g.num_dst_nodes(name)] for name, x in input_.items()}
    return input_, input_[: g.num_dst_nodes()]


def check_eq_shape(input_: Any) -> None:
    """Refuse a pair of features of different widths.

    Raises:
        ShapeError: if they differ.
    """
    source, target = expand_as_pair(input_)
    if source.shape[1:] != target.shape[1:]:
        got = f"{tuple(source.shape[1:])} and {tuple(target.shape[1:])}"
        raise ShapeError(message("check_eq_shape", "rows of sources like rows of targets", got))


def apply_each(data: Any, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function on every value of a mapping (-> a dictionary) or a sequence (-> a list), or on anything else itself.

    Args:
        args, kwargs: passed on behind the value.

    >>> import torch
    >>> apply_each({"user": torch.tensor(-1), "item": torch.tensor(2)}, torch.relu)
    {'user': tensor(0), 'item': tensor(2)}
    """
    if isinstance(data, Mapping):
        return {key: fn(value, *args, **kwargs) for key, value in data.items()}
    if isinstance(data, Sequence) and not isinstance(data, str):
        return [fn(value, *args, **kwargs) for value in data]
    return fn(data, *args, **kwargs)
