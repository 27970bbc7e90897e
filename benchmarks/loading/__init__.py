"""Epochs of loading and of training beside those of DGL and PyG: `python -m benchmarks.loading`."""
