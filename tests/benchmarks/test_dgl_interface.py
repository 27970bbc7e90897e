import json
import subprocess
import sys

from benchmarks.dgl_interface import GOALS, table
from benchmarks.machine import ROOT


def test_calls_are_timed_and_goals_are_told(tmp_path):
    output = tmp_path / "times.json"
    options = ["--libraries", "weft", "--rounds", "1", "--seconds", "0.001", "--output", output]
    command = [sys.executable, "-m", "benchmarks.dgl_interface", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    cases = json.loads(output.read_text())["cases"]
    assert GOALS.keys() <= {case["case"] for case in cases}
    assert all(case["seconds"]["weft"] > 0 for case in cases)
    assert "| set ndata |" in done.stdout


def test_a_goal_that_is_missed_is_told():
    text = table([{"case": "copy_u, sum", "seconds": {"weft": 5e-6, "dgl": 1e-5}}])
    assert "| 0.50 | 0.33: no |" in text
