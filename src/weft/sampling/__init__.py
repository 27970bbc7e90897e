"""Pieces of a graph drawn around seeds: one class for each way to draw, and a `Batch` from each of them.

Draws depend on the graph, the seed of the sampler, epoch and batch alone, not on threads, machines or the batches before.
"""

from ._labor_sampler import LaborSampler as LaborSampler
from ._neighbor_sampler import NeighborSampler as NeighborSampler
from ._sampler import Sampler as Sampler
