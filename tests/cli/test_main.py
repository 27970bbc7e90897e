"""The `weft` command as a whole: exit statuses, messages, and what happens without the extras."""

import builtins
import importlib
import subprocess
import sys

import pytest

from weft import __version__
from weft.cli import main

EXTRAS = ("click", "duckdb", "pydantic", "rich", "safetensors")


def test_version(capsys):
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["demo", "-h"]])
def test_help(capsys, arguments):
    assert main(arguments) == 0
    assert "Usage: weft" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["nonsense"], ["train"], ["train", "a", "b"], ["train", "a", "b", "--nonsense"]])
def test_wrong_call_shows_the_usage(capsys, arguments):
    assert main(arguments) == 2
    assert "Usage: weft" in capsys.readouterr().err


def test_error_is_one_line_without_traceback(capsys, folder):
    assert main(["train", "nothing.csv", "edges.csv", "--target", "label"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(
        "error: nothing.csv: expected a CSV or Parquet file, got a path where nothing is; hint: "
    )
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize("name", EXTRAS)
def test_missing_extra_is_one_line_that_names_it(capsys, folder, monkeypatch, name):
    true_import = importlib.import_module

    def without(module, package=None):
        if module.split(".")[0] == name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return true_import(module, package)

    monkeypatch.setattr(importlib, "import_module", without)
    assert main(["train", "nodes.csv", "edges.csv", "--target", "label", "--epochs", "1"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {name}")
    assert error.endswith("is not installed; hint: pip install 'weft[train]'\n")
    assert not (folder / "weft-run").exists()


def test_interruption_gives_130_and_writes_nothing(capsys, folder, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("weft.train._run.fit", interrupted)
    assert main(["train", "nodes.csv", "edges.csv", "--target", "label"]) == 130
    assert capsys.readouterr().err.strip() == "interrupted; no file is half-written"
    assert not (folder / "weft-run").exists()


def test_import_needs_no_extra():
    program = f"""
import sys
for name in {EXTRAS!r}:
    sys.modules[name] = None
import weft.cli
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_builtin_input_is_never_asked(folder, monkeypatch):
    monkeypatch.setattr(builtins, "input", lambda *_: pytest.fail("the command asked a question"))
    assert main(["train", "nodes.csv", "edges.csv", "--target", "label", "--epochs", "1"]) == 0
