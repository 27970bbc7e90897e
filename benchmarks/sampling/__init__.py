"""Batches drawn beside those of DGL and PyG: `python -m benchmarks.sampling`."""
