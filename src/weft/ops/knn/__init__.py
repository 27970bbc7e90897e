"""Nearest neighbours of points."""

from ._neighbors import Neighbors as Neighbors
from .knn import knn as knn
