import pytest

from benchmarks import environments


def test_a_variable_names_the_interpreter(monkeypatch, tmp_path):
    python = tmp_path / "python"
    python.touch()
    monkeypatch.setenv("WEFT_BENCH_DGL_PYTHON", str(python))
    assert environments.interpreter("dgl") == python


def test_a_variable_that_names_nothing_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("WEFT_BENCH_PYG_PYTHON", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError, match="WEFT_BENCH_PYG_PYTHON: expected an interpreter"):
        environments.interpreter("pyg")


def test_without_variable_and_environment_there_is_no_interpreter(monkeypatch, tmp_path):
    monkeypatch.delenv("WEFT_BENCH_DGL_PYTHON", raising=False)
    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    assert environments.interpreter("dgl") is None
