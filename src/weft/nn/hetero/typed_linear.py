"""Linear maps, one for each type of rows."""

from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, check_choice, message
from ...ops import basis_matmul, block_matmul, gather_matmul

Regularizer = Literal["basis", "bdd"] | None
REGULARIZERS = ("basis", "bdd")


@final
class TypedLinear(nn.Module):
    """A linear map for each type; every row goes through that of its type.

    `out[r] = x[r] @ W[type[r]] + bias[type[r]]`

    where the matrices are free, or share parameters

        regularizer   W[t]
        None          a matrix of its own
        "basis"       sum over b of coeff[t, b] * W[b]
        "bdd"         block-diagonal of num_bases blocks

    *Shapes* `x: (num_rows, in_features)`, `type: (num_rows,)`, int32 or int64 -> `(num_rows, out_features)`

    Args:
        num_bases: how many bases or blocks; by default num_types.
        bias: adds a row of the type.

    Raises:
        OptionError: in the constructor, if options do not exist or widths are no multiples of the number of blocks.
        ShapeError, DtypeError, IdError: in the call, if arguments do not fit each other or a type is not there.

    *Source* Schlichtkrull, Kipf, Bloem, van den Berg, Titov and Welling, 2017, Modeling Relational Data with Graph
    Convolutional Networks, arXiv:1703.06103, equations 3 and 4.

    *Differs from DGL* the types need no order, and `num_bases` has a default. Parameters are DGL's: `W` (num_types,
    in_features, out_features), with "basis" (num_bases, ...) and `coeff`, with "bdd" one row for each type.
    *Differs from PyG* `W` and `bias` are `weight` and `bias` of its HeteroLinear.

    *Cost* num_rows x in_features x out_features multiplications, and a counting sort of the types; neither the rows nor
    their matrices are copied, but with "bdd" rows are.

    >>> import torch
    >>> layer = TypedLinear(4, 2, 3, regularizer="basis", num_bases=2)
    >>> layer(torch.randn(5, 4), torch.tensor([0, 2, 1, 1, 0])).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        num_types: int,
        *,
        regularizer: Regularizer = None,
        num_bases: int | None = None,
        bias: bool = False,
    ) -> None:
        super().__init__()
        if regularizer is not None:
            check_choice("TypedLinear", "regularizer", regularizer, REGULARIZERS)
        num_bases = num_types if num_bases is None else num_bases
        if regularizer == "bdd" and (in_features % num_bases or out_features % num_bases):
            got = f"{in_features} and {out_features} for {num_bases}"
            raise OptionError(message("TypedLinear", "widths that are multiples of the number of blocks", got))
        self.in_features, self.out_features, self.num_types = in_features, out_features, num_types
        self.regularizer, self.num_bases = regularizer, num_bases
        if regularizer == "bdd":
            shape: tuple[int, ...] = (num_types, in_features * out_features // num_bases)
        else:
            shape = (num_bases if regularizer == "basis" else num_types, in_features, out_features)
        self.W: Tensor = nn.Parameter(torch.empty(shape))
        if regularizer == "basis":
            self.coeff: Tensor = nn.Parameter(torch.empty(num_types, num_bases))
        self.bias = nn.Parameter(torch.empty(num_types, out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw matrices as `torch.nn.Linear` does, coefficients from Glorot's distribution; biases are 0."""
        bound = self.in_features**-0.5
        nn.init.uniform_(self.W, -bound, bound)
        if self.regularizer == "basis":
            nn.init.xavier_uniform_(self.coeff, gain=nn.init.calculate_gain("relu"))
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor, type: Tensor) -> Tensor:  # noqa: A002
        """Map every row by its type."""
        if self.regularizer is None:
            return gather_matmul(x, self.W, type, bias=self.bias)
        if self.regularizer == "basis":
            out = basis_matmul(x, self.W, self.coeff, type=type)
        else:
            out = block_matmul(x, self.blocks(), type)
        return out if self.bias is None else out + self.bias[type]

    def matrices(self) -> Tensor:
        """The matrices of all types.

        *Shapes* -> `(num_types, in_features, out_features)`

        >>> TypedLinear(4, 2, 3, regularizer="bdd", num_bases=2).matrices().count_nonzero().item()
        12
        """
        if self.regularizer is None:
            return self.W
        found: Tensor
        if self.regularizer == "basis":
            found = torch.tensordot(self.coeff, self.W, 1)
            return found
        blocks = self.blocks()
        eye = torch.eye(self.num_bases, dtype=blocks.dtype, device=blocks.device).reshape(1, -1, 1, self.num_bases, 1)
        found = (blocks.unsqueeze(3) * eye).reshape(self.num_types, self.in_features, self.out_features)
        return found

    def blocks(self) -> Tensor:
        """The blocks of "bdd".

        *Shapes* -> `(num_types, num_bases, in_features / num_bases, out_features / num_bases)`

        >>> TypedLinear(4, 2, 3, regularizer="bdd", num_bases=2).blocks().shape
        torch.Size([3, 2, 2, 1])
        """
        count = self.num_bases
        return self.W.reshape(self.num_types, count, self.in_features // count, self.out_features // count)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"regularizer={self.regularizer!r}, num_bases={self.num_bases}, bias={self.bias is not None}"
        return f"{self.in_features}, {self.out_features}, {self.num_types}, {options}"
