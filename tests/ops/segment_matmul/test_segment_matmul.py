"""Typed linear maps: every shape of tile on every instruction set, cuts, orders, and derivatives against einsum."""

import itertools

import pytest
import torch

import weft
from weft.errors import DtypeError, IdError, ShapeError, StructureError
from weft.ops import segment_matmul, segment_outer


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def product(indptr, x, weight, bias=None, order=None):
    """The formula, type by type."""
    out = x.new_zeros(x.shape[0], weight.shape[2])
    order = torch.arange(len(x)) if order is None else order.long()
    for t in range(len(weight)):
        rows = order[indptr[t] : indptr[t + 1]]
        out[rows] = x[rows] @ weight[t] + (0 if bias is None else bias[t])
    return out


def outer(indptr, x, y):
    return torch.stack([x[lo:hi].T @ y[lo:hi] for lo, hi in itertools.pairwise(indptr.tolist())])


def segments(*lengths):
    return torch.tensor([0, *lengths]).cumsum(0)


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("width", [1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 48, 64, 65, 100])
def test_every_width_on_every_instruction_set(isa, width, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    indptr, depth = segments(1, 2, 3, 0, 5, 7, 11, 13), 67 - width % 40
    x, weight, y = torch.randn(42, depth), torch.randn(8, depth, width) / 8, torch.randn(42, width) / 4
    bias = torch.randn(8, width)
    expected = product(indptr, x.double(), weight.double(), bias.double())
    torch.testing.assert_close(segment_matmul(indptr, x, weight, bias).double(), expected, rtol=1e-5, atol=1e-5)
    expected = outer(indptr, x.double(), y.double())
    torch.testing.assert_close(segment_outer(indptr, x, y).double(), expected, rtol=1e-5, atol=1e-5)


def test_deep_products_pass_through_several_panels():
    indptr, x, weight = segments(300, 20), torch.randn(320, 600).double(), torch.randn(2, 600, 40).double()
    torch.testing.assert_close(segment_matmul(indptr, x, weight), product(indptr, x, weight))


def test_long_segments_are_cut_and_added_up():
    indptr = segments(100, 9000, 0, 5000)
    x, y = torch.randn(14100, 5).double(), torch.randn(14100, 3).double()
    torch.testing.assert_close(segment_outer(indptr, x, y), outer(indptr, x, y))


def test_threads_do_not_change_a_bit_of_long_segments():
    indptr, before, results = segments(10, 20000, 30), torch.get_num_threads(), []
    x, y, weight = torch.randn(20040, 70), torch.randn(20040, 33), torch.randn(3, 70, 33)
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        results.append((segment_outer(indptr, x, y), segment_matmul(indptr, x, weight)))
    torch.set_num_threads(before)
    for o, m in results[1:]:
        assert torch.equal(o, results[0][0])
        assert torch.equal(m, results[0][1])


def test_an_order_reads_and_writes_rows_in_place():
    order = torch.randperm(500)
    indptr, x, weight = segments(0, 200, 300), torch.randn(500, 9).double(), torch.randn(3, 9, 4).double()
    torch.testing.assert_close(segment_matmul(indptr, x, weight, None, order), product(indptr, x, weight, None, order))


def test_a_transposed_weight_and_strided_rows_give_the_same():
    indptr, x, weight = segments(5, 8), torch.randn(9, 13).double().T, torch.randn(2, 4, 9).double()
    torch.testing.assert_close(
        segment_matmul(indptr, x, weight.transpose(1, 2)), product(indptr, x, weight.transpose(1, 2))
    )


def test_rows_of_half_types_add_in_float32():
    for dtype in (torch.float16, torch.bfloat16):
        ones = torch.ones(1, 4096, dtype=dtype)
        assert segment_matmul(segments(1), ones, ones.T[None]).item() == 4096
        assert segment_outer(segments(4096), ones.T, ones.T).item() == 4096


def test_infinity_and_nan_stay_in_their_row():
    x = torch.randn(10, 5)
    x[3, 1], x[6, 2] = float("inf"), float("nan")
    out = segment_matmul(segments(10), x, torch.rand(1, 5, 7) + 0.1)
    assert out.isfinite().all(1).tolist() == [r not in (3, 6) for r in range(10)]
    assert (out[3] == float("inf")).all()


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_a_wrong_order_is_an_id_error_even_if_it_was_right_before(dtype):
    order = torch.arange(30).to(dtype)
    x, weight = torch.randn(30, 4), torch.randn(1, 4, 3)
    segment_matmul(segments(30), x, weight, None, order)
    for wrong in (-1, 30, 2**31 - 1):
        order[7] = wrong
        with pytest.raises(IdError, match=f"`order` holds {wrong} at position 7"):
            segment_matmul(segments(30), x, weight, None, order)
        with pytest.raises(IdError, match=f"`order` holds {wrong} at position 7"):
            segment_outer(segments(30), x, x, order)


@pytest.mark.parametrize("indptr", [[1, 3], [0, 4], [0, 5, 3], [0, -1, 3], [0, 2**40, 3]])
def test_pointers_that_contradict_themselves_are_a_structure_error(indptr):
    indptr, x = torch.tensor(indptr), torch.randn(3, 4)
    with pytest.raises(StructureError, match="`indptr`"):
        segment_matmul(indptr, x, torch.randn(len(indptr) - 1, 4, 2))
    with pytest.raises(StructureError, match="`indptr`"):
        segment_outer(indptr, x, x)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda i, x, w: segment_matmul(i.int(), x, w), DtypeError, "int64 `indptr`"),
        (lambda i, x, w: segment_matmul(i[None], x, w), StructureError, "`indptr` of shape"),
        (lambda i, x, w: segment_matmul(i, x, w.double()), DtypeError, "one dtype for `x` and `weight`"),
        (lambda i, x, w: segment_matmul(i, x[0], w), ShapeError, "`x` of shape"),
        (lambda i, x, w: segment_matmul(i, x, w[0]), ShapeError, "`weight` of shape"),
        (lambda i, x, w: segment_matmul(i, x, w[:1]), ShapeError, r"`weight` of shape \(2, 4, out_features\)"),
        (lambda i, x, w: segment_matmul(i, x, w, torch.randn(2, 4)), ShapeError, r"`bias` of shape \(2, 3\)"),
        (lambda i, x, w: segment_matmul(i, x, w, None, torch.arange(4)), ShapeError, "all 5 rows"),
        (lambda i, x, w: segment_matmul(i, x, w, None, torch.rand(5)), DtypeError, "`order` int32, int64 or None"),
        (lambda i, x, w: segment_outer(i, x, x[:4]), ShapeError, "a row for each of 5"),
        (lambda i, x, w: segment_outer(i, x, x[0]), ShapeError, "`y` of shape"),
    ],
)
def test_wrong_arguments_get_the_typed_error(call, error, text):
    with pytest.raises(error, match=text):
        call(segments(2, 3), torch.randn(5, 4), torch.randn(2, 4, 3))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_on_a_gpu_segments_are_tiled_and_cut_without_a_trace(dtype, monkeypatch):
    from weft.ops._triton import walking

    monkeypatch.setattr(walking, "LONG", 16)
    indptr = segments(0, 35, 16, 31, 32, 0, 47, 100, 1, 64, 15, 0)  # neighbours that are cut, on and beside multiples
    rows, whole = int(indptr[-1]), torch.randint(-2, 3, (3, 400)).double()
    x, y = whole[:, :rows].T.to(dtype).contiguous(), whole[:2, :rows].T.flip(0).to(dtype).contiguous()
    weight = torch.randint(-2, 3, (12, 3, 2)).to(dtype)
    order = torch.randperm(rows)
    with weft.ops.using("triton"):
        assert torch.equal(segment_matmul(indptr, x, weight, order=order), product(indptr, x, weight, order=order))
        assert torch.equal(
            segment_outer(indptr, x, y).double(), outer(indptr, x.double(), y.double()).to(dtype).double()
        )
        assert torch.equal(segment_outer(indptr, x, y, order), segment_outer(indptr, x[order], y[order]))


@pytest.mark.parametrize("pointers", [[0, 30, 49], [1, 30, 50], [0, 30, 51], [0, 51, 50], [0]])
def test_on_a_gpu_rows_in_no_segment_are_refused(pointers):
    indptr, x = torch.tensor(pointers), torch.ones(50, 3)
    with weft.ops.using("triton"):
        with pytest.raises(StructureError, match=r"segment_matmul: .*(out of range|from 0 to 50)"):
            segment_matmul(indptr, x, torch.ones(len(pointers) - 1, 3, 4))
        with pytest.raises(StructureError, match=r"segment_outer: .*(out of range|from 0 to 50)"):
            segment_outer(indptr, x, x)
