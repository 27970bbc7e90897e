"""A step of every layer on kernels for GPUs alone, in Triton's interpreter: no operator that it calls lacks one."""

import pytest

from tests.contracts.test_layers import FIRST, LAYERS
from weft.testing import layers as contract

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy computes what masks leave out, too


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in FIRST else [pytest.mark.slow]) for n in LAYERS])
def test_a_step_runs_on_kernels_for_gpus(name: str) -> None:
    contract.run_check(contract.check_device, LAYERS[name])
