"""Draws from a graph, in DGL's names: neighbours, walks, negatives."""

from .._later import absent
from . import _excluder
from .labor import sample_labors as sample_labors
from .negative import global_uniform_negative_sampling as global_uniform_negative_sampling
from .neighbor import sample_etype_neighbors as sample_etype_neighbors
from .neighbor import sample_neighbors as sample_neighbors
from .neighbor import sample_neighbors_biased as sample_neighbors_biased
from .neighbor import sample_neighbors_fused as sample_neighbors_fused
from .neighbor import select_topk as select_topk
from .node2vec_randomwalk import node2vec_random_walk as node2vec_random_walk
from .pinsage import PinSAGESampler as PinSAGESampler
from .pinsage import RandomWalkNeighborSampler as RandomWalkNeighborSampler
from .randomwalks import pack_traces as pack_traces
from .randomwalks import random_walk as random_walk

utils = _excluder

__getattr__ = absent("sampling", globals())
