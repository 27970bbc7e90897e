"""AGNNConv with DGL's arguments."""

import pytest
import torch

import weft.dgl as dgl
from weft.dgl.nn import AGNNConv
from weft.errors import StructureError

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3]), torch.tensor([1, 1, 2, 2, 0, 4])


def test_attention_is_a_softmax_of_cosines() -> None:
    layer, x = AGNNConv(1.4, allow_zero_in_degree=True), torch.randn(5, 3)
    attention = (1.4 * torch.cosine_similarity(x[1:3], x[2:3], dim=1)).softmax(0)
    found = layer(dgl.graph((SOURCE, TARGET)), x)
    torch.testing.assert_close(found[2], attention @ x[1:3])
    assert not found[3].any()
    assert [name for name, _ in layer.named_parameters()] == ["beta"]


def test_block_has_its_targets_among_the_sources() -> None:
    layer, x = AGNNConv(), torch.randn(4, 3)
    block = dgl.create_block(([0, 3, 2], [0, 0, 1]), 4, 2)
    torch.testing.assert_close(layer(block, x), layer(block, (x, x[:2])))


def test_zero_in_degree_is_an_error_unless_allowed() -> None:
    layer = AGNNConv(learn_beta=False)
    assert not list(layer.parameters())
    with pytest.raises(StructureError, match=r"1 without, the first of them 3"):
        layer(dgl.graph((SOURCE, TARGET)), torch.ones(5, 3))
