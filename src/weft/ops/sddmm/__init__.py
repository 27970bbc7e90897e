"""Sampled dense-dense product."""

from .sddmm import sddmm as sddmm
