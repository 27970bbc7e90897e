"""What layers are made of."""

from ...ops import edge_softmax as edge_softmax
