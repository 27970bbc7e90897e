"""The rules of STYLE.md that no linter knows: signatures, file names, messages of asserts, anchors, hosts and paths."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools._source import Finding, files, main

Function = ast.FunctionDef
POSITIONAL = 3
FOREIGN = "dgl"  # the room whose signatures are those of another library
VAGUE_FILES = {"utils", "util", "helpers", "helper", "misc", "common"}
TEXT = (".py", ".cc", ".h", ".md", ".toml", ".txt", ".json", ".cmake", ".yml", "")

# Put together here, so that this file passes its own check.
_MARKS = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
_HOSTS = "|".join(re.escape(".".join(host)) for host in (
    ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("anaconda", "org"),
    ("download", "pytorch", "org"), ("data", "dgl", "ai"), ("deb", "debian", "org"), ("crates", "io"),
))  # fmt: skip
_PATHS = "|".join(("/wo" + "rk/", "/ho" + r"me/\w", "/ro" + "ot/", "/Us" + r"ers/\w", "/o" + "pt/"))
FORBIDDEN = (
    (re.compile(rf"\b(?:{_MARKS})\b(?!\((?:#\d+|v\d[\w.]*|when [^)]+)\))"),
     "an open end without an anchor; hint: give (#issue), (version) or (when event)"),
    (re.compile(_HOSTS), "the host of a package registry"),
    (re.compile(rf"(?<![\w.])(?:{_PATHS})"), "a path of one machine"),
    (re.compile(r"^\s*(?:#|//)\s*[-=*#~]{4,}"), "a banner"),
)  # fmt: skip


def check_text(path: Path) -> Iterator[Finding]:
    """Lines that may not stand in any committed file."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, what in FORBIDDEN:
            if pattern.search(line):
                yield Finding(path, number, f"{what}: {line.strip()[:80]}")


def exported_names(package: Path) -> set[str]:
    """What the `__init__.py` files offer: the names of each `__all__`, or those it imports where there is none."""
    names: set[str] = set()
    for path in files(package, ".py"):
        if path.name == "__init__.py":
            body = ast.parse(path.read_text(encoding="utf-8"), str(path)).body
            listed = [node.value for node in body if isinstance(node, ast.Assign) and "__all__" in ast.unparse(node)]
            if listed:
                names |= {str(ast.literal_eval(item)) for item in ast.walk(listed[0]) if isinstance(item, ast.Constant)}
            else:
                names |= {alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names}
    return names


def public_functions(body: list[ast.stmt], exported: set[str] | None) -> Iterator[Function]:
    """Exported functions, and constructors and public methods of exported classes."""
    for node in body:
        if isinstance(node, ast.ClassDef) and exported is not None and node.name in exported:
            yield from public_functions(node.body, None)
        elif isinstance(node, ast.FunctionDef):
            public = node.name == "__init__" or not node.name.startswith("_")
            if public if exported is None else node.name in exported:
                yield node


def check_signature(path: Path, function: Function) -> Iterator[Finding]:
    """At most three positional arguments and no `**`; the signature of an operator is its schema, without keywords."""
    arguments = function.args
    positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args) if a.arg not in ("self", "cls")]
    is_operator = any(ast.unparse(decorator).startswith("operator") for decorator in function.decorator_list)
    if len(positional) > POSITIONAL and not is_operator:
        text = f"{function.name} takes {len(positional)} positional arguments, at most {POSITIONAL}: {positional}"
        yield Finding(path, function.lineno, text)
    options = arguments.kwarg
    if options is not None and not (options.annotation and ast.unparse(options.annotation).endswith(".kwargs")):
        yield Finding(path, function.lineno, f"{function.name} takes **{options.arg}; hint: name the options")


def check_package(path: Path, package: Path, exported: set[str]) -> Iterator[Finding]:
    """Rules for the library alone."""
    if path.stem.strip("_") in VAGUE_FILES:
        yield Finding(path, 1, "a file name that says nothing; hint: name what it holds")
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    if path.relative_to(package).parts[0] != FOREIGN:
        for function in public_functions(tree.body, exported):
            yield from check_signature(path, function)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is None:
            yield Finding(path, node.lineno, "an assert without a message")
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
            yield Finding(path, node.lineno, "torch.load unpickles; hint: safetensors")


def check(root: Path) -> list[Finding]:
    """All findings over the repository."""
    findings = [finding for path in files(root, *TEXT) for finding in check_text(path)]
    package = root / "src" / "weft"
    exported = exported_names(package)
    for path in files(package, ".py"):
        findings += check_package(path, package, exported)
    return findings


if __name__ == "__main__":
    main(check)
