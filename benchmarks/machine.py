"""What a benchmark writes beside its numbers: the machine, the commit and the versions."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def cpu_model() -> str:
    """Name the processor as the operating system does."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def describe_machine() -> dict[str, Any]:
    """Describe the processor, its cores, the instruction sets that matter, and the system."""
    path = Path("/proc/cpuinfo")
    flags = set(path.read_text().split()) if path.exists() else set()
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "instruction_sets": [name for name in ("avx2", "fma", "avx512f", "avx512_bf16") if name in flags],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def describe_commit() -> dict[str, Any]:
    """Name the commit that was measured and say whether the tree differs from it."""

    def git(*arguments: str) -> str | None:
        found = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return found.stdout.strip() if found.returncode == 0 else None

    changed = git("status", "--porcelain", "--", "src", "benchmarks", ":!benchmarks/results")
    return {"commit": git("rev-parse", "HEAD"), "changed": None if changed is None else bool(changed)}


def compiled(source: Path) -> Path:
    """Compile a program of one file for this very processor, and give where it lies.

    Raises:
        FileNotFoundError: if there is no g++.
    """
    compiler = shutil.which("g++")
    if compiler is None:
        raise FileNotFoundError(f"{source.name}: expected g++ on the path, got none; hint: install g++")
    program = ROOT / "build" / "programs" / source.stem
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O3", "-march=native", "-std=c++17", "-fopenmp", source, "-o", program], check=True)
    return program


def versions(*packages: str) -> dict[str, str | None]:
    """Give the installed version of each package, None where there is none."""
    found: dict[str, str | None] = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return {"python": ".".join(map(str, sys.version_info[:3])), **found}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a result file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    part.replace(path)
