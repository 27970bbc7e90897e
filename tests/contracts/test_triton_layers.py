"""A step of every layer on kernels for GPUs alone, in Triton's interpreter: no operator that it calls lacks one, no tensor
that it makes is on another device, and few wait for theirs.
"""

import copy

import pytest
import torch

from tests.contracts.test_layers import FIRST, LAYERS
from tests.elsewhere import assert_alike, elsewhere, waits
from weft import Adjacency
from weft.errors import NativeLibraryError
from weft.graph.algorithms import strongly_connected_components
from weft.nn import GATConv, GraphConv
from weft.ops import using
from weft.testing import layers as contract

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy computes what masks leave out, too


# Edges by types are compressed in every call, and the points of a call have as many neighbours as they have.
WAITING = {"CompGCNConv", "HEATConv", "RGATConv", "DynamicEdgeConv", "GravNetConv", "XConv"}
OWN_GRAPH = {"MeshCNNConv"}  # whose case makes its graph itself, on the CPU


# Of those that `make test` tries elsewhere this is the same again.
AGAIN = [pytest.param(name, marks=[] if name in OWN_GRAPH else [pytest.mark.slow]) for name in LAYERS]


@pytest.mark.parametrize("name", AGAIN)
def test_a_step_runs_on_kernels_for_gpus(name: str) -> None:
    contract.run_check(contract.check_device, LAYERS[name])


def step(subject: contract.Subject, place: torch.device | str = "cpu") -> list[torch.Tensor]:
    """Outputs and gradients of a step on a device, whose structures were built before."""
    torch.manual_seed(0)
    layer, graph = copy.deepcopy(subject.layer).to(place), contract._graph().to(place)
    assert graph.by_target.transposed is not None
    inputs = {name: value.to(place) for name, value in subject.inputs.items()}
    x = subject.x.to(place).requires_grad_()
    waits.clear()
    outs = subject.apply(layer, graph, x, inputs)
    wanted = [x, *layer.parameters()]
    total = sum(out.square().sum() for out in outs)
    return [*outs, *torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)]


def step_elsewhere(subject: contract.Subject) -> list[str]:
    """See that a step on a device gives what it gives on the CPU, and say what it waited for."""
    expected = step(subject)
    with elsewhere() as device, using("triton"):
        found, waited = step(subject, device), list(waits)
        assert_alike(found, expected, within=1e-9)
    return waited


@pytest.mark.parametrize("name", [n for n in LAYERS if n in FIRST and n not in OWN_GRAPH])
def test_a_step_stays_on_its_device_and_waits_for_nothing(name: str) -> None:
    subject = contract.Subject(LAYERS[name])
    assert (step_elsewhere(subject) == []) == (subject.name not in WAITING)


class MakesOnTheCPU(GraphConv):
    def forward(self, graph, x, edge_weight=None):
        return super().forward(graph, x, edge_weight) + torch.ones(self.out_features)


class LooksAtValues(GraphConv):
    def forward(self, graph, x, edge_weight=None):
        return super().forward(graph, x, edge_weight) * float(x.detach().abs().max())


class LacksAKernel(GraphConv):
    def forward(self, graph, x, edge_weight=None):
        assert strongly_connected_components(graph) is not None
        return super().forward(graph, x, edge_weight)


def test_a_step_that_does_not_is_told() -> None:
    with pytest.raises(RuntimeError, match="expected all tensors on elsewhere:0"):
        step_elsewhere(contract.Subject(MakesOnTheCPU))
    with pytest.raises(NativeLibraryError, match="there is no kernel"):
        step_elsewhere(contract.Subject(LacksAKernel))
    assert step_elsewhere(contract.Subject(LooksAtValues)) == ["_local_scalar_dense"]


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
