import json
import subprocess
import sys

from benchmarks.machine import ROOT


def test_the_limit_stands_beside_weft(tmp_path):
    output = tmp_path / "limit.json"
    options = ["--quick", "--graphs", "rmat", "--widths", "16", "--rounds", "2", "--seconds", "0", "--output", output]
    command = [sys.executable, "-m", "benchmarks.limit", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (case,) = json.loads(output.read_text())["cases"]
    assert {record["what"] for record in case["all"]} == {"sum", "weighted sum", "copy", "random rows"}
    for what in ("sum", "weighted sum"):
        both = [least["seconds"] for least in case["limit"][what].values()]
        assert min(both) == min(r["seconds"] for r in case["all"] if r["what"] == what)
    assert set(case["weft"]) == {"sum", "weighted sum"}
    assert "random rows GB/s" in done.stdout
