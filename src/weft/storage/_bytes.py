"""Rows as bytes: one gather then serves every dtype and shape."""

import math

import torch
from torch import Tensor

from ..ops import gather_rows
from ._feature_store import FeatureSpec


def as_bytes(rows: Tensor) -> Tensor:
    """The same memory as (count, row_bytes) of uint8; of rows that are contiguous."""
    return rows.detach().reshape(rows.shape[0], math.prod(rows.shape[1:])).view(torch.uint8)


def take_rows(rows: Tensor, ids: Tensor, spec: FeatureSpec) -> Tensor:
    """Rows by id, where they lie; of rows that are contiguous and have bytes."""
    if rows.device.type != "cpu":
        return gather_rows(rows, ids)
    return of_bytes(gather_rows(as_bytes(rows), ids), spec)


def of_bytes(data: Tensor, spec: FeatureSpec) -> Tensor:
    """The same memory as rows of a feature; `data` is (count, row_bytes) of uint8, contiguous and with bytes in its rows."""
    if spec.dtype is torch.bool:
        data = data != 0  # a byte of a file may be anything, and torch counts on 0 and 1
    return data.view(spec.dtype).view(data.shape[0], *spec.row_shape)
