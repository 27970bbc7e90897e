"""The contract of every operator with a kernel for GPUs, run on a device instead of in Triton's interpreter."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from typing import Any

from weft.ops import REGISTRY
from weft.testing.operators import check_triton


def check_operators(device: str, most: int, until: float) -> Iterator[dict[str, Any]]:
    """A record for each operator: whether `most` of its samples agree, forward, twice, and in their gradients.

    Args:
        until: the time, as `time.monotonic` tells it, after which no other operator is begun.
    """
    for name, op in sorted(REGISTRY.items()):
        if op.on_devices is None or time.monotonic() > until:
            yield {"operator": name, "outcome": "no kernel" if op.on_devices is None else "no time"}
            continue
        total, begun = sum(1 for _ in op.make_samples()), time.monotonic()
        chosen = range(0, total, max(1, total // most))
        record = {"operator": name, "kernel": op.on_devices.rpartition(".")[2], "samples": len(chosen)}
        try:
            check_triton(op, chosen, device)
            record["outcome"] = "agrees"
        except Exception as error:  # a kernel that cannot be launched is a finding, like one that is wrong
            record |= {"outcome": "fails", "error": f"{type(error).__name__}: {error}"[:2000]}
            record["where"] = traceback.format_exc()[-2000:]
        yield record | {"seconds": round(time.monotonic() - begun, 2)}
