"""Layers on nodes and edges of many types."""

from .typed_linear import TypedLinear as TypedLinear
