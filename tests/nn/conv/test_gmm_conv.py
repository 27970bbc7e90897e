"""GMMConv agrees with its formula, node by node; what it refuses it explains."""

from typing import Any

import pytest
import torch

from tests.nn.compared import (
    BIPARTITE,
    NUM_EDGES,
    NUM_SOURCES,
    NUM_TARGETS,
    SOURCE,
    TARGET,
    assert_agrees,
    drawn,
    settled,
    sums,
)
from weft.errors import OptionError, ShapeError
from weft.graph import Graph
from weft.nn import GMMConv
from weft.testing import Input, LayerCase

PSEUDO = {"pseudo": Input("edge", (3,))}
CASES = {
    "GMMConv": LayerCase(lambda i, o: GMMConv(i, o, dim=3, num_kernels=2), inputs=PSEUDO),
    "GMMConv max": LayerCase(
        lambda i, o: GMMConv(i, o, dim=3, num_kernels=2, aggregator="max", residual=True, spread="sigma"), inputs=PSEUDO
    ),
}


@pytest.mark.parametrize("options", [
    {}, {"aggregator": "mean", "bias": False}, {"aggregator": "max"}, {"residual": True}, {"residual": "linear"},
    {"spread": "sigma", "aggregator": "mean"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("width", [3, 5])  # below and above in_features: sums come last or first
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(options: dict[str, Any], width: int, weighted: bool) -> None:
    layer: Any = settled(GMMConv((4, 5), width, dim=2, num_kernels=3, **options))
    x, weight, pseudo = (drawn(NUM_SOURCES, 4), drawn(NUM_TARGETS, 5)), drawn(NUM_EDGES), drawn(NUM_EDGES, 2)
    inverse = 1 / layer.sigma if "spread" in options else layer.inv_sigma
    gaussians = (-0.5 * ((pseudo[:, None] - layer.mu) * inverse).square().sum(-1)).exp()
    messages = (gaussians[..., None] * layer.fc(x[0]).reshape(-1, 3, width)[SOURCE]).sum(1)
    messages = messages * weight[:, None] if weighted else messages
    if layer.aggregator == "max":
        rows = [messages[node == TARGET] for node in range(NUM_TARGETS)]
        out = torch.stack([part.amax(0) if len(part) else messages.new_zeros(width) for part in rows])
    else:
        out = sums(messages)
    if layer.aggregator == "mean":
        out = out / torch.bincount(TARGET, minlength=NUM_TARGETS).clamp(min=1)[:, None]
    out = out if layer.res_fc is None else out + layer.res_fc(x[1])
    out = out if layer.bias is None else out + layer.bias
    given = (weight,) if weighted else ()
    assert_agrees([layer(BIPARTITE, x, *given, pseudo=pseudo)], [out], [*x, *given, pseudo, *layer.parameters()])


@pytest.mark.parametrize("width", [3, 5])
@pytest.mark.parametrize("aggregator", ["sum", "max"])
def test_dimensions_between_nodes_and_features_are_kept(width: int, aggregator: Any) -> None:
    graph, x, pseudo = Graph(SOURCE, TARGET, 5), torch.randn(5, 6, 4), torch.rand(7, 2)
    layer = GMMConv(4, width, dim=2, num_kernels=3, aggregator=aggregator)
    torch.testing.assert_close(layer(graph, x, pseudo=pseudo)[:, 2], layer(graph, x[:, 2], pseudo=pseudo))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`aggregator` to be one of sum, mean, max, got 'min'"):
        GMMConv(4, 3, dim=2, num_kernels=3, aggregator="min")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"`spread` to be one of inv_sigma, sigma"):
        GMMConv(4, 3, dim=2, num_kernels=3, spread="mu")  # type: ignore[arg-type]
    layer = GMMConv(4, 3, dim=2, num_kernels=3)
    with pytest.raises(ShapeError, match=r"`pseudo` of shape \(7, 2\), got \(7, 3\)"):
        layer(Graph(SOURCE, TARGET, 5), torch.randn(5, 4), pseudo=torch.rand(7, 3))


def test_text_form_is_the_constructor() -> None:
    options = "dim=2, num_kernels=3, aggregator='sum', residual=False, spread='inv_sigma', bias=True"
    assert GMMConv((4, 5), 3, dim=2, num_kernels=3).extra_repr() == f"(4, 5), 3, {options}"
