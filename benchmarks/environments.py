"""Environments for the libraries that weft is compared with: `python -m benchmarks.environments dgl pyg`.

Each library gets a virtual environment in build/peers/, because their torch versions differ. A variable names
an interpreter that exists already: WEFT_BENCH_DGL_PYTHON, WEFT_BENCH_PYG_PYTHON.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .machine import ROOT

FOLDER = ROOT / "build" / "peers"


@dataclass(frozen=True)
class Peer:
    """What to install for a library; `compiled` goes last, against the torch that is there by then."""

    requirements: tuple[str, ...]
    compiled: tuple[str, ...] = ()
    newest_python: tuple[int, int] | None = None


PEERS = {
    "dgl": Peer(
        (
            "dgl==2.1.0",
            "torch==2.2.1",
            "torchdata==0.7.1",
            "numpy<2",
            "pandas<3",
            "pyyaml",
            "pydantic",
            "packaging",
            "safetensors",
        ),
        newest_python=(3, 12),
    ),
    "pyg": Peer(
        ("torch==2.13.0", "torch_geometric", "safetensors", "setuptools", "wheel"), ("torch-scatter", "torch-sparse")
    ),
}

INSIDE = {"graphbolt": "dgl", "dgl_fused": "dgl"}  # what comes with another library


def variable(name: str) -> str:
    """Name the environment variable that holds a peer's interpreter."""
    return f"WEFT_BENCH_{name.upper()}_PYTHON"


def interpreter(name: str) -> Path | None:
    """Find the interpreter of a peer: the variable's, or that of build/peers; None where there is none.

    Raises:
        FileNotFoundError: if the variable names a file that is not there.
    """
    named = os.environ.get(variable(name))
    path = Path(named) if named else FOLDER / name / "bin" / "python"
    if named and not path.exists():
        raise FileNotFoundError(f"{variable(name)}: expected an interpreter, got {named}, which is not there")
    return path if path.exists() else None


def make(name: str, *, python: str, compiled: bool) -> Path:
    """Make the environment of a peer, or bring it up to date, and return its interpreter."""
    peer, folder = PEERS[name], FOLDER / name
    if not (folder / "bin" / "python").exists():
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
    path = folder / "bin" / "python"
    subprocess.run([str(path), "-m", "pip", "install", *peer.requirements], check=True)
    if compiled and peer.compiled:
        subprocess.run(
            [str(path), "-m", "pip", "install", "--no-build-isolation", *peer.compiled],
            check=True,
            env={**os.environ, "MAX_JOBS": os.environ.get("MAX_JOBS", "1")},
        )
    return path


def main() -> None:
    """Make the environments that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.environments", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PEERS, []], default=list(PEERS), metavar="{dgl,pyg}")
    parser.add_argument("--python", default=sys.executable, help="interpreter to make them from")
    parser.add_argument("--no-compiled", action="store_true", help="leave out PyG's extensions (half an hour)")
    options = parser.parse_args()
    for name in options.names:
        newest = PEERS[name].newest_python
        asked = subprocess.run(
            [options.python, "-c", "import sys; print(*sys.version_info[:2])"],
            check=True,
            capture_output=True,
            text=True,
        )
        version = tuple(map(int, asked.stdout.split()))
        if newest and version > newest:
            parser.error(
                f"{name} has wheels up to Python {'.'.join(map(str, newest))}, {options.python} is "
                f"{'.'.join(map(str, version))}; hint: --python python{'.'.join(map(str, newest))}"
            )
        print(f"{name}: {make(name, python=options.python, compiled=not options.no_compiled)}")


if __name__ == "__main__":
    main()
