"""From seeds to batches with their features, drawn ahead in threads while the model learns."""

from ._ahead import ahead as ahead
from ._epochs import Epochs as Epochs
from ._graph_loader import GraphLoader as GraphLoader
from ._infer_by_layer import infer_by_layer as infer_by_layer
from ._loader import Loader as Loader
