"""Threads keep the memory of their tasks, and give it back when they end."""

import subprocess
import sys
from pathlib import Path

import pytest

ROUNDS = """
import threading
from pathlib import Path

import torch

from weft.ops import Structure, spmm, using

torch.set_num_threads(1)
rows, x = Structure(torch.arange(0, 4001, 4), torch.arange(4000) % 1000), torch.ones(1000, 64)


def held():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))


def call():
    with using("native"):
        spmm(rows, x, torch.ones(4000))


def run(count):
    for _ in range(count):
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()


run(50)
before = held()
run(2000)
print(held() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_threads_that_end_leave_nothing_behind():
    found = subprocess.run([sys.executable, "-c", ROUNDS], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 8 * 1024, "KiB held after 2,000 threads, each of which had kept some 16"
