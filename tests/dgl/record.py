"""Run calls under DGL 2.1.0 and keep what came of them: `python -m tests.dgl.record [NAME ...]`, with DGL's interpreter.

The interpreter is that of `python -m benchmarks.environments dgl`: `build/peers/dgl/bin/python`.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

from .playing import FIXTURES, Pool, play
from .recorded import functions, messages, modules, operators, sampling, structure
from .recorded.graphs import Recorder

PROGRAMS = Path(__file__).parent / "programs"
FILES: dict[str, Any] = {
    "structure": structure.record,
    "messages": messages.record,
    "functions": functions.record,
    **dict.fromkeys(modules.FILES, modules.record),
    **dict.fromkeys(("ops", "mpops", "nn"), operators.record),
    **dict.fromkeys(sampling.FILES, sampling.record),
}


def write(name: str, seed: int, dgl: Any) -> None:
    """Record one file."""
    from safetensors.torch import save_file

    recorder = Recorder(name, seed)
    FILES[name](recorder)
    pool, records, failed = Pool(), [], 0
    for at, record in enumerate(recorder.records):
        found = play(record, recorder.setups[record["setup"]], dgl)
        if "error" in found:
            failed += 1
            error = found["error"].pop()
            builtin = next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
            found["error"].append(builtin)
        records.append({"name": f"{name}{at}", **record, **{f"{key}": value for key, value in _answers(found).items()}})
    used = {record["setup"] for record in records}
    setups = {key: setup for key, setup in recorder.setups.items() if key in used}
    lines = [json.dumps(pool.put(record), separators=(",", ":")) for record in records]
    head = json.dumps(pool.put(setups), separators=(",", ":"))
    text = '{"dgl":"2.1.0","setups":' + head + ',\n"records":[\n' + ",\n".join(lines) + "\n]}\n"
    (FIXTURES / f"{name}.json").write_text(text)
    save_file(pool.joined(), FIXTURES / f"{name}.safetensors")
    print(f"{name}: {len(records)} calls, {failed} errors")


def write_losses() -> None:
    """Run the programs and keep their losses."""
    names = sorted(path.stem for path in PROGRAMS.glob("*.py") if path.stem != "seeded")
    losses = {name: importlib.import_module(f"tests.dgl.programs.{name}").train() for name in names}
    lines = [f"{json.dumps(name)}: {json.dumps([round(loss, 6) for loss in part])}" for name, part in losses.items()]
    (FIXTURES / "losses.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    for name, part in losses.items():
        print(f"{name}: {len(part)} losses from {part[0]:.4f} to {part[-1]:.4f}")


def _answers(found: dict[str, Any]) -> dict[str, Any]:
    """What was found, by names that are not those of a record."""
    return {{"gradients": "gradient_values"}.get(key, key): value for key, value in found.items()}


def main(names: list[str]) -> None:
    """Record the files that are named, or all; `losses` are those of the programs."""
    dgl = importlib.import_module("dgl")
    importlib.import_module("dgl.ops")
    warnings.simplefilter("ignore")
    FIXTURES.mkdir(exist_ok=True)
    for seed, name in enumerate(FILES):
        if not names or name in names:
            write(name, seed, dgl)
    if not names or "losses" in names:
        write_losses()


if __name__ == "__main__":
    main(sys.argv[1:])
