"""Benchmarks: `operators` (speed beside other libraries) and `accuracy` (beside published figures)."""
