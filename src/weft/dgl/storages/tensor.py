"""Features in memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...ops import gather_rows
from .base import FeatureStorage


class BaseTensorStorage(FeatureStorage):
    """Rows of a tensor.

    >>> import torch
    >>> BaseTensorStorage(torch.tensor([1.0, 2.0])).fetch(torch.tensor([1]), "cpu")
    tensor([2.])
    """

    def __init__(self, tensor: Tensor) -> None:
        self.storage = tensor

    def fetch(self, indices: Any, device: Any, pin_memory: bool = False, **kwargs: Any) -> Tensor:
        """Give rows on a device.

        Args:
            kwargs: accepted and not needed.

        Raises:
            IdError: if there is no such row.
        """
        ids = torch.as_tensor(indices, device=self.storage.device)
        rows: Tensor = gather_rows(self.storage, ids)
        if pin_memory and rows.is_cpu:
            rows = rows.pin_memory()
        return rows.to(device, non_blocking=pin_memory)
