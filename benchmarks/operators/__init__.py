"""Times operators and layers of weft, DGL, PyG and torch.sparse in turn: `python -m benchmarks.operators`."""
