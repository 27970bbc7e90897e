"""From seeds to batches with their features, drawn ahead in threads while the model learns."""

from ._loader import Loader as Loader
