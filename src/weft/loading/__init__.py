"""From seeds to batches with their features, drawn ahead in threads while the model learns."""

from ._node_loader import NodeLoader as NodeLoader
