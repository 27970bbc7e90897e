"""Stores of features: rows gathered, cached and read from files: `python -m benchmarks.storage`."""
