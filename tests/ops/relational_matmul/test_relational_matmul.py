"""Relational aggregation against a matrix gathered for every edge; the patterns of R-GCN, R-GAT and HGT without E x F."""

import pytest
import torch

import weft
from weft.errors import DtypeError, IdError, OptionError, ShapeError, StructureError
from weft.ops import (
    Structure,
    edge_softmax,
    gather_matmul,
    gather_rows,
    relational_aggregate,
    relational_basis_matmul,
    relational_block_matmul,
    relational_matmul,
    relational_outer,
    relational_sddmm,
    sddmm,
    spmm,
    typed_sources,
)
from weft.testing.structures import hub_structure, random_structure, structure


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def edges(num_types=4, ids=torch.int64, seed=0):
    """Structure of 9 sources and 6 targets, ends by edge id, and types, the last of which has no edge."""
    rows = random_structure(9, 6, 40, seed=seed, dtype=ids)
    source, target = torch.empty(40, dtype=torch.int64), torch.empty(40, dtype=torch.int64)
    source[rows.edge.long()], target[rows.edge.long()] = rows.source.long(), rows.targets()
    return rows, source, target, torch.randint(num_types - 1, (40,)).to(ids)


def formula(x, weight, source, target, edge_type, edge_weight, num_targets=6):
    messages = torch.einsum("ek,ekm->em", x[source], weight[edge_type.long()]) * edge_weight.unsqueeze(1)
    return x.new_zeros(num_targets, weight.shape[2]).index_add(0, target, messages)


