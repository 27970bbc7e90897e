"""A step of every layer on kernels for GPUs alone, in Triton's interpreter: no operator that it calls lacks one."""

import pytest
import torch

from tests.contracts.test_layers import FIRST, LAYERS
from weft import Adjacency
from weft.nn import GATConv, GraphConv
from weft.ops import using
from weft.testing import layers as contract

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy computes what masks leave out, too


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in FIRST else [pytest.mark.slow]) for n in LAYERS])
def test_a_step_runs_on_kernels_for_gpus(name: str) -> None:
    contract.run_check(contract.check_device, LAYERS[name])


@pytest.mark.parametrize("layer", [GraphConv(4, 4), GATConv(4, 4, num_heads=2)], ids=["GraphConv", "GATConv"])
def test_compiled_and_under_autocast_it_runs_on_the_same_kernels(layer: torch.nn.Module) -> None:
    graph, x = Adjacency([0, 1, 2, 2], [1, 2, 0, 1], num_sources=3, num_targets=3), torch.randn(3, 4)
    with using("triton"):
        compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")(graph, x)
        with torch.autocast("cpu", torch.bfloat16):
            narrow = layer(graph, x)
    torch.testing.assert_close(compiled, layer(graph, x))
    assert narrow.dtype is torch.bfloat16
    torch.testing.assert_close(narrow.float(), layer(graph, x), atol=0.05, rtol=0.05)
