"""Rows copied into the slots of a cache and out of them, as bytes."""

import torch
from torch import Tensor

from ...errors import DeviceError, DtypeError, ShapeError, message
from ...native import Kernel
from .._checks import plain_ids

_TAKE = Kernel(
    "take_cached_rows", ["held", "fetched", "slots", "out", "num_slots", "num_fetched", "count", "row_bytes"]
)
_KEEP = Kernel("keep_rows", ["held", "rows", "places", "num_slots", "count", "row_bytes"])


def take_cached_rows(held: Tensor, fetched: Tensor, slots: Tensor) -> Tensor:
    """Put the rows of a batch together from what a cache holds and what was fetched beside it.

    `out[r] = held[slots[r]]` if `slots[r] >= 0`, else `fetched[-1 - slots[r]]`

    *Shapes* `held: (num_slots, row_bytes)` and `fetched: (num_fetched, row_bytes)`, uint8; `slots: (count,)` ->
    `(count, row_bytes)`, all on the CPU.

    Raises:
        IdError: if nothing lies where a slot points.
        ShapeError, DtypeError, DeviceError: if arguments are of another form.

    >>> import torch
    >>> held, fetched = torch.tensor([[1], [2]], dtype=torch.uint8), torch.tensor([[3]], dtype=torch.uint8)
    >>> take_cached_rows(held, fetched, torch.tensor([1, -1, 0])).flatten().tolist()
    [2, 3, 1]
    """
    slots = plain_ids("take_cached_rows", "slots", slots).long()
    held, fetched = _checked("take_cached_rows", held=held, fetched=fetched)
    out = held.new_empty((slots.shape[0], held.shape[1]))
    made = [tensor.data_ptr() for tensor in (held, fetched, slots, out)]
    _TAKE(0, 0, [*made, held.shape[0], fetched.shape[0], slots.shape[0], held.shape[1]])
    return out


def keep_rows(held: Tensor, rows: Tensor, places: Tensor) -> None:
    """Copy rows into the slots of a cache: `held[places[r]] = rows[r]` where `places[r] >= 0`.

    *Shapes* `held: (num_slots, row_bytes)` and `rows: (count, row_bytes)`, uint8; `places: (count,)`, all on the CPU.

    Raises:
        IdError: if there is no such slot.
        ShapeError, DtypeError, DeviceError: if arguments are of another form.

    >>> import torch
    >>> held = torch.zeros(2, 1, dtype=torch.uint8)
    >>> keep_rows(held, torch.tensor([[7], [8]], dtype=torch.uint8), torch.tensor([1, -1]))
    >>> held.flatten().tolist()
    [0, 7]
    """
    places = plain_ids("keep_rows", "places", places).long()
    if not held.is_contiguous():
        raise ShapeError(message("keep_rows", "contiguous `held`, which is written to", f"strides {held.stride()}"))
    held, rows = _checked("keep_rows", held=held, rows=rows)
    if rows.shape[0] != places.shape[0]:
        raise ShapeError(message("keep_rows", f"{places.shape[0]} `rows`, as many as places", str(rows.shape[0])))
    made = [tensor.data_ptr() for tensor in (held, rows, places)]
    _KEEP(0, 0, [*made, held.shape[0], places.shape[0], held.shape[1]])


def _checked(name: str, **tensors: Tensor) -> list[Tensor]:
    shapes = {argument: tuple(tensor.shape) for argument, tensor in tensors.items()}
    if any(tensor.dtype is not torch.uint8 for tensor in tensors.values()):
        got = ", ".join(str(tensor.dtype) for tensor in tensors.values())
        raise DtypeError(message(name, "rows of bytes, uint8", got, "rows.view(torch.uint8)"))
    if any(len(shape) != 2 for shape in shapes.values()) or len({shape[1] for shape in shapes.values()}) != 1:
        raise ShapeError(message(name, "rows of one width, (count, row_bytes)", str(shapes)))
    if any(tensor.device.type != "cpu" for tensor in tensors.values()):
        raise DeviceError(
            message(name, "rows on the CPU", ", ".join(str(tensor.device) for tensor in tensors.values()))
        )
    return [tensor.contiguous() for tensor in tensors.values()]
