"""LGConv agrees with dense matrices, on square and bipartite graphs."""

import pytest
import torch

from tests.nn.compared import (
    BIPARTITE,
    NUM_EDGES,
    NUM_NODES,
    NUM_SOURCES,
    NUM_TARGETS,
    SOURCE,
    SQUARE,
    TARGET,
    assert_agrees,
    drawn,
    matrix,
    normalised,
)
from weft.errors import OptionError, ShapeError
from weft.nn import LGConv
from weft.testing import LayerCase

CASES = {
    "LGConv both": LayerCase(lambda i, o: LGConv(), same_width=True),
    "LGConv in": LayerCase(lambda i, o: LGConv(norm="in"), same_width=True, bipartite=False),
    "LGConv right": LayerCase(lambda i, o: LGConv(norm="right"), same_width=True),
}


@pytest.mark.parametrize("norm", ["none", "both", "in", "left", "right"])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_dense_matrices(norm: str, weighted: bool) -> None:
    x, weight = drawn(NUM_NODES, 3), drawn(NUM_EDGES, positive=True)
    expected = normalised(matrix(weight if weighted else torch.ones_like(weight)), norm) @ x
    found = LGConv(norm=norm)(SQUARE, x, weight if weighted else None)
    assert_agrees(found, expected, [x, *([weight] if weighted else [])])


@pytest.mark.parametrize("norm", ["none", "both", "left", "right"])
def test_a_bipartite_graph_has_other_sums_at_each_end(norm: str) -> None:
    x, weight = drawn(NUM_SOURCES, 3), drawn(NUM_EDGES, positive=True)
    flat = weight.new_zeros(NUM_TARGETS * NUM_SOURCES).index_add(0, TARGET * NUM_SOURCES + SOURCE, weight)
    expected = normalised(flat.reshape(NUM_TARGETS, NUM_SOURCES), norm) @ x
    assert_agrees(LGConv(norm=norm)(BIPARTITE, (x, torch.ones(1)), weight), expected, [x, weight])
    torch.testing.assert_close(LGConv(norm=norm)(BIPARTITE, x, weight.detach()), expected)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`norm` to be one of"):
        LGConv(norm="l2")
    with pytest.raises(
        ShapeError, match='a square graph for "in", which counts edges that enter sources, got 4 sources'
    ):
        LGConv(norm="in")(BIPARTITE, torch.ones(4, 3))
    with pytest.raises(ShapeError, match=r"LGConv: expected `x` of shape \(6, \*, 3\), got \(7, 3\)"):
        LGConv()(SQUARE, torch.ones(7, 3))


def test_text_form_is_the_constructor() -> None:
    assert repr(LGConv()) == "LGConv(norm='both')"
