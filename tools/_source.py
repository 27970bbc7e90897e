"""What the checks share: which files there are, and how a finding is reported."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

GENERATED = {"build", "dist", "weft-demo", "__pycache__"}
WORKTREE = ".git"  # a file that names a folder of this machine, where a checkout is a worktree


class Finding(NamedTuple):
    """One place that breaks a rule."""

    path: Path
    line: int
    text: str


def files(root: Path, *suffixes: str) -> Iterator[Path]:
    """Walk the files with one of these suffixes, leaving out what was built and what is hidden."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        hidden = any(part in GENERATED or (part.startswith(".") and part != ".ci") for part in parts[:-1])
        if not hidden and parts[-1] != WORKTREE and path.is_file() and (path.suffix in suffixes or not suffixes):
            yield path


def main(check: Callable[[Path], list[Finding]]) -> None:
    """Run a check over the repository, print what it finds and leave with status 1 if that is anything."""
    root = Path(__file__).resolve().parents[1]
    findings = check(root)
    for finding in findings:
        print(f"{finding.path.relative_to(root)}:{finding.line}: {finding.text}")
    name = check.__module__ if check.__module__ != "__main__" else Path(sys.argv[0]).stem
    print(f"{name}: {len(findings)} found" if findings else f"{name}: all well")
    sys.exit(bool(findings))
