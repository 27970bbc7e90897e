"""What is written for DGL, unchanged, on weft.dgl."""

from __future__ import annotations

import weft
import weft.dgl

from .library import Prepared, Problem, UnsupportedError
from .with_weft import kernels_of

weft.dgl.install()
from .with_dgl import Dgl  # noqa: E402


class ThroughWeftDgl(Dgl):
    """The programs of DGL under weft.dgl, with every fallback an error."""

    def versions(self) -> dict[str, str]:
        """Give the version of weft."""
        return {"weft": weft.__version__}

    def prepare(self, problem: Problem) -> Prepared:
        """Build the call of a case.

        Raises:
            UnsupportedError: if weft.dgl lacks a name that the program says.
        """
        try:
            return super().prepare(problem)
        except (weft.errors.AbsentNameError, weft.errors.AbsentImportError) as error:
            raise UnsupportedError(str(error)) from error

    def kernels(self, prepared: Prepared) -> str:
        """Run the case with fallbacks forbidden and name the operators that ran."""
        return kernels_of(prepared)
