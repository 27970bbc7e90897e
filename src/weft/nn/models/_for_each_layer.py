"""One value for all layers of a model, or a list with one for each."""

from collections.abc import Sequence
from typing import TypeVar

from ...errors import ShapeError, message

T = TypeVar("T")


def for_each_layer(where: str, what: str, given: T | Sequence[T], num_layers: int) -> Sequence[T]:
    """As many values as there are layers, of one for all of them or of a list.

    Raises:
        ShapeError: if a list has more or fewer.
    """
    if not isinstance(given, Sequence):
        return [given] * num_layers
    if len(given) != num_layers:
        raise ShapeError(message(where, f"{num_layers} {what}, one for each layer", f"{len(given)} of them"))
    return given
