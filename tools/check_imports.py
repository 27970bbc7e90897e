"""Who may import whom: hold the imports of `src/weft` against the table in ARCHITECTURE.md.

A room is a first-level folder or file of the package. Imports inside functions and under `TYPE_CHECKING` count too.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tools._source import Finding, files, main

FACE = "__init__"
INSIDER = "testing"  # it looks into the rooms that it tests
ALWAYS_INSTALLED = {"torch", "numpy"}
ONLY_IN = {"ctypes": ("native/",), "triton": ("_triton.py", "ops/_triton/")}


class Import(NamedTuple):
    """One imported module, with where and how."""

    path: Path
    line: int
    module: str  # absolute and dotted
    names: tuple[str, ...]
    in_function: bool
    for_types: bool


def read_rows(architecture: Path) -> dict[str, int]:
    """Read the table of ARCHITECTURE.md: room -> row, counted from the top."""
    text = architecture.read_text(encoding="utf-8")
    table = text.split("Who may import whom", 1)[1].split("```")[1]
    return {room: row for row, line in enumerate(table.strip().splitlines()) for room in line.split()}


def imports_of(path: Path, package_root: Path) -> Iterator[Import]:
    """Every import of one file, relative ones made absolute."""
    package = ("weft", *path.relative_to(package_root).parent.parts)
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))

    def walk(node: ast.AST, in_function: bool, for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(path, child.lineno, alias.name, (), in_function, for_types)
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else ()
                module = ".".join((*base, *([child.module] if child.module else [])))
                names = tuple(alias.name for alias in child.names)
                yield Import(path, child.lineno, module, names, in_function, for_types)
            else:
                function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
                yield from walk(child, in_function or function, for_types or types)

    return walk(tree, False, False)


def targets(found: Import, package_root: Path) -> list[str]:
    """The modules of weft that an import reaches, as dotted names without `weft.`; the face is `__init__`."""
    inside = found.module.split(".")[1:]
    reached = []
    for name in found.names or ("",):
        at = package_root.joinpath(*inside, name) if name else None
        is_module = at is not None and (at.is_dir() or at.with_suffix(".py").is_file())
        reached.append(".".join([*inside, *([name] if is_module else [])]) or FACE)
    return list(dict.fromkeys(reached))


def is_private(name: str) -> bool:
    """A name with one underscore in front; `__version__` and its like are public."""
    return name.startswith("_") and not name.endswith("__")


def check_room(found: Import, package_root: Path, rows: Mapping[str, int]) -> Iterator[Finding]:
    """An import of weft itself: down the table only, through the public face of the other room."""
    here = found.path.relative_to(package_root).with_suffix("").parts[0]
    if here == FACE:
        return
    if here not in rows:
        yield Finding(found.path, 1, f"room {here} is not in the table of ARCHITECTURE.md; hint: add it there")
        return
    if found.in_function:
        yield Finding(
            found.path,
            found.line,
            f"{found.module} is imported inside a function; hint: the only "
            "lazy import of our own is the table in weft/__init__.py",
        )
    for target in targets(found, package_root):
        room, *rest = target.split(".")
        if room == here:
            continue
        if room == FACE:
            text = "the face of the package is imported from inside it; hint: import the room"
        elif room not in rows:
            text = f"room {room} is not in the table of ARCHITECTURE.md"
        elif rows[room] <= rows[here]:
            text = f"{here} may not import {room}: only rows below its own"
        elif here != INSIDER and any(is_private(part) for part in (*rest, *found.names)):
            text = f"{here} reaches into a private part of {room}: {target} {', '.join(found.names)}"
        else:
            continue
        yield Finding(found.path, found.line, text)


def check_package(found: Import, package_root: Path) -> Iterator[Finding]:
    """An import of another package: the standard library, torch and numpy; others through settings.require."""
    top = found.module.split(".")[0]
    place = found.path.relative_to(package_root).as_posix()
    if top in ONLY_IN:
        allowed = ONLY_IN[top]
        if not any(place.startswith(part) or (part.endswith(".py") and place.endswith(part)) for part in allowed):
            yield Finding(found.path, found.line, f"{top} belongs in {' and '.join(allowed)} only")
    elif top not in sys.stdlib_module_names and top not in ALWAYS_INSTALLED and not found.for_types:
        yield Finding(
            found.path,
            found.line,
            f"{top} is optional; hint: settings.require({top!r}, ...) inside the function that uses it",
        )


def check_dynamic(path: Path, package_root: Path) -> Iterator[Finding]:
    """Imports by string hide from this check, so only the lazy table and settings.require may use them."""
    if path.relative_to(package_root).as_posix() in ("__init__.py", "settings.py"):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("importlib.import_module", "__import__"):
            yield Finding(path, node.lineno, "an import by string; hint: settings.require for optional packages")
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("require"):
            yield from _check_require(node, path)


def _check_require(call: ast.Call, path: Path) -> Iterator[Finding]:
    module = call.args[0] if call.args else None
    if isinstance(module, ast.Constant) and str(module.value).split(".")[0] == "weft":
        yield Finding(path, call.lineno, "settings.require is for optional packages, not for weft itself")


def find_cycles(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """Each cycle met by a depth-first walk, as the names along it."""
    cycles: list[list[str]] = []
    done: set[str] = set()

    def visit(node: str, trail: list[str]) -> None:
        if node in trail:
            cycles.append([*trail[trail.index(node) :], node])
        elif node not in done:
            for following in sorted(edges.get(node, ())):
                visit(following, [*trail, node])
            done.add(node)

    for node in sorted(edges):
        visit(node, [])
    return cycles


def check(root: Path) -> list[Finding]:
    """All findings over `root/src/weft`."""
    package_root = root / "src" / "weft"
    rows = read_rows(root / "ARCHITECTURE.md")
    findings: list[Finding] = []
    edges: dict[str, set[str]] = {}
    for path in files(package_root, ".py"):
        here = ".".join(path.relative_to(package_root).with_suffix("").parts).removesuffix(f".{FACE}")
        findings += check_dynamic(path, package_root)
        for found in imports_of(path, package_root):
            if found.module.split(".")[0] != "weft":
                findings += check_package(found, package_root)
                continue
            findings += check_room(found, package_root, rows)
            if not found.for_types:
                edges.setdefault(here, set()).update(t for t in targets(found, package_root) if t != here)
    at = package_root / f"{FACE}.py"
    findings += [Finding(at, 1, f"import cycle: {' -> '.join(cycle)}") for cycle in find_cycles(edges)]
    return findings


if __name__ == "__main__":
    main(check)
