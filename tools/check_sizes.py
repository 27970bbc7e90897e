"""Sizes: files under 600 lines, functions under 60, kernels under 150, at most 20 rooms.

Docstrings do not count towards a function. In C++ every function counts as a kernel, by its braces.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools._source import Finding, files, main

FILE_LINES = 600
FUNCTION_LINES = 60
KERNEL_LINES = 150
ROOMS = 20

_BLANKED = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])+' | ^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_SCOPE = re.compile(r"\b(namespace|struct|class|union|enum)\b|\bextern\b[^(]*$")


def check_python(path: Path) -> Iterator[Finding]:
    """Functions that are too long; a decorator belongs to its function, a docstring does not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                first = node.body[0]
                lines -= (first.end_lineno or first.lineno) - first.lineno + 1
            if lines >= FUNCTION_LINES:
                text = f"{node.name} has {lines} lines, the limit is under {FUNCTION_LINES}"
                yield Finding(path, node.lineno, text)


def cpp_functions(text: str) -> Iterator[tuple[int, int, str]]:
    """First line, number of lines and head of each function body in C++ source."""
    blanked = _BLANKED.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    stack: list[str] = []
    opened: list[tuple[int, str]] = []
    head, line, head_line = "", 1, 1
    for character in blanked:
        if character == "{":
            if "function" in stack:
                kind = "inner"
            elif _SCOPE.search(head) and not head.rstrip().endswith(")"):
                kind = "scope"
            else:
                kind = "function" if ")" in head else "inner"
            stack.append(kind)
            opened.append((head_line, " ".join(head.split())))
        elif character == "}" and stack:
            start, title = opened.pop()
            if stack.pop() == "function":
                yield start, line - start + 1, title
        if character in "{};":
            head = ""
        elif head.strip() or not character.isspace():
            head_line = head_line if head.strip() else line
            head += character
        line += character == "\n"


def check_cpp(path: Path) -> Iterator[Finding]:
    """Functions and macros that are too long."""
    text = path.read_text(encoding="utf-8")
    for line, lines, title in cpp_functions(text):
        if lines >= KERNEL_LINES:
            yield Finding(path, line, f"{title} has {lines} lines, the limit is under {KERNEL_LINES}")
    for found in re.finditer(r"^[ \t]*#(?:[^\n]*\\\n)+", text, re.MULTILINE):
        if found.group().count("\n") >= FUNCTION_LINES:
            line = text.count("\n", 0, found.start()) + 1
            yield Finding(path, line, f"a macro of {found.group().count(chr(10))} lines")


def check(root: Path) -> list[Finding]:
    """All findings over the repository."""
    findings: list[Finding] = []
    for path in files(root, ".py", ".cc", ".h"):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines >= FILE_LINES:
            findings.append(Finding(path, lines, f"{lines} lines, the limit is under {FILE_LINES}"))
        findings += check_python(path) if path.suffix == ".py" else check_cpp(path)
    package = root / "src" / "weft"
    rooms = [at for at in package.iterdir() if at.is_dir() or at.suffix == ".py"] if package.is_dir() else []
    rooms = [at for at in rooms if at.stem not in ("__init__", "__pycache__")]
    if len(rooms) > ROOMS:
        findings.append(Finding(package, 1, f"{len(rooms)} first-level rooms, the limit is {ROOMS}"))
    return findings


if __name__ == "__main__":
    main(check)
