"""TypedLinear agrees with a matrix for each row."""

import pytest
import torch

from weft.errors import IdError, OptionError
from weft.nn import TypedLinear

TYPE = torch.tensor([2, 0, 1, 1, 3, 0, 2])
OPTIONS = (
    {},
    {"bias": True},
    {"regularizer": "basis", "num_bases": 2, "bias": True},
    {"regularizer": "basis", "num_bases": 1},
    {"regularizer": "bdd", "num_bases": 2, "bias": True},
    {"regularizer": "bdd", "num_bases": 1},
)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_agrees_with_a_matrix_for_each_row(options: dict[str, object], dtype: torch.dtype) -> None:
    layer = TypedLinear(4, 6, 4, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(7, 4, dtype=torch.float64, requires_grad=True)
    found = layer(x, TYPE.to(dtype))
    expected = torch.einsum("ri,rio->ro", x, layer.matrices()[TYPE])
    expected = expected if layer.bias is None else expected + layer.bias[TYPE]
    torch.testing.assert_close(found, expected)
    both = [torch.autograd.grad(out.sin().sum(), [x, *layer.parameters()]) for out in (found, expected)]
    for ours, theirs in zip(*both, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_matrices_are_sums_of_bases_or_blocks() -> None:
    bases = TypedLinear(4, 6, 3, regularizer="basis", num_bases=2)
    expected = [bases.coeff[t, 0] * bases.W[0] + bases.coeff[t, 1] * bases.W[1] for t in range(3)]
    torch.testing.assert_close(bases.matrices(), torch.stack(expected))
    blocks = TypedLinear(4, 6, 3, regularizer="bdd", num_bases=2)
    expected = [torch.block_diag(*blocks.W.reshape(3, 2, 2, 3)[t]) for t in range(3)]
    assert torch.equal(blocks.matrices(), torch.stack(expected))


def test_compiles_and_loads_its_state() -> None:
    layer, x = TypedLinear(4, 6, 4, bias=True), torch.randn(7, 4)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x, TYPE), layer(x, TYPE))
    other = TypedLinear(4, 6, 4, bias=True)
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x, TYPE), layer(x, TYPE))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`regularizer` to be one of basis, bdd"):
        TypedLinear(4, 6, 4, regularizer="ddb")
    with pytest.raises(OptionError, match="multiples of the number of blocks, got 4 and 6 for 4"):
        TypedLinear(4, 6, 4, regularizer="bdd")
    with pytest.raises(IdError, match="4"):
        TypedLinear(4, 6, 4)(torch.randn(7, 4), torch.full((7,), 4))
    assert repr(TypedLinear(4, 6, 4)) == "TypedLinear(4, 6, 4, regularizer=None, num_bases=4, bias=False)"
