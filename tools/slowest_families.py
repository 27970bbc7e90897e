"""A pytest plugin that closes a run with its ten slowest families; a family is one test file."""

from collections import defaultdict

import pytest

SHOWN = 10
_seconds: defaultdict[str, float] = defaultdict(float)
_tests: defaultdict[str, int] = defaultdict(int)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add one phase of one test to its family."""
    family = report.nodeid.split("::")[0]
    _seconds[family] += report.duration
    _tests[family] += report.when == "call"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the families, slowest first; pytest's own closing line follows."""
    slowest = sorted(_seconds.items(), key=lambda item: -item[1])[:SHOWN]
    terminalreporter.section(f"slowest {len(slowest)} of {len(_seconds)} test families")
    for family, seconds in slowest:
        terminalreporter.write_line(f"{seconds:9.2f} s  {_tests[family]:5d} tests  {family}")
