"""What the tests of torch.compile's own backend share: whether it can build here, and an operator that only it refuses."""

import shutil
import sysconfig
from pathlib import Path

import pytest
import torch
from torch import Tensor

MISSING = [
    name
    for name, is_there in {
        "g++": shutil.which("g++"),
        "openssl": shutil.which("openssl"),
        "the headers of Python (python3-dev)": Path(sysconfig.get_path("include"), "Python.h").exists(),
    }.items()
    if not is_there
]
needs_a_compiler = pytest.mark.skipif(
    bool(MISSING), reason=f"torch.compile builds C++, and lacks {' and '.join(MISSING)}"
)


@torch.library.custom_op("weft_tests::lies_about_strides", mutates_args=())
def lies_about_strides(x: Tensor) -> Tensor:
    """The same numbers, column by column, of which its fake says that they lie row by row."""
    return x.t().contiguous().t()


lies_about_strides.register_fake(torch.empty_like)
lies_about_strides.register_autograd(lambda ctx, grad: grad)
