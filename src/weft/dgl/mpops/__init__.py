"""Messages of edges made of the nodes at their ends: tensors in, tensors out."""

from .edgewise import *  # noqa: F403
