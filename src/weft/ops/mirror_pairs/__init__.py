"""Pairs of nodes in both directions."""

from .mirror_pairs import mirror_pairs as mirror_pairs
