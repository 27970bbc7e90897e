"""Graphs cut into parts, each with the nodes near it."""

from .transforms._partition import metis_partition, metis_partition_assignment, partition_graph_with_halo

__all__ = ["metis_partition", "metis_partition_assignment", "partition_graph_with_halo"]
