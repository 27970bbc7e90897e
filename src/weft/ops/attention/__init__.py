"""Attention in one pass over the edges: scores, softmax and weighted sum, and again in the gradient."""

from .attention_backward import attention_backward as attention_backward
from .dot_attention import dot_attention as dot_attention
from .gat_attention import gat_attention as gat_attention
from .gatv2_attention import gatv2_attention as gatv2_attention
