"""Triangles of undirected graphs."""

from .triangle_counts import triangle_counts as triangle_counts
