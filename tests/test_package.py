"""The package as a whole: a pure import, one version, and documents whose examples run."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import weft
from benchmarks.accuracy.experiments import REMARKS
from benchmarks.accuracy.results import page, stored_rows
from tools import library_file
from weft import native

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/guides/graphs.md",
    "docs/guides/layers.md",
    "docs/guides/coming-from-dgl.md",
    "docs/guides/coming-from-pyg.md",
    "docs/guides/coming-from-networkx.md",
    "docs/guides/algorithms.md",
    "docs/guides/features.md",
    "docs/guides/gpus.md",
    "docs/guides/formulas.md",
    "docs/guides/operators.md",
    "docs/guides/sampling.md",
    "docs/guides/transforms.md",
    "docs/guides/typed-linear.md",
]
NEWEST_GLIBC = (2, 28)

LOOK = """
import json, os, sys, threading
import torch, numpy
import torch.utils._pytree, torch.library
before = dict(modules=set(sys.modules), variables=dict(os.environ), threads=threading.active_count())
torch_defaults = (torch.get_default_dtype(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
import weft
after = (torch.get_default_dtype(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
maps = open("/proc/self/maps").read() if os.path.exists("/proc/self/maps") else ""
json.dump({
    "packages": sorted({name.split(".")[0] for name in set(sys.modules) - before["modules"]}),
    "variables": dict(os.environ) == before["variables"],
    "threads": threading.active_count() == before["threads"],
    "torch": torch_defaults == after,
    "library": "libweft" in maps,
}, open(sys.argv[1], "w"))
"""


@pytest.fixture(scope="module")
def fresh_import(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What `import weft` did in a fresh interpreter that stands in an empty folder with an empty home."""
    folder = tmp_path_factory.mktemp("import")
    for name in ("stand", "home", "temporary"):
        (folder / name).mkdir()
    shutil.copytree(Path(weft.__file__).parent, folder / "site" / "weft", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "HOME": str(folder / "home"), "TMPDIR": str(folder / "temporary"),
                   "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder / "site")}  # fmt: skip
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    done = subprocess.run([sys.executable, "-c", LOOK, str(folder / "seen.json")], cwd=folder / "stand",
                          env=environment, capture_output=True, text=True, check=True)  # fmt: skip
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    del after[folder / "seen.json"]
    written = [path for path in after if before.get(path) != after[path]]
    seen: dict[str, object] = json.loads((folder / "seen.json").read_text())
    return {**seen, "printed": done.stdout + done.stderr, "written": written}


def test_import_loads_nothing_but_weft_torch_numpy_and_the_standard_library(fresh_import: dict[str, object]) -> None:
    packages = fresh_import["packages"]
    assert isinstance(packages, list)
    assert [name for name in packages if name not in sys.stdlib_module_names] == ["weft"]


def test_import_writes_no_file(fresh_import: dict[str, object]) -> None:
    assert fresh_import["written"] == []


def test_import_prints_nothing(fresh_import: dict[str, object]) -> None:
    assert fresh_import["printed"] == ""


@pytest.mark.parametrize("what", ["variables", "threads", "torch"])
def test_import_changes_no_state_of_the_process(fresh_import: dict[str, object], what: str) -> None:
    assert fresh_import[what]


def test_import_does_not_load_the_native_library(fresh_import: dict[str, object]) -> None:
    assert not fresh_import["library"]


def test_the_face_gives_every_name_that_it_lists() -> None:
    for name in dir(weft):
        assert getattr(weft, name) is not None


def test_the_face_refuses_other_names() -> None:
    with pytest.raises(AttributeError, match="module 'weft' has no attribute 'nonsense'"):
        _ = weft.nonsense


def test_package_and_library_have_one_version() -> None:
    assert native.library().weft_version().decode() == weft.__version__


def test_package_and_metadata_have_one_version() -> None:
    try:
        installed = metadata.version("weft")
    except metadata.PackageNotFoundError:
        pytest.skip("weft runs from a source tree and is not installed")
    assert installed == weft.__version__


def test_the_library_asks_for_no_newer_glibc_than_promised() -> None:
    assert library_file.read(native.default_path()).glibc <= NEWEST_GLIBC


def test_the_library_needs_only_the_c_runtime_and_libgomp() -> None:
    allowed = r"libgomp\.so\.1|libc\.so\.6|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2|ld-linux-[\w-]+\.so\.\d"
    needed = library_file.read(native.default_path()).needed
    assert [name for name in needed if not re.fullmatch(allowed, name)] == []


def test_the_library_shows_no_symbol_but_its_own() -> None:
    exported = library_file.read(native.default_path()).exported
    assert exported
    assert [name for name in exported if not name.startswith("weft_")] == []


def test_the_library_uses_no_symbol_of_torch_or_python() -> None:
    imported = library_file.read(native.default_path()).imported
    assert [name for name in imported if name.startswith(("Py", "_Py", "_ZN2at", "_ZN3c10", "_ZN5torch", "_ZSt"))] == []


def python_blocks(document: str) -> list[tuple[str, str]]:
    """The fenced Python blocks of a document that begin with an import: those are whole programs."""
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [(f"{document}-{at}", block) for at, block in enumerate(blocks) if block.startswith(("import", "from"))]


EXAMPLES = [block for document in DOCUMENTS for block in python_blocks(document)]


@pytest.mark.parametrize("source", [block for _, block in EXAMPLES], ids=[name for name, _ in EXAMPLES])
def test_examples_in_the_documents_run(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(source, "<example>", "exec"), {"__name__": "__main__"})
    said = re.findall(r"# prints (.*)$", source, re.MULTILINE)
    printed = capsys.readouterr().out.splitlines()
    assert printed == said if said else True


def test_the_readme_shows_a_program() -> None:
    assert any(name.startswith("README.md") for name, _ in EXAMPLES)


@pytest.mark.parametrize("document", ["README.md", "docs/accuracy.md"])
def test_the_accuracy_in_a_document_is_the_one_that_was_measured(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    measured = page(stored_rows(ROOT / "benchmarks/results/accuracy.json"), REMARKS)
    shown = re.findall(r"^\| [a-z0-9_]+/[a-z0-9]+ \|.*\|$", text, re.MULTILINE)
    assert len(shown) >= 6
    assert [line for line in shown if line not in measured.splitlines()] == []
    assert document == "README.md" or measured in text


def test_commands_in_the_readme_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    texts = [(ROOT / document).read_text(encoding="utf-8") for document in DOCUMENTS]
    named = {name for text in texts for name in re.findall(r"(?m)(?:^|`)make ([a-z-]+)", text)}
    assert {"test", "demo"} <= named
    assert named - targets == set()


@pytest.mark.parametrize("document", [*DOCUMENTS, "ARCHITECTURE.md", "STYLE.md", "SECURITY.md"])
def test_paths_named_in_the_documents_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    folder = (ROOT / document).parent
    named = [(folder, path) for path in re.findall(r"\]\((?!https?:)([\w./-]+)\)", text)]
    named += [(ROOT, path) for path in re.findall(r"`((?:src|tests|tools|docs|benchmarks)/[\w./-]+)`", text)]
    assert [path for begin, path in named if not (begin / path).exists()] == []
