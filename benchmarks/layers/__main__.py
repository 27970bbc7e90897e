"""Time training steps of layers beside those of DGL and PyG: `python -m benchmarks.layers`.

Graphs have every edge in both directions and no self loops, so that all libraries mean the same by the degree of a node. A
peer's weights are loaded into weft's layer, which has to give the peer's result; then a step, forward and backward to the
features and every parameter, is timed in turns.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, table
from benchmarks.graphs import EdgeList, flat, molecules, rmat
from benchmarks.operators.driver import take_turns
from benchmarks.operators.remote import Remote, Settings, WorkerError, find_remotes
from benchmarks.over_graphs import over_graphs, tell

from .cases import LAYERS

LIBRARIES = ("weft", "dgl", "pyg")
TOLERANCE = 1e-4
GRAPHS = {
    "rmat": (lambda: mirrored(rmat(17, 2**20)), lambda: mirrored(rmat(12, 2**14))),
    "flat": (lambda: mirrored(flat(200_000, 5)), lambda: mirrored(flat(5_000, 5))),
    "molecules": (lambda: molecules(4096), lambda: molecules(128)),
}


def mirrored(edges: EdgeList) -> EdgeList:
    """Give every edge in both directions, and leave self loops out."""
    kept = edges.source != edges.target
    ends = (edges.source[kept], edges.target[kept])
    return EdgeList(np.concatenate(ends), np.concatenate(ends[::-1]), edges.num_nodes)


def measure(layer: str, remotes: dict[str, Remote], settings: Settings) -> dict[str, Any]:
    """Prepare a layer everywhere, weft last, compare, and time its step.

    Raises:
        WorkerError: if a library fails, or weft does not give what a peer gives.
    """
    missing: dict[str, str] = {}
    able: dict[str, Remote] = {}
    kernels = ""
    with tempfile.TemporaryDirectory(prefix="weft-layers-") as folder:
        for name in sorted(remotes, key=lambda name: name == "weft"):
            found = remotes[name].ask("prepare", layer=layer, folder=folder)
            if not found["ok"] and name != "weft" and found["kind"] == "memory":
                missing[name] = found["why"]
                continue
            if not found["ok"]:
                raise WorkerError(f"{layer}: {name} fails: {found['why']}\n{found.get('trace', '')}")
            if found["there"]:
                able[name] = remotes[name]
            kernels = found.get("kernels", kernels)
            for peer, error in found.get("errors", {}).items():
                if not error <= TOLERANCE:
                    raise WorkerError(f"{layer}: weft and {peer} differ by {error:.1e}, more than {TOLERANCE:.0e}")
    seconds = take_turns("step", able, settings, missing)
    memory = {}
    for name in seconds:
        found = able[name].ask("memory")
        if found["ok"] and found["bytes"] is not None:
            memory[name] = found["bytes"]
    for remote in remotes.values():
        remote.ask("drop")
    rounds = {name: [round(1e3 * each, 4) for each in of] for name, of in seconds.items()}
    return {"layer": layer, "rounds_ms": rounds, "bytes": memory, "kernels": kernels, "missing": missing}


def ratios(found: dict[str, Any]) -> dict[str, float]:
    """Give the median of each peer's time divided by weft's."""
    middle = {name: statistics.median(rounds) for name, rounds in found["rounds_ms"].items() if rounds}
    return {name: middle[name] / middle["weft"] for name in middle if name != "weft" and "weft" in middle}


def show(cases: list[dict[str, Any]]) -> str:
    """Lay out times, ratios and memory, and the geometric means."""
    rows, fastest, of_peers = [], [], {}
    for case in cases:
        ratio, held = ratios(case), case["bytes"]
        ours = statistics.median(case["rounds_ms"]["weft"])
        fastest += [min(ratio.values())] if ratio else []
        for name, value in ratio.items():
            of_peers.setdefault(name, []).append(value)
        least = min((value for name, value in held.items() if name != "weft"), default=0)
        memory = f"{held['weft'] / least:.2f}" if least and "weft" in held else "-"
        cells = [f"{ratio[name]:.2f}x" if name in ratio else "-" for name in LIBRARIES[1:]]
        rows.append([case["graph"], case["layer"], f"{ours:.1f} ms", *cells, memory])
    text = table.render(["graph", "layer", "weft", *LIBRARIES[1:], "memory / leanest"], rows, left=2)
    mean = lambda values: math.exp(sum(map(math.log, values)) / len(values))  # noqa: E731
    lines = [f"{name}: geometric mean {mean(values):.2f}x of {len(values)} steps" for name, values in of_peers.items()]
    if fastest:
        count = sum(value >= 1 for value in fastest)
        lines.append(f"fastest peer: geometric mean {mean(fastest):.2f}x; no slower in {count} of {len(fastest)} steps")
    return "\n".join([text, "", *lines])


def main() -> int:
    """Measure, store after every case, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=__doc__)
    parser.add_argument("--layers", nargs="+", choices=list(LAYERS), default=list(LAYERS))
    parser.add_argument("--graphs", nargs="+", choices=list(GRAPHS), default=list(GRAPHS))
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=list(LIBRARIES))
    parser.add_argument("--quick", action="store_true", help="small graphs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--budget", type=float, default=10.0, help="seconds after which a step stops at 3 rounds")
    parser.add_argument("--output", type=Path, help="result file, default benchmarks/results/layers.json")
    options = parser.parse_args()
    output = options.output or machine.RESULTS / ("layers_quick.json" if options.quick else "layers.json")
    settings = Settings(options.threads, options.repeat, options.budget, keep_memory=True)
    remotes = find_remotes(options.libraries, settings, "benchmarks.layers.worker")
    graphs = {name: GRAPHS[name][options.quick] for name in options.graphs}
    found, errors = over_graphs(graphs, options.layers, measure, remotes=remotes, settings=settings, output=output)
    return tell(show(found), errors)


if __name__ == "__main__":
    sys.exit(main())
