"""Modules that hold layers: made at their first call, or chained."""

from .lazy import lazy as lazy
from .sequential import Sequential as Sequential