def leaf(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def same_gradients(found, expected, inputs):
    grad = torch.randn_like(expected)
    torch.testing.assert_close(found, expected)
    for f, e in zip(torch.autograd.grad(found, inputs, grad), torch.autograd.grad(expected, inputs, grad), strict=True):
        torch.testing.assert_close(f, e)


@pytest.mark.parametrize("ids", [torch.int32, torch.int64])
def test_every_edge_meets_the_matrix_of_its_type(ids):
    rows, source, target, edge_type = edges(ids=ids)
    x, weight, edge_weight = leaf(9, 5), leaf(4, 5, 7), leaf(40)
    expected = formula(x, weight, source, target, edge_type, edge_weight)
    same_gradients(relational_matmul(rows, x, weight, edge_type, edge_weight), expected, (x, weight, edge_weight))


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("width", [1, 3, 4, 8, 15, 17, 33, 64, 70])
def test_every_width_on_every_instruction_set(isa, width, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    rows, source, target, edge_type = edges()
    x, weight, y, edge_weight = leaf(9, width), leaf(4, width, 71 - width), leaf(6, 71 - width), torch.rand(40)
    single = [t.detach().float() for t in (x, weight, y)]
    expected = formula(x, weight, source, target, edge_type, edge_weight.double())
    found = relational_matmul(rows, *single[:2], edge_type, edge_weight)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)
    products = torch.einsum("ek,em->ekm", x[source] * edge_weight.double()[:, None], y[target])
    expected = torch.zeros_like(weight).index_add(0, edge_type, products)
    found = relational_outer(rows, single[0], single[2], edge_type, edge_weight, 4)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)
    expected = torch.einsum("ek,ekm,em->e", x[source], weight[edge_type], y[target])
    torch.testing.assert_close(relational_sddmm(rows, *single, edge_type).double(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_a_hub_in_few_digits_agrees_with_the_reference(dtype: torch.dtype) -> None:
    rows, edge_type = hub_structure(9000), torch.randint(3, (9000,)).int()
    x, weight = torch.randn(40, 8).to(dtype), torch.randn(3, 8, 4).to(dtype)
    with weft.ops.using("native"):
        found = relational_matmul(rows, x, weight, edge_type).double()
    with weft.ops.using("reference"):
        expected = relational_matmul(rows, x.double(), weight.double(), edge_type)
    assert (found - expected).abs().max() <= torch.finfo(dtype).eps * 16 * expected.abs().max()


def test_hubs_and_many_blocks_keep_bits_on_any_number_of_threads():
    rows, before = hub_structure(40000), torch.get_num_threads()
    x, weight = torch.randn(40, 9).double(), torch.randn(5, 9, 8).double()
    y, edge_type = torch.randn(30, 8).double(), torch.randint(5, (40000,)).int()
    results = []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        results.append(
            (
                relational_matmul(rows, x, weight, edge_type),
                relational_outer(rows, x, y, edge_type, None, 5),
                relational_sddmm(rows, x, weight, y, edge_type),
            )
        )
    torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(result, results[0], strict=True))
    with weft.ops.using("reference"):
        torch.testing.assert_close(results[0][0], relational_matmul(rows, x, weight, edge_type))
        torch.testing.assert_close(results[0][1], relational_outer(rows, x, y, edge_type, None, 5))
        torch.testing.assert_close(results[0][2], relational_sddmm(rows, x, weight, y, edge_type))


def test_thousands_of_types_are_ordinary():
    rows, source, target, _ = edges()
    edge_type, x, weight = torch.randint(3000, (40,)), leaf(9, 8), leaf(3000, 8, 4)
    expected = formula(x, weight, source, target, edge_type, torch.ones(40).double())
    same_gradients(relational_matmul(rows, x, weight, edge_type), expected, (x, weight))


@pytest.mark.parametrize(("depth", "width"), [(200, 2), (3, 8)])
@pytest.mark.parametrize("ids", [torch.int32, torch.int64])
def test_both_orders_of_products_agree(depth, width, ids):
    rows, source, target, edge_type = edges(ids=ids)
    typed = typed_sources(rows, edge_type, num_types=4, num_sources=9)
    x, weight, edge_weight = leaf(9, depth), leaf(4, depth, width), leaf(40)
    assert weft.ops.transforms_first(rows, x, weight) == (depth > width)
    expected = formula(x, weight, source, target, edge_type, edge_weight)
    found = relational_aggregate(rows, x, weight, edge_type=edge_type, edge_weight=edge_weight, typed=typed)
    same_gradients(found, expected, (x, weight, edge_weight))


@pytest.mark.parametrize("types", [2, 30])
def test_bases_give_the_sum_of_their_products(types):
    rows, source, target, edge_type = edges(types)
    x, bases, coefficients, edge_weight = leaf(9, 5), leaf(3, 5, 7), leaf(types, 3), leaf(40)
    weight = torch.einsum("tb,bkm->tkm", coefficients, bases)
    expected = formula(x, weight, source, target, edge_type, edge_weight)
    found = relational_basis_matmul(
        rows, x, bases, coefficients=coefficients, edge_type=edge_type, edge_weight=edge_weight
    )
    same_gradients(found, expected, (x, bases, coefficients, edge_weight))


def test_blocks_give_the_product_with_the_block_diagonal_matrix():
    rows, source, target, edge_type = edges()
    x, weight = leaf(9, 6), leaf(4, 2, 3, 4)
    full = torch.stack([torch.block_diag(*blocks) for blocks in weight])
    expected = formula(x, full, source, target, edge_type, torch.ones(40).double())
    same_gradients(relational_block_matmul(rows, x, weight, edge_type=edge_type), expected, (x, weight))


def test_relational_attention_needs_no_tensor_of_edges_times_features():
    """R-GAT: scores are sums of what each end gives for the type of the edge, from small N x T tables."""
    rows, source, target, edge_type = edges()
    typed = typed_sources(rows, edge_type, num_types=4, num_sources=9)
    x, h, weight, left, right = leaf(9, 5), leaf(6, 5), leaf(4, 5, 7), leaf(4, 7), leaf(4, 7)
    of_source = x @ torch.einsum("tkm,tm->kt", weight, left)
    of_target = h @ torch.einsum("tkm,tm->kt", weight, right)
    at_target = gather_rows(of_target.reshape(-1), target * 4 + edge_type)
    score = sddmm(typed, at_target, of_source.reshape(-1), "add", "edge", "source")
    alpha = edge_softmax(rows, torch.nn.functional.leaky_relu(score, 0.2))
    found = relational_matmul(rows, x, weight, edge_type, alpha)

    z = torch.einsum("ek,ekm->em", x[source], weight[edge_type])
    q = torch.einsum("ek,ekm->em", h[target], weight[edge_type])
    raw = torch.nn.functional.leaky_relu((z * left[edge_type]).sum(1) + (q * right[edge_type]).sum(1), 0.2).exp()
    share = raw / raw.new_zeros(6).index_add(0, target, raw)[target]
    expected = formula(x, weight, source, target, edge_type, share)
    same_gradients(found, expected, (x, h, weight, left, right))


def test_heterogeneous_graph_transformer_needs_no_tensor_of_edges_times_features():
    """HGT: keys, queries and values by node type; a bilinear form by edge type gives the score of every edge."""
    rows, source, target, edge_type = edges()
    node_type, target_type = torch.randint(3, (9,)), torch.randint(3, (6,))
    x, h = leaf(9, 5), leaf(6, 5)
    key, query, value, attention, message = leaf(3, 5, 8), leaf(3, 5, 8), leaf(3, 5, 8), leaf(4, 8, 8), leaf(4, 8, 8)
    k, v = gather_matmul(x, key, node_type), gather_matmul(x, value, node_type)
    q = gather_matmul(h, query, target_type)
    alpha = edge_softmax(rows, relational_sddmm(rows, k, attention, q, edge_type) / 8**0.5)
    found = relational_matmul(rows, v, message, edge_type, alpha)

    kk = torch.einsum("nk,nkm->nm", x, key[node_type])[source]
    vv = torch.einsum("nk,nkm->nm", x, value[node_type])
    qq = torch.einsum("nk,nkm->nm", h, query[target_type])[target]
    raw = (torch.einsum("ek,ekm,em->e", kk, attention[edge_type], qq) / 8**0.5).exp()
    share = raw / raw.new_zeros(6).index_add(0, target, raw)[target]
    expected = formula(vv, message, source, target, edge_type, share)
    same_gradients(found, expected, (x, h, key, query, value, attention, message))


def test_one_type_is_spmm_and_a_product():
    rows, *_ = edges()
    x, weight = torch.randn(9, 5).double(), torch.randn(1, 5, 7).double()
    found = relational_matmul(rows, x, weight, torch.zeros(40, dtype=torch.int64))
    torch.testing.assert_close(found, spmm(rows, x) @ weight[0])


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("wrong", [-1, 4, 2**31 - 1])
def test_a_wrong_type_is_an_id_error_even_if_it_was_right_before(wrong, backend):
    rows, *_, edge_type = edges(ids=torch.int32)
    x, weight, y = torch.randn(9, 5), torch.randn(4, 5, 7), torch.randn(6, 7)
    calls = (
        lambda: relational_matmul(rows, x, weight, edge_type),
        lambda: relational_outer(rows, x, y, edge_type, None, 4),
        lambda: relational_sddmm(rows, x, weight, y, edge_type),
    )
    with weft.ops.using(backend):
        for call in calls:
            call()
        edge_type[7] = wrong
        for call in calls:
            with pytest.raises(IdError, match=f"`edge_type` holds {wrong} at .* 7, but there are 4 types"):
                call()
        with pytest.raises(IdError, match="`edge_type` holds"):
            typed_sources(rows, edge_type, num_types=4, num_sources=9)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda r, x, w, y, t: relational_matmul(r, x, w, t.int()), DtypeError, "`edge_type` in torch.int64"),
        (lambda r, x, w, y, t: relational_matmul(r, x, w.double(), t), DtypeError, "one dtype"),
        (lambda r, x, w, y, t: relational_matmul(r, x, w[:, 1:], t), ShapeError, r"\(4, 5, out_features\)"),
        (lambda r, x, w, y, t: relational_matmul(r, x, w[0], t), ShapeError, "`weight` of shape"),
        (lambda r, x, w, y, t: relational_matmul(r, x[0], w, t), ShapeError, "`x` of shape"),
        (lambda r, x, w, y, t: relational_matmul(r, x, w, t[1:]), ShapeError, r"`edge_type` of shape \(40,\)"),
        (lambda r, x, w, y, t: relational_matmul(r, x, w, t, x[:, 0]), ShapeError, r"`edge_weight` of shape \(40,\)"),
        (lambda r, x, w, y, t: relational_outer(r, x, y[1:], t, None, 4), ShapeError, "a row for each of 6"),
        (lambda r, x, w, y, t: relational_outer(r, x, y[0], t, None, 4), ShapeError, "`y` of shape"),
        (lambda r, x, w, y, t: relational_outer(r, x, y, t, None, -1), OptionError, "at least 0"),
        (lambda r, x, w, y, t: relational_sddmm(r, x, w, x, t), ShapeError, r"`y` of shape \(6, 7\)"),
        (
            lambda r, x, w, y, t: typed_sources(r, t.int(), num_types=4, num_sources=9),
            DtypeError,
            "`edge_type` in torch.int64",
        ),
    ],
)
def test_wrong_arguments_get_the_typed_error(call, error, text):
    rows, *_, edge_type = edges()
    with pytest.raises(error, match=text):
        call(rows, torch.randn(9, 5), torch.randn(4, 5, 7), torch.randn(6, 7), edge_type)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_on_a_gpu_targets_are_cut_without_a_trace(dtype, monkeypatch):
    from weft.ops._triton import walking

    monkeypatch.setattr(walking, "LONG", 8)
    lengths = torch.tensor(
        [0, 17, 8, 15, 16, 0, 23, 70, 1, 32, 7, 0]
    )  # neighbours that are cut, on and beside multiples
    target = torch.arange(12).repeat_interleave(lengths)[torch.randperm(189)]
    rows = structure(torch.randint(9, (189,)), target, 9, 12, torch.int32)
    edge_type = torch.randint(5, (189,)).int() % 4
    x, weight = torch.randint(-2, 3, (9, 3)).to(dtype), torch.randint(-2, 3, (5, 3, 20)).to(dtype)
    edge_weight = torch.randint(1, 3, (189,)).to(dtype)
    arguments = rows, x, weight, edge_type, edge_weight
    exact = relational_matmul.reference(rows, x.double(), weight.double(), edge_type, edge_weight.double())
    with weft.ops.using("triton"):
        assert torch.equal(relational_matmul(*arguments), exact.to(dtype))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_on_a_gpu_infinities_stay_with_their_edges():
    source, target = torch.tensor([2, 1, 5, 3, 4, 0, 7]), torch.tensor([0, 0, 1, 1, 2, 3, 4])
    rows, edge_type = structure(source, target, 9, 6), torch.tensor([0, 2, 1, 0, 2, 2, 2])
    x, weight, y = torch.randn(9, 5), torch.randn(4, 5, 7), torch.randn(6, 7)
    x[2, 1], weight[1, 3, 2], y[4, 0] = float("inf"), float("-inf"), float("nan")
    for dtype in (torch.float32, torch.float64):
        with weft.ops.using("triton"):
            found = relational_matmul(rows, x.to(dtype), weight.to(dtype), edge_type, None)
            each = relational_sddmm(rows, x.to(dtype), weight.to(dtype), y.to(dtype), edge_type)
        assert found.isfinite().all(1).tolist() == [False, False, True, True, True, True]
        assert each.isfinite().tolist() == [False, True, False, True, True, True, False]


def test_on_a_gpu_there_may_be_more_types_than_edges():
    rows, _, _, edge_type = edges(60)
    arguments = rows, torch.randn(9, 3).double(), torch.randn(60, 3, 2).double(), torch.randn(6, 2).double(), edge_type
    many = rows, arguments[1], torch.randn(40_040, 3, 2).double(), 40_000 + torch.randperm(40), None
    with weft.ops.using("triton"):
        found, each = relational_matmul(*many), relational_sddmm(*arguments)
    torch.testing.assert_close(found, relational_matmul(*many))
    torch.testing.assert_close(each, relational_sddmm(*arguments))


def test_on_a_gpu_edges_without_a_target_are_refused():
    none, one = torch.zeros(1, dtype=torch.int64), torch.ones(1, 2)
    with weft.ops.using("triton"), pytest.raises(StructureError, match=r"relational_outer: .* from 0 to 1"):
        relational_outer(Structure(none, none), one, one[:0], none, None, 1)
