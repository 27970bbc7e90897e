"""Proof that the operator tests can fail: break the spmm kernel in 22 ways and see each caught.

Copies the native sources to a temporary folder, applies one change at a time, builds it with CMake and runs the
tests of spmm against that library. Run it with `python tests/contracts/break_kernels.py`; it prints a line per change
and fails if one goes unseen.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHANGES = {
    "wrong edge order": ("walker.h", "features_.weight + edge * stride;", "features_.weight + p * stride;"),
    "missed tail": ("tiles.h", "rest > 0;) {", "rest >= n;) {"),
    "written past its row": ("tiles.h", "smaller(tile.lanes, rest) - tile.half", "tile.half"),
    "dropped hub chunk": (
        "reduction.h",
        "piece < plan_.first[hub + 1]; ++piece",
        "piece + 1 < plan_.first[hub + 1]; ++piece",
    ),
    "wrong tie": ("row_bests.cc", "taken = value > best[v]", "taken = value >= best[v]"),
    "maximum for a minimum": ("reduction.h", "reduce_ == kMin ? A(-1) : A(1)", "A(1)"),
    "sign of a piece": (
        "row_bests.cc",
        "values + tile.slot + v * N, best[v] * sign)",
        "values + tile.slot + v * N, best[v])",
    ),
    "NaN passed over": ("row_bests.cc", "return EXACT || !any_lane<A, N>(odd);", "return true;"),
    "NaN of another vector": ("row_bests.cc", "tile.template vector<N, NV>(v)", "tile.template vector<N, NV>(0)"),
    "row begun again": ("row_tiles.h", "else work.resume(values, winners);", "else work.start();"),
    "unwritten row": ("row_sums.cc", "else clear(row);", ""),
    "unwritten row of the best": ("row_bests.cc", "else clear(row);", ""),
    "sum of few that goes on": ("row_tiles.h", "work.start();\n    row = s.end;", "row = s.end;"),
    "unwritten row of few": ("row_tiles.h", "work.clear(empty);", ";"),
    "row that runs on": ("row_tiles.h", "work.add(j, 0, begins[j] >= 0);", "work.add(j, 0, false);"),
    "values that run on": ("values.h", "(goes_on ? run.sum : Vec<A, kLanes>{})", "run.sum"),
    "run begun in a row": ("values.h", "while (middle < count && begins[middle] < 0) ++middle;", ""),
    "factor of a value": ("values.h", "if (kScaled) value *= widen(scale[from[l]]);", ""),
    "factor of few values": ("values.h", "features.scale && k < count", "features.scale && k + 1 < count"),
    "factor of a row": ("walker.h", "*to++ = widen(scale[", "*to++ = 1 + 0 * widen(scale["),
    "factor of a row before": ("reduction.h", "* widen(scale[row])", "* (1 + 0 * widen(scale[row]))"),
    "unwritten wide row": ("reduction.h", "else clear(row);\n        ++row", "++row"),
}
TESTS = ["tests/ops/spmm/test_spmm.py", "tests/contracts/test_operators.py"]


def build(folder: Path) -> Path:
    """Compile the baseline kernels of a copied tree; returns the library."""
    command = ["cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", "-DWEFT_BASELINE_ONLY=ON"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder / "build"], check=True, stdout=subprocess.DEVNULL)
    return next((folder / "build").glob("libweft.so"))


def run_tests(library: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests of spmm, quickest first, until one fails."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-k",
        "spmm and not compiled and not library",
        *TESTS,
    ]
    environment = os.environ | {"WEFT_LIBRARY": str(library)}
    return subprocess.run([*command, "-m", "not slow"], cwd=ROOT, env=environment, capture_output=True, text=True)


def main() -> int:
    """Break and catch; returns the number of changes that went unseen."""
    unseen = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "weft"
        shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        shutil.copy(ROOT / "CMakeLists.txt", folder)
        sound = run_tests(build(folder))
        print(
            f"{'sound kernel':20} {'passes' if sound.returncode == 0 else 'FAILS: ' + sound.stdout[-2000:]}", flush=True
        )
        unseen += sound.returncode != 0
        for name, (file, before, after) in CHANGES.items():
            path = folder / "src/weft/ops/spmm" / file
            text = path.read_text()
            assert text.count(before) == 1, f"{name}: {before!r} stands {text.count(before)} times in {file}"
            path.write_text(text.replace(before, after))
            result = run_tests(build(folder))
            path.write_text(text)
            caught = [line[7:100] for line in result.stdout.splitlines() if line.startswith("FAILED")]
            if result.returncode < 0:  # memory that it wrote to was not its own
                caught = [f"the death of the process, signal {-result.returncode}"]
            print(f"{name:20} {'caught by ' + caught[0] if result.returncode and caught else 'UNSEEN'}", flush=True)
            unseen += not (result.returncode and caught)
    return unseen


if __name__ == "__main__":
    sys.exit(main())
