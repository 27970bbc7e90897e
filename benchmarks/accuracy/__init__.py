"""Test accuracy of weft's layers beside published figures: `python -m benchmarks.accuracy`."""
