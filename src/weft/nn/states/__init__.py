"""Weights that DGL or PyG trained, under weft's names."""

from .load import load_peer_state as load_peer_state
