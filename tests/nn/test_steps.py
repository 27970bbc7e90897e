"""Networks that layers take apart are called as they are wherever somebody would notice that they were not."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tests.nn.compared import BIPARTITE, NUM_EDGES, drawn
from weft.nn import EdgeConv, NNConv, PointNetConv
from weft.nn._steps import numbered, run, steps_of


class Doubled(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


def test_steps_run_in_their_order() -> None:
    steps = [nn.Linear(2, 2).double() for _ in range(12)]
    x = drawn(3, 2)
    assert torch.equal(run(x, numbered(steps)), nn.Sequential(*steps)(x))
    assert steps_of(nn.Sequential(*steps)) == steps
    assert [type(step) for step in steps_of(Doubled(*steps))] == [Doubled]
    assert [len(step) for step in steps_of(nn.Sequential())] == [0]


def edge_conv(network: nn.Module) -> Tensor:
    return EdgeConv(3, 4, network, aggregator="sum")(BIPARTITE, (torch.ones(4, 3).double(), torch.ones(6, 3).double()))


def nn_conv(network: nn.Module) -> Tensor:
    x = torch.ones(4, 1).double(), torch.ones(6, 1).double()
    return NNConv(1, 4, network, bias=False)(BIPARTITE, x, edge_features=torch.ones(NUM_EDGES, 6).double())


def point_net_conv(network: nn.Module) -> Tensor:
    position = torch.ones(4, 3).double(), torch.zeros(6, 3).double()
    return PointNetConv(network)(BIPARTITE, torch.ones(4, 3).double(), position=position)


@pytest.mark.parametrize("call", [edge_conv, nn_conv, point_net_conv], ids=lambda call: call.__name__)
def test_a_sequence_with_a_forward_of_its_own_is_called(call: Callable[[nn.Module], Tensor]) -> None:
    linear = nn.Linear(6, 4).double()
    torch.testing.assert_close(call(Doubled(linear)), 2 * call(nn.Sequential(linear)))
