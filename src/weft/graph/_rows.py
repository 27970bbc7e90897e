"""Rows of features by id: taken at once, or at the first look."""

from typing import Literal, NamedTuple, TypeAlias, get_args

import torch
from torch import Tensor

from ..errors import check_choice
from ..ops import gather_rows

Features: TypeAlias = Literal["copy", "lazy", "none"]
"""What becomes of features in a graph made from another: copied at once, copied at the first look, or left behind.

Lazy features keep the tensors of the first graph alive until each was looked at. They are what those tensors hold at that
moment, so that writing into a tensor of the first graph is seen; assigning another tensor there is not.
"""


class Rows(NamedTuple):
    """Rows of a tensor that nobody looked at yet; `ids` is None for all of them, and -1 in it for a row of zeros."""

    x: Tensor
    ids: Tensor | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor to come."""
        return tuple(self.x.shape) if self.ids is None else (self.ids.shape[0], *self.x.shape[1:])

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the tensor to come."""
        return self.x.dtype

    def take(self) -> Tensor:
        """Copy the rows; all of them are the tensor itself."""
        if self.ids is None:
            return self.x
        known = self.ids >= 0
        if bool(known.all()):
            return _take(self.x, self.ids)
        made = self.x.new_zeros(self.shape)
        return made.index_copy(0, known.nonzero().squeeze(1), _take(self.x, self.ids[known]))


def checked_features(where: str, features: str) -> None:
    """Refuse a word that says nothing about features.

    Raises:
        OptionError: if it is none of the three.
    """
    check_choice(where, "features", features, get_args(Features))


def _take(x: Tensor, ids: Tensor) -> Tensor:
    return x.index_select(0, ids) if x.dtype.is_complex else gather_rows(x, ids)
