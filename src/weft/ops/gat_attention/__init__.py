"""Graph attention in one pass over the edges."""

from .gat_attention import gat_attention as gat_attention
