"""Each row by the matrix that it names."""

from torch import Tensor

from ... import ops


def gather_mm(a: Tensor, b: Tensor, *, idx_b: Tensor) -> Tensor:
    """Multiply each row by one of several matrices.

    `out[r] = a[r] @ b[idx_b[r]]`

    *Shapes* `a: (num_rows, in_features)`; `b: (num_matrices, in_features, out_features)`; `idx_b: (num_rows,)` ->
    `(num_rows, out_features)`.

    Raises:
        IdError, ShapeError: if an index is none of a matrix, or shapes do not fit each other.

    *Cost* sorts the indices; no matrix is copied for a row.

    >>> import torch
    >>> gather_mm(torch.ones(2, 1), torch.tensor([[[10.0]], [[100.0]]]), idx_b=torch.tensor([1, 0])).tolist()
    [[100.0], [10.0]]
    """
    return ops.gather_matmul(a, b, idx_b)
