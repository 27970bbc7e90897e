"""Compile the kernels for GPUs without one: `python -m tests.contracts.compile_kernels cuda` (or hip) [--all].

Triton's interpreter accepts more than its compiler does. Here operators are called as on a device, and each launch compiles its
kernel for the target, down to its machine code for NVIDIA, and stops there.
"""

import argparse
from collections import defaultdict
from typing import Any

import torch
from triton.backends.compiler import GPUTarget
from triton.runtime import driver
from triton.runtime.jit import JITFunction

from benchmarks.device.contract import ways_of_drawing
from tests.contracts.pairwise import pairwise
from weft.ops import REGISTRY, _kernels, using
from weft.ops._triton import walking
from weft.ops.draws import on_device
from weft.testing.operators import cast

TARGETS = {"cuda": GPUTarget("cuda", 90, 32), "hip": GPUTarget("hip", "gfx942", 64)}
DTYPES = (torch.float32, torch.bfloat16, torch.float64)


class NoDevice:
    """What Triton asks a driver while it compiles."""

    def __init__(self, target: GPUTarget) -> None:
        self.target = target

    def get_current_target(self) -> GPUTarget:
        return self.target

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int) -> int:
        return 0

    def get_active_torch_device(self) -> torch.device:
        return torch.device("cpu")


def compile_all(target: str, is_whole: bool) -> dict[str, int]:
    """Compile what the samples of every operator launch; how many kernels that is, by operator, each variant once."""
    seen: dict[str, set[int]] = defaultdict(set)
    name = ""

    def compiling(kernel: JITFunction[Any], grid: Any) -> Any:
        return lambda *args, **options: seen[name].add(id(kernel.run(*args, grid=grid, warmup=True, **options)))

    driver.set_active(NoDevice(TARGETS[target]))
    JITFunction.__getitem__ = compiling
    _kernels.why_not = on_device.why_not = lambda device: None
    torch.Tensor.new_empty = torch.Tensor.new_zeros  # nobody fills it, and calls of torch between kernels read it
    ways = ways_of_drawing(20, 2000)  # every row has more edges than are drawn, since nobody fills in which
    with using("triton"):
        for op in [op for op in REGISTRY.values() if op.on_devices not in (None, "torch")]:
            name, samples = op.name, list(op.make_samples())
            known = [dtype for dtype in DTYPES if dtype in op.device_dtypes] or DTYPES[:1]  # ids alone have no floats
            # The second time few edges are a long row.
            for most, walking.LONG, few in ((3, 512, known[:1]), (1, 8, known[1:2] or known)):
                for at in sorted(range(len(samples)) if is_whole else pairwise(samples, most=most)):
                    for dtype in known if is_whole else few:
                        op(*cast(samples[at], dtype, torch.int64 if dtype is torch.float64 else torch.int32))
            assert seen[name], f"{name} launches nothing"
        for way, draw in ways.items():
            name = way
            draw(lambda tensor: tensor)
            assert seen[name] or name == "latest neighbors", (
                f"{name} launches nothing"
            )  # they are searched for by torch
    return {name: len(kernels) for name, kernels in seen.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.contracts.compile_kernels", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--all", action="store_true", help="every sample of every operator")
    options = parser.parse_args()
    for name, count in compile_all(options.target, options.all).items():
        print(f"{name}: {count} kernels compiled for {options.target}")
