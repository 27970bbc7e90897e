"""Every switch of weft and the environment variable that presets it, in one table.

name         variable          default     meaning
isa          WEFT_ISA          ""          instruction set of the CPU kernels: baseline, avx2 or avx512; "" picks the best
library      WEFT_LIBRARY      ""          path of another compiled library, for tests of a build
chunk_bytes  WEFT_CHUNK_BYTES  67108864    memory for the edges of a formula that runs in chunks, and for one map of all edges
"""

import importlib
import os
from types import ModuleType

from .errors import MissingExtraError

isa: str = os.environ.get("WEFT_ISA", "")
library: str = os.environ.get("WEFT_LIBRARY", "")
chunk_bytes: int = int(os.environ.get("WEFT_CHUNK_BYTES", 64 * 2**20))


def require(module: str, extra: str) -> ModuleType:
    """Import an optional package where it is used.

    Raises:
        MissingExtraError: if it is not installed; the text names the extra that brings it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtraError(f"{module} is not installed; hint: pip install 'weft[{extra}]'") from error
