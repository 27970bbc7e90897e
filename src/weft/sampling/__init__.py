"""Pieces of a graph drawn around seeds: one class for each way to draw, and a `Batch` from each of them.

What is drawn depends on what a sampler and its `sample` are given, epoch and batch among it, not on threads, machines or the
batches before.
"""

from ._capped_sampler import CappedSampler as CappedSampler
from ._cluster_sampler import ClusterSampler as ClusterSampler
from ._hgt_sampler import HGTSampler as HGTSampler
from ._importance_labor_sampler import ImportanceLaborSampler as ImportanceLaborSampler
from ._inclusions import Inclusions as Inclusions
from ._inclusions import count_inclusions as count_inclusions
from ._labor_sampler import LaborSampler as LaborSampler
from ._labor_scales import labor_scales as labor_scales
from ._layer_sampler import LayerSampler as LayerSampler
from ._link_sampler import LinkSampler as LinkSampler
from ._negatives import Negatives as Negatives
from ._neighbor_sampler import NeighborSampler as NeighborSampler
from ._pin_sage_sampler import PinSAGESampler as PinSAGESampler
from ._ppr_sampler import PPRSampler as PPRSampler
from ._random_walks import RandomWalks as RandomWalks
from ._sampler import Sampler as Sampler
from ._walk_sampler import WalkSampler as WalkSampler
