"""The repository keeps its own rules, and each check of them is shown a wrong tree that it refuses."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import check_imports, check_sizes, check_style
from tools._source import Finding

ROOT = Path(__file__).resolve().parents[2]
CHECKS = [check_imports.check, check_sizes.check, check_style.check]
TABLE = """
Who may import whom
```
cli  testing
nn
graph
ops
native
settings
errors
```
"""


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes files into a small repository: `tree({"src/weft/ops/a.py": "import torch"})`."""

    def write(contents: dict[str, str]) -> Path:
        for name, text in {"ARCHITECTURE.md": TABLE, "src/weft/__init__.py": '"""Face."""\n', **contents}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def texts(findings: list[Finding]) -> str:
    return "\n".join(finding.text for finding in findings)


@pytest.mark.parametrize("check", CHECKS, ids=["imports", "sizes", "style"])
def test_this_repository_passes(check: Callable[[Path], list[Finding]]) -> None:
    found = check(ROOT)
    assert not found, "\n".join(f"{f.path}:{f.line}: {f.text}" for f in found)


@pytest.mark.parametrize("check", CHECKS, ids=["imports", "sizes", "style"])
def test_a_right_tree_passes(check: Callable[[Path], list[Finding]], tree: Callable[..., Path]) -> None:
    root = tree(
        {
            "src/weft/__init__.py": '"""Face."""\nfrom .graph import Graph\n',
            "src/weft/errors.py": "class WeftError(Exception): ...\n",
            "src/weft/settings.py": "import importlib\nfrom .errors import WeftError\n",
            "src/weft/native/__init__.py": "import ctypes\n",
            "src/weft/ops/__init__.py": "from .spmm import spmm\n",
            "src/weft/ops/spmm/__init__.py": "from ._contract import spmm\n",
            "src/weft/ops/spmm/_contract.py": "import torch\nfrom ...native import call\ndef spmm(a, b, c): ...\n",
            "src/weft/ops/spmm/spmm_triton.py": "import triton.language as tl\n",
            "src/weft/graph/__init__.py": "from ..settings import require\ns = require('scipy', 'convert')\n",
            "src/weft/graph/typed.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import scipy\n",
        }
    )
    assert check(root) == []


@pytest.mark.parametrize(
    ("path", "source", "says"),
    [
        ("ops/spmm.py", "from weft.graph import Graph", "ops may not import graph"),
        ("ops/spmm.py", "from ..graph import Graph", "ops may not import graph"),
        ("ops/spmm.py", "import weft.graph", "ops may not import graph"),
        ("ops/spmm.py", "from .. import graph", "ops may not import graph"),
        ("ops/spmm.py", "def f():\n    from ..graph import Graph", "ops may not import graph"),
        ("ops/spmm.py", "if TYPE_CHECKING:\n    from ..graph import Graph", "ops may not import graph"),
        ("cli/run.py", "from ..testing import graphs", "cli may not import testing"),
        ("errors.py", "from .settings import require", "errors may not import settings"),
        ("nn/conv.py", "from weft import Graph", "the face of the package"),
        ("nn/conv.py", "from ..graph._adjacency import Adjacency", "reaches into a private part of graph"),
        ("nn/conv.py", "from ..graph import _hidden", "reaches into a private part of graph"),
        ("nn/conv.py", "def f():\n    from ..graph import Graph", "inside a function"),
        ("attic/old.py", "from ..graph import Graph", "room attic is not in the table"),
        ("ops/spmm.py", "import ctypes", "ctypes belongs in native/"),
        ("native/load.py", "import triton", "triton belongs in _triton.py"),
        ("graph/convert.py", "import networkx", "networkx is optional"),
        ("graph/convert.py", "def f():\n    import scipy.sparse", "scipy is optional"),
        ("graph/convert.py", "import importlib\nimportlib.import_module('scipy')", "an import by string"),
        ("graph/convert.py", "__import__('scipy')", "an import by string"),
        ("graph/convert.py", "require('weft.nn', 'train')", "not for weft itself"),
    ],
)
def test_a_wrong_import_is_refused(tree: Callable[..., Path], path: str, source: str, says: str) -> None:
    root = tree({"src/weft/graph/_adjacency.py": "", f"src/weft/{path}": source + "\n"})
    assert says in texts(check_imports.check(root))


def test_an_import_cycle_is_refused(tree: Callable[..., Path]) -> None:
    root = tree({"src/weft/graph/a.py": "from .b import x\n", "src/weft/graph/b.py": "from .c import x\n",
                 "src/weft/graph/c.py": "from .a import x\n"})  # fmt: skip
    assert "import cycle: graph.a -> graph.b -> graph.c -> graph.a" in texts(check_imports.check(root))


