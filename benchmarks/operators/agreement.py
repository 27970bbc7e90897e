"""Whether libraries computed the same: in float32 each as the other, in few digits each as float32."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .cases import Case
from .families import OPERATORS
from .remote import WorkerError

# float32: of any one number, in sums of up to 19,000 terms that are added in another order; bfloat16: of all together, as
# each step of a layer rounds to 8 bits, and the worst of many numbers then says little.
TOLERANCE = {"float32": 1e-3, "bfloat16": 3e-2}


def narrow(case: Case) -> bool:
    """Say whether a case has fewer digits than float32."""
    return case.dtype != "float32"


def difference(case: Case, here: Mapping[str, Any], there: Mapping[str, Any]) -> str | None:
    """Say how the results of a case differ, None where they are the same within the tolerance of its dtype."""
    most = TOLERANCE[case.dtype]
    chosen = () if case.dtype == "float32" else OPERATORS[case.operator].chosen
    for tensor in sorted((here.keys() & there.keys()).difference(chosen)):
        one, other = here[tensor], there[tensor]
        if one["shape"] != other["shape"]:
            return f"{tensor} is {one['shape']} and {other['shape']}"
        left, right = np.array(one["entries"]), np.array(other["entries"])
        if one.get("exact") and not np.array_equal(left, right):
            return f"{tensor} differs in {np.sum(left != right)} of {len(left)} places"
        error = (worst_error if case.dtype == "float32" else whole_error)(left, right) if len(left) else 0.0
        if not error <= most:
            return f"{tensor} differs by {error:.1e}, more than {most:.0e}"
    return None


def worst_error(left: np.ndarray, right: np.ndarray) -> float:
    """Give the largest difference of two numbers, divided by the first and the root mean square of all first ones."""
    scale = np.abs(left) + np.sqrt(np.mean(left**2))
    return float(np.max(np.abs(left - right) / np.maximum(scale, 1e-12)))


def whole_error(left: np.ndarray, right: np.ndarray) -> float:
    """Give the norm of the difference, divided by that of the first."""
    return float(np.linalg.norm(left - right) / max(np.linalg.norm(left), 1e-12))


def compare(case: Case, results: Mapping[str, dict[str, Any]]) -> None:
    """Check that all libraries computed the same.

    Raises:
        WorkerError: naming the first library and tensor that differ from the first library's.
    """
    first, *others = results
    for other in others:
        found = difference(case, results[first], results[other])
        if found is not None:
            raise WorkerError(f"{case.name}, {first} and {other}: {found}")


def accurate(
    case: Case, exact: dict[str, Any], results: Mapping[str, dict[str, Any]], missing: dict[str, str]
) -> list[str]:
    """List the libraries whose results in few digits are near those of float32; the others become missing.

    Raises:
        WorkerError: if weft is not among them.
    """
    for name in results:
        found = difference(case, exact, results[name])
        if found is not None:
            if name == "weft":
                raise WorkerError(f"{case.name}, float32 and weft: {found}")
            missing[name] = f"inaccurate: {found}"
    return [name for name in results if name not in missing]
