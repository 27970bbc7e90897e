"""Training steps of layers, beside the same layers of DGL and PyG."""