@pytest.mark.parametrize(
    ("path", "source", "says"),
    [
        ("src/weft/long.py", "x = 1\n" * 600, "600 lines, the limit is under 600"),
        ("src/weft/ops/long.cc", "int x;\n" * 600, "600 lines, the limit is under 600"),
        ("tools/long.py", "def f():\n" + "    x = 1\n" * 59, "f has 60 lines"),
        ("tests/long.py", "class C:\n    def f(self):\n" + "        x = 1\n" * 59, "f has 60 lines"),
        ("src/weft/k.cc", "namespace a {\nvoid f(int x) {\n" + "  g('{');\n" * 148 + "}\n}\n", "void f(int x) has 150"),
        ("src/weft/k.h", "struct S {\n  int f() const {\n" + "    g();\n" * 149 + "  }\n};\n", "int f() const has 151"),
        ("src/weft/m.h", "#define M \\\n" + "  g(); \\\n" * 60 + "  h()\n", "a macro of 61 lines"),
    ],
    ids=["file", "c++ file", "function", "method", "kernel", "c++ method", "macro"],
)
def test_a_wrong_size_is_refused(tree: Callable[..., Path], path: str, source: str, says: str) -> None:
    assert says in texts(check_sizes.check(tree({path: source})))


def test_a_function_just_short_enough_passes(tree: Callable[..., Path]) -> None:
    documented = 'def f():\n    """Say.\n\n    More.\n    """\n' + "    x = 1\n" * 58
    kernel = "namespace a {\nvoid f() {\n" + "  if (x) { y(); }\n" * 147 + "}\nvoid g() {}\n}\n"
    assert check_sizes.check(tree({"src/weft/f.py": documented, "src/weft/k.cc": kernel})) == []


def test_too_many_rooms_are_refused(tree: Callable[..., Path]) -> None:
    root = tree({f"src/weft/room{number}/__init__.py": "" for number in range(21)})
    assert "21 first-level rooms" in texts(check_sizes.check(root))


@pytest.mark.parametrize(
    ("path", "source", "says"),
    [
        ("src/weft/a.py", "def f(a, b, c, d): ...", "f takes 4 positional arguments"),
        ("src/weft/a.py", "class C:\n    def __init__(self, a, b, c, d): ...", "__init__ takes 4 positional"),
        ("src/weft/a.py", "def f(**options): ...", "f takes **options"),
        ("src/weft/a.py", "assert x", "an assert without a message"),
        ("src/weft/a.py", "torch.load(path)", "torch.load unpickles"),
        ("src/weft/utils.py", "", "a file name that says nothing"),
        ("src/weft/k.cc", "// TO" + "DO: later", "an open end without an anchor"),
        ("README.md", "see https://py" + "pi.org/project", "the host of a package registry"),
        ("tests/a.py", "path = '/ro" + "ot/data'", "a path of one machine"),
        ("Makefile", "# " + "-" * 20, "a banner"),
        (".ci/run", "cd /wo" + "rk/main", "a path of one machine"),
    ],
)  # fmt: skip
def test_a_breach_of_style_is_refused(tree: Callable[..., Path], path: str, source: str, says: str) -> None:
    face = {"src/weft/__init__.py": "from .a import C, f\n"}
    assert says in texts(check_style.check(tree({**face, path: source + "\n"})))


def test_operators_and_private_functions_may_take_more_than_three(tree: Callable[..., Path]) -> None:
    source = "@operator\ndef f(a, b, c, d, /): ...\ndef _g(a, b, c, d): ...\ndef h(*a: P.args, **b: P.kwargs): ...\n"
    assert check_style.check(tree({"src/weft/__init__.py": "from .a import f, h\n", "src/weft/a.py": source})) == []


def test_what_keeps_another_librarys_signatures_may_take_more_than_three(tree: Callable[..., Path]) -> None:
    source = {"src/weft/dgl/__init__.py": "from .a import f\n", "src/weft/dgl/a.py": "def f(a, b, c, d, **e): ...\n"}
    assert check_style.check(tree(source)) == []
    source["src/weft/dgl/a.py"] += "assert x\n"
    assert "an assert without a message" in texts(check_style.check(tree(source)))


@pytest.mark.parametrize("anchor", ["(#12)", "(v0.2)", "(when torch 2.5 is the floor)"])
def test_an_anchored_open_end_passes(tree: Callable[..., Path], anchor: str) -> None:
    assert check_style.check(tree({"src/weft/k.cc": f"// TO{'DO'}{anchor}: later\n"})) == []
