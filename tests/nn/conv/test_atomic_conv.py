"""AtomicConv agrees with its formula; what it refuses it explains."""

import math

import pytest
import torch
from torch import Tensor

from tests.nn.compared import BIPARTITE, NUM_EDGES, SOURCE, assert_agrees, drawn, sums
from weft.errors import OptionError, ShapeError
from weft.nn import AtomicConv
from weft.testing import Input, LayerCase

CASES = {
    "AtomicConv": LayerCase(
        lambda *_: AtomicConv(torch.tensor([6.0]), torch.tensor([1.0]), torch.tensor([0.7])),
        inputs={"distance": Input("edge", positive=True)}, same_width=True,
    ),
}  # fmt: skip
FILTERS = (
    torch.tensor([2.0, 5.0], dtype=torch.float64),
    torch.tensor([1.0, 1.5]).double(),
    torch.tensor([1.0, 2.0]).double(),
)


def filters(layer: AtomicConv, r: Tensor) -> Tensor:
    cutoff, mean, scaling = layer.radial_pooling.parameters()
    columns = []
    for k in range(2):
        window = torch.where(r < cutoff[k], (torch.cos(math.pi * r / cutoff[k]) + 1) / 2, 0)
        columns.append(torch.exp(-scaling[k] * (r - mean[k]) ** 2) * window)
    return torch.stack(columns, 1)


@pytest.mark.parametrize("column", [False, True])
def test_agrees_with_its_formula(column: bool) -> None:
    layer = AtomicConv(*FILTERS).double()
    x, distance = drawn(4, 3), torch.rand(NUM_EDGES, dtype=torch.float64).mul(4).requires_grad_()
    found = layer(BIPARTITE, x, distance=distance.unsqueeze(1) if column else distance)
    messages = torch.cat([x[SOURCE][:, [t]] * filters(layer, distance) for t in range(3)], 1)
    assert_agrees(found, sums(messages), [x, distance, *layer.parameters()])


def test_kinds_agree_with_their_formula() -> None:
    layer = AtomicConv(*FILTERS, features_to_use=torch.tensor([6.0, 8.0])).double()
    x = torch.tensor([[6], [8], [7], [6]])
    distance = torch.rand(NUM_EDGES, dtype=torch.float64).mul(4).requires_grad_()
    found = layer(BIPARTITE, x, distance=distance)
    messages = torch.cat([(x[SOURCE] == kind) * filters(layer, distance) for kind in (6, 8)], 1)
    assert_agrees(found, sums(messages), [distance, *layer.parameters()])


def test_state_of_dgl_loads_with_its_shapes() -> None:
    layer = AtomicConv(*FILTERS)
    state = {name: value.reshape(-1, 1, 1) + 1 for name, value in layer.state_dict().items()}
    layer.load_state_dict(state)
    assert layer.radial_pooling.rbf_kernel_means.tolist() == [2.0, 2.5]


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="as many cutoffs as means and scalings, got 2, 1, 2"):
        AtomicConv(FILTERS[0], FILTERS[1][:1], FILTERS[2])
    layer = AtomicConv(*FILTERS, features_to_use=torch.tensor([6.0]))
    with pytest.raises(ShapeError, match=r"`x` of shape \(4, 1\), got \(4, 2\)"):
        layer(BIPARTITE, torch.randn(4, 2), distance=torch.rand(7))
    with pytest.raises(ShapeError, match=r"`distance` of shape \(7,\), got \(6,\)"):
        layer(BIPARTITE, torch.randn(4, 1), distance=torch.rand(6))


def test_text_form_names_filters_and_kinds() -> None:
    layer = AtomicConv(*FILTERS, features_to_use=torch.tensor([6.0]))
    assert layer.extra_repr() == "num_filters=2, features_to_use=[6.0]"
