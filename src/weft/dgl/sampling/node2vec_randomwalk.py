"""Walks of node2vec, where DGL has them."""

from .randomwalks import node2vec_random_walk as node2vec_random_walk
