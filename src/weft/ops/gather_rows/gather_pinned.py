"""Rows of page-locked memory by id, read by a GPU itself."""

from importlib import import_module

import torch
from torch import Tensor

from ...errors import DeviceError, message
from .._triton.launching import launching, why_not
from .gather_rows import gather_rows


def gather_pinned(x: Tensor, index: Tensor) -> Tensor:
    """Take rows from page-locked memory of the host to the device of their ids, which reads them over the bus.

    `out[r] = x[index[r]]`, what `gather_rows` gives, though x need not fit on the device and the host copies nothing

    *Shapes* `x: (num_rows, *F)`, as `Tensor.pin_memory` gives it; `index: (count,)`, int32 or int64, on a GPU -> `(count, *F)`,
    there.

    Raises:
        IdError: if an id is negative or not below num_rows, with one of the next calls.
        ShapeError, DtypeError, DeviceError: if arguments are of another kind, or no kernel runs on the device.

    *Cost* count x F over the bus.
    """
    reason = why_not(index.device)
    if reason is not None or index.device.type == "cpu":
        raise DeviceError(
            message("gather_pinned", "`index` on a GPU", str(index.device), reason or "weft.ops.gather_rows")
        )
    if not x.is_pinned():
        raise DeviceError(message("gather_pinned", "page-locked `x`", f"other memory of {x.device}", "x.pin_memory()"))
    form, dims = gather_rows.allocate(x.to("meta"), index)
    out = torch.empty(form.shape, dtype=x.dtype, device=index.device)
    with launching(index.device):
        import_module(f"{__package__}.gather_rows_triton").launch((out,), dims, x.contiguous(), index.contiguous())
    return out
