"""Mappings to look at."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

import torch

K = TypeVar("K")
V = TypeVar("V")


def read_only(found: dict[K, V]) -> Mapping[K, V]:
    """A view that refuses changes; the dictionary itself while compiling, since older compilers do not know such views."""
    return found if torch.compiler.is_compiling() else MappingProxyType(found)
