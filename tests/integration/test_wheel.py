"""The wheel itself: the operator contracts pass where nothing of this source tree is installed but that one file."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tools import build_wheel, library_file

ROOT = Path(__file__).resolve().parents[2]
TORCH_PIN = "torch==2.13.0"
TORCH_FLOOR = "torch==2.4.0"
TEST_TOOLS = ["pytest>=8", "hypothesis"]

# What these environments run: every contract of the operators, not the rules of the source tree.
CONTRACTS = ["tests/contracts", "--ignore=tests/contracts/test_architecture.py"]


# What a torch says of its own age or of the Python under it.
OF_TORCH_ITSELF = [
    "There is a performance drop:UserWarning",  # 2.4: scatter_reduce under vmap, in the reference of max
    "At pre-dispatch tracing:UserWarning",  # 2.4: export keeps operators that are not torch's
    "Guards may run slower on Python 3.13.0:RuntimeWarning",
]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that WEFT_WHEEL names, or a fresh one from `make wheel`'s own builder."""
    given = os.environ.get("WEFT_WHEEL")
    return Path(given).resolve() if given else build_wheel.build(tmp_path_factory.mktemp("dist"))


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command far from the source tree; its output is the message if it fails."""
    hidden = ("PYTHONPATH", "WEFT_LIBRARY", "PYTEST_ADDOPTS", "VIRTUAL_ENV", "LD_PRELOAD")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    assert done.returncode == 0, f"{' '.join(map(str, command))} gave {done.returncode}:\n{done.stdout[-8000:]}"
    return done.stdout


def make_environment(folder: Path, interpreter: str | Path) -> Path:
    """Make an empty virtual environment and give its interpreter."""
    folder.mkdir(exist_ok=True)
    run(interpreter, "-m", "venv", folder / "env", cwd=folder)
    return folder / "env" / "bin" / "python"


def check_contracts(python: Path, wheel: Path, folder: Path, *, only: str = "") -> None:
    """Run the operator contracts on the installed package, from a copy of the tests alone.

    Args:
        only: an expression for `pytest -k`; empty for all.
    """
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    where = run(python, "-c", "import weft; print(weft.__file__)", cwd=folder).strip()
    assert Path(where).is_relative_to(folder / "env"), f"weft comes from {where}, not from {wheel.name}"
    (folder / "pytest.ini").write_text(
        "[pytest]\npythonpath = .\naddopts = --import-mode=importlib -p no:cacheprovider\nmarkers =\n    slow\n    long\n"
        "filterwarnings =\n    error\n    ignore::DeprecationWarning:torch.*\n    ignore::FutureWarning:torch.*\n"
        + "".join(f"    ignore:{message}\n" for message in OF_TORCH_ITSELF)
    )
    said = run(python, "-m", "pytest", "-q", "-m", "not slow", "-k", only, *CONTRACTS, cwd=folder)
    assert " passed" in said.strip().splitlines()[-1], said


def other_pythons() -> list[Path]:
    """Interpreters of other supported versions, newest first."""
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    found: dict[str, Path] = {}
    for minor in range(14, 9, -1):
        name = f"python3.{minor}"
        candidates = [*(at for root in roots for at in sorted(root.glob(f"3.{minor}.*/bin/{name}")))]
        on_path = shutil.which(name)
        candidates += [Path(on_path)] if on_path else []
        for candidate in candidates:
            asked = [str(candidate), "-c", "import sys, ensurepip; print('3.%d' % sys.version_info[1])"]
            answer = subprocess.run(asked, capture_output=True, text=True)
            if answer.returncode == 0 and answer.stdout.strip() == f"3.{minor}" and minor != sys.version_info[1]:
                found.setdefault(name, candidate)
    return list(found.values())


def test_the_wheel_serves_every_python_of_one_platform(wheel: Path) -> None:
    name = wheel.name.split("-")
    assert name[0] == "weft"
    assert name[2:4] == ["py3", "none"]
    assert name[4].startswith("manylinux_2_")
    assert name[4].endswith(f"_{platform.machine()}.whl")
    assert int(name[4].split("_")[2]) <= 28


def test_the_wheel_holds_the_library_the_marker_and_no_source(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        library = Path(archive.extract("weft/native/libweft.so", tmp_path))
    assert "weft/py.typed" in names
    assert [name for name in names if name.endswith((".cc", ".h", ".pyc")) or "/tests/" in name] == []
    assert {Path(name).parts[0] for name in names} == {"weft", next(n for n in names if "dist-info" in n).split("/")[0]}
    assert library_file.read(library).needed


@pytest.mark.long
def test_the_wheel_passes_the_operator_contracts(wheel: Path, tmp_path: Path) -> None:
    python = make_environment(tmp_path / "here", sys.executable)
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    # torch and the test tools are lent by the environment that runs this; weft is not, its own copy comes first.
    (site,) = (tmp_path / "here" / "env").glob("lib/python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    # Values and hostile input reach every kernel; the slow tests below run all contracts.
    check_contracts(python, wheel, tmp_path / "here", only="forward_agrees or id_error")


@pytest.mark.slow
def test_the_wheel_passes_the_operator_contracts_with_the_oldest_torch(wheel: Path, tmp_path: Path) -> None:
    python = make_environment(tmp_path / "floor", sys.executable)
    run(python, "-m", "pip", "install", "--quiet", TORCH_FLOOR, "numpy<2", "setuptools<81", cwd=tmp_path)
    run(python, "-m", "pip", "install", "--quiet", wheel, *TEST_TOOLS, cwd=tmp_path)
    check_contracts(python, wheel, tmp_path / "floor")


@pytest.mark.slow
def test_the_wheel_passes_the_operator_contracts_on_another_python(wheel: Path, tmp_path: Path) -> None:
    pythons = other_pythons()
    if not pythons:
        pytest.skip("no other Python >= 3.10 with venv on this machine")
    python = make_environment(tmp_path / "other", pythons[0])
    run(python, "-m", "pip", "install", "--quiet", TORCH_PIN, cwd=tmp_path)
    run(python, "-m", "pip", "install", "--quiet", wheel, *TEST_TOOLS, cwd=tmp_path)
    check_contracts(python, wheel, tmp_path / "other")
