"""Features in an array of NumPy, which may be a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .base import FeatureStorage, register_storage_wrapper


@register_storage_wrapper(np.ndarray)
class NumpyStorage(FeatureStorage):
    """Rows of an array, of a memory-mapped one too.

    >>> NumpyStorage(np.arange(3.0)).fetch(torch.tensor([2, 0]), "cpu")
    tensor([2., 0.], dtype=torch.float64)
    """

    def __init__(self, arr: np.ndarray[Any, Any]) -> None:
        self.arr = arr

    def fetch(self, indices: Any, device: Any, pin_memory: bool = False, **kwargs: Any) -> Tensor:
        """Give rows on a device.

        Args:
            kwargs: accepted and not needed.
        """
        rows = torch.from_numpy(np.ascontiguousarray(self.arr[torch.as_tensor(indices).cpu().numpy()]))
        return (rows.pin_memory() if pin_memory else rows).to(device, non_blocking=pin_memory)
