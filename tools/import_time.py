"""Measure what `import weft` takes beyond torch and numpy: the median of fresh interpreters."""

import statistics
import subprocess
import sys

RUNS = 7
CODE = """
import time
import numpy, torch
begun = time.perf_counter()
import weft
print(time.perf_counter() - begun)
"""


def measure() -> list[float]:
    """Seconds of each run, after one that warms the disk."""
    command = [sys.executable, "-c", CODE]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(RUNS + 1)]
    return [float(text) for text in runs[1:]]


if __name__ == "__main__":
    taken = sorted(1000 * seconds for seconds in measure())
    spread = f"median of {RUNS}, {taken[0]:.0f} to {taken[-1]:.0f}"
    print(f"import weft, beyond torch and numpy: {statistics.median(taken):.0f} ms ({spread}; the goal is under 300)")
