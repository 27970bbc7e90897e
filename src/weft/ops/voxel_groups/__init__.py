"""Points grouped by the cells of a grid."""

from .voxel_groups import voxel_groups as voxel_groups
