"""Walks over all nodes, level by level."""

from .breadth_first import breadth_first as breadth_first
from .depth_first import depth_first as depth_first
from .topological_levels import topological_levels as topological_levels
