"""Sampling of points that lie far from each other."""

from .farthest_points import farthest_points as farthest_points
