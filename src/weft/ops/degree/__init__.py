"""Counting of ids."""

from .degree import degree as degree
