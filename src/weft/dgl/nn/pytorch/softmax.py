"""Softmax over edges, where DGL has it too."""

from ..functional import edge_softmax as edge_softmax
