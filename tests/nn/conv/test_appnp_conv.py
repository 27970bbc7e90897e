"""APPNPConv agrees with dense matrices, drops edges anew for every hop, and draws them again for backward."""

import gc
import weakref

import pytest
import torch

from tests.nn.compared import NUM_EDGES, NUM_NODES, SQUARE, assert_agrees, drawn, matrix, normalised
from weft.errors import OptionError, ShapeError
from weft.nn import APPNPConv
from weft.nn import _edge_dropout as dropout
from weft.testing import LayerCase

CASES = {
    "APPNPConv both": LayerCase(lambda i, o: APPNPConv(2, 0.1, edge_dropout=0.4), bipartite=False, same_width=True),
    "APPNPConv in": LayerCase(lambda i, o: APPNPConv(3, 0.3, norm="in"), bipartite=False, same_width=True),
}


@pytest.mark.parametrize("norm", ["none", "both", "in", "left", "right"])
@pytest.mark.parametrize("weighted", ["no", "constant", "learned"])
def test_agrees_with_dense_matrices(norm: str, weighted: str) -> None:
    layer = APPNPConv(3, 0.2, norm=norm)
    x, weight = drawn(NUM_NODES, 3), drawn(NUM_EDGES, positive=True)
    given = {"no": None, "constant": weight.detach(), "learned": weight}[weighted]
    dense, expected = normalised(matrix(torch.ones_like(weight) if given is None else given), norm), x
    for _ in range(3):
        expected = 0.8 * dense @ expected + 0.2 * x
    assert_agrees(layer(SQUARE, x, given), expected, [x, *([weight] if weighted == "learned" else [])])


@pytest.mark.parametrize("norm", ["none", "both"])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_are_those_of_the_edges_that_were_kept(norm: str, weighted: bool) -> None:
    layer = APPNPConv(3, 0.2, edge_dropout=0.5, norm=norm)
    x, weight = drawn(NUM_NODES, 3), drawn(NUM_EDGES, positive=True)
    given = (weight,) if weighted else ()

    def call(x: torch.Tensor, *given: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(4)
        return layer(SQUARE, x, *given)

    assert not torch.equal(call(x), layer.eval()(SQUARE, x))
    layer.train()
    assert torch.autograd.gradcheck(call, (x, *given))
    assert torch.autograd.gradgradcheck(call, (x, *given))


def test_each_hop_drops_other_edges_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    layer, x = APPNPConv(1, 0.0, edge_dropout=0.3, norm="none"), torch.ones(NUM_NODES, 1, dtype=torch.float64)
    runs = torch.stack([layer(SQUARE, x) for _ in range(3000)])
    degrees = SQUARE.in_degrees().double()[:, None]
    torch.testing.assert_close(runs.mean(0), degrees, rtol=0.05, atol=0)
    torch.testing.assert_close(runs.var(0), degrees * 0.3 / 0.7, rtol=0.1, atol=0)
    twice = APPNPConv(2, 0.0, edge_dropout=0.5, norm="none")
    several = torch.stack([twice(SQUARE, x) for _ in range(3000)])
    torch.testing.assert_close(several.mean(0), matrix(torch.ones(NUM_EDGES).double()) @ degrees, rtol=0.15, atol=0)
    assert APPNPConv(1, 0.0, edge_dropout=1.0)(SQUARE, x).abs().sum() == 0


def test_dropped_edges_are_not_kept_for_backward(monkeypatch: pytest.MonkeyPatch) -> None:
    draws: list[weakref.ref[torch.Tensor]] = []
    rand = torch.rand

    def draw(*args: object, **options: object) -> torch.Tensor:
        values = rand(*args, **options)  # type: ignore[call-overload]
        draws.append(weakref.ref(values))
        return values

    monkeypatch.setattr(dropout.torch, "rand", draw)
    x = drawn(NUM_NODES, 3)
    saved: list[int] = []
    real = torch.autograd.graph.saved_tensors_hooks

    def counted(pack, unpack):
        def count(tensor):
            kept = pack(tensor)
            saved.append(isinstance(kept, tuple))
            return kept

        return real(count, unpack)

    monkeypatch.setattr(torch.autograd.graph, "saved_tensors_hooks", counted)
    out = APPNPConv(4, 0.1, edge_dropout=0.5)(SQUARE, x)
    assert len(draws) == sum(saved) == 4
    gc.collect()
    assert all(each() is None for each in draws)
    out.sum().backward()
    assert len(draws) == 8


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`alpha` from 0 to 1, got 1.5"):
        APPNPConv(2, 1.5)
    with pytest.raises(OptionError, match=r"`edge_dropout` from 0 to 1, got -1"):
        APPNPConv(2, 0.5, edge_dropout=-1)
    with pytest.raises(OptionError, match=r"`k` of at least 0, got -2"):
        APPNPConv(-2, 0.5)
    with pytest.raises(OptionError, match="`norm` to be one of"):
        APPNPConv(2, 0.5, norm="l2")
    with pytest.raises(ShapeError, match="got a pair"):
        APPNPConv(2, 0.5)(SQUARE, (torch.ones(6, 3), torch.ones(6, 3)))


def test_text_form_is_the_constructor() -> None:
    assert repr(APPNPConv(2, 0.5)) == "APPNPConv(2, 0.5, edge_dropout=0.0, norm='both')"
