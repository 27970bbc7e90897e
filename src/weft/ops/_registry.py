"""All operators by name."""

from typing import Any

REGISTRY: dict[str, Any] = {}  # an Operator each; the class stands above this file


class _Others:
    """Operators by name, for formulas that call one another: their files then import no cycle."""

    def __getattr__(self, name: str) -> Any:
        try:
            return REGISTRY[name]
        except KeyError:
            raise AttributeError(f"there is no operator {name!r}") from None


others = _Others()


def absences() -> list[str]:
    """Parts that operators declare absent, one line each: `spmm lacks triton (issue 8)`."""
    return [
        f"{name} lacks {part} (issue {issue})" for name, op in REGISTRY.items() for part, issue in op.absent.items()
    ]
