"""DGL's transforms that are classes: made once, with their options, and called on graphs."""

from ._base import BaseTransform, Compose
from ._columns import (
    SVDPE,
    FeatMask,
    GCNNorm,
    LaplacianPE,
    LapPE,
    NodeShuffle,
    RandomWalkPE,
    RowFeatNormalizer,
    SIGNDiffusion,
)
from ._diffusion import GDC, PPR, HeatKernel
from ._random import AddEdge, DropEdge, DropNode
from ._structures import (
    AddMetaPaths,
    AddReverse,
    AddSelfLoop,
    KHopGraph,
    LineGraph,
    RemoveSelfLoop,
    ToLevi,
    ToSimple,
)

__all__ = [
    "GDC",
    "PPR",
    "SVDPE",
    "AddEdge",
    "AddMetaPaths",
    "AddReverse",
    "AddSelfLoop",
    "BaseTransform",
    "Compose",
    "DropEdge",
    "DropNode",
    "FeatMask",
    "GCNNorm",
    "HeatKernel",
    "KHopGraph",
    "LapPE",
    "LaplacianPE",
    "LineGraph",
    "NodeShuffle",
    "RandomWalkPE",
    "RemoveSelfLoop",
    "RowFeatNormalizer",
    "SIGNDiffusion",
    "ToLevi",
    "ToSimple",
]
