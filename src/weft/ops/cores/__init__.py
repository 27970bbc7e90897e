"""Cores of undirected graphs."""

from .core_numbers import core_numbers as core_numbers
