"""From seeds to batches with their features, drawn ahead in threads while the model learns."""

from ._ahead import ahead as ahead
from ._epochs import Epochs as Epochs
from ._loader import Loader as Loader
