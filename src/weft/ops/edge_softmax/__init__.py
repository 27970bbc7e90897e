"""Softmax over the edges that enter each target."""

from .edge_softmax import edge_softmax as edge_softmax
