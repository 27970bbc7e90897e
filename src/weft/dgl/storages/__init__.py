"""Where loaders fetch features from."""

from .._later import absent
from . import base as base
from . import numpy as numpy
from . import pytorch_tensor as pytorch_tensor
from . import tensor as tensor
from .base import FeatureStorage as FeatureStorage
from .base import ThreadedFuture as ThreadedFuture
from .base import register_storage_wrapper as register_storage_wrapper
from .base import wrap_storage as wrap_storage
from .numpy import NumpyStorage as NumpyStorage
from .pytorch_tensor import PyTorchTensorStorage as TensorStorage

__all__ = [
    "FeatureStorage", "NumpyStorage", "TensorStorage", "ThreadedFuture", "register_storage_wrapper", "wrap_storage",
]  # fmt: skip
__getattr__ = absent("storages", globals())
