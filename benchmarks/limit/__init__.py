"""What the memory of this machine allows, beside what weft takes: `python -m benchmarks.limit`."""
