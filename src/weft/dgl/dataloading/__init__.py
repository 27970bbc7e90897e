"""Samplers for mini-batches, and loaders, in DGL's names; they draw and load as `weft.sampling` and `weft.loading` do."""

from .._later import absent
from .._later_rows import LazyFeature as LazyFeature
from . import base as base
from . import dataloader as dataloader
from . import negative_sampler as negative_sampler
from .base import BlockSampler as BlockSampler
from .base import EdgePredictionSampler as EdgePredictionSampler
from .base import Sampler as Sampler
from .base import as_edge_prediction_sampler as as_edge_prediction_sampler
from .base import find_exclude_eids as find_exclude_eids
from .base import set_dst_lazy_features as set_dst_lazy_features
from .base import set_edge_lazy_features as set_edge_lazy_features
from .base import set_node_lazy_features as set_node_lazy_features
from .base import set_src_lazy_features as set_src_lazy_features
from .capped_neighbor_sampler import CappedNeighborSampler as CappedNeighborSampler
from .cluster_gcn import ClusterGCNSampler as ClusterGCNSampler
from .dataloader import DataLoader as DataLoader
from .dataloader import DistDataLoader as DistDataLoader
from .dataloader import DistEdgeDataLoader as DistEdgeDataLoader
from .dataloader import DistNodeDataLoader as DistNodeDataLoader
from .dataloader import EdgeCollator as EdgeCollator
from .dataloader import GraphCollator as GraphCollator
from .dataloader import GraphDataLoader as GraphDataLoader
from .dataloader import NodeCollator as NodeCollator
from .graphsaint import SAINTSampler as SAINTSampler
from .labor_sampler import LaborSampler as LaborSampler
from .neighbor_sampler import MultiLayerFullNeighborSampler as MultiLayerFullNeighborSampler
from .neighbor_sampler import MultiLayerNeighborSampler as MultiLayerNeighborSampler
from .neighbor_sampler import NeighborSampler as NeighborSampler
from .shadow import ShaDowKHopSampler as ShaDowKHopSampler
from .spot_target import SpotTarget as SpotTarget

__getattr__ = absent("dataloading", globals())
