"""Features in a tensor."""

from torch import Tensor

from .base import register_storage_wrapper
from .tensor import BaseTensorStorage


@register_storage_wrapper(Tensor)
class PyTorchTensorStorage(BaseTensorStorage):
    """Rows of a tensor."""
