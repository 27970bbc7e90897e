"""Operators by name against plain torch on the list of edges, with gradients; by type; and what they refuse."""

from collections.abc import Callable
from itertools import permutations

import pytest
import torch
from torch import Tensor

import weft.dgl as dgl
from weft.errors import FeatureError, IdError, OptionError, ShapeError

OPS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div,
    "dot": lambda x, y: (x * y).sum(-1, keepdim=True),
}  # fmt: skip
SOURCE, TARGET = torch.tensor([0, 1, 2, 2, 3, 0, 0]), torch.tensor([1, 2, 0, 0, 2, 2, 1])
SHAPES = [((), ()), ((3,), (3,)), ((3,), ()), ((2, 3), (2, 1)), ((2, 3), (3,)), ((1, 3), (2, 3))]


@pytest.fixture(params=["homogeneous", "bipartite", "block"])
def graph(request: pytest.FixtureRequest) -> dgl.DGLGraph:
    """Four sources; five targets, of which two get nothing; parallel edges. Of the homogeneous one five of each."""
    if request.param == "homogeneous":
        return dgl.graph((SOURCE, TARGET), num_nodes=5)
    if request.param == "block":
        return dgl.create_block((SOURCE, TARGET), num_src_nodes=4, num_dst_nodes=5)
    return dgl.heterograph({("u", "r", "v"): (SOURCE, TARGET)}, num_nodes_dict={"u": 4, "v": 5})


def column(graph: dgl.DGLGraph, end: str, shape: tuple[int, ...]) -> Tensor:
    count = {"u": graph.num_src_nodes(), "v": graph.num_dst_nodes(), "e": graph.num_edges()}[end]
    return torch.rand((count, *shape), dtype=torch.float64).add_(0.5).requires_grad_()


def at_edges(x: Tensor, end: str) -> Tensor:
    return {"u": x[SOURCE], "v": x[TARGET], "e": x}[end] if end != "e" else x


def widened(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Leading dimensions of length 1 after the rows, so that torch broadcasts features alone."""
    rank = max(x.dim(), y.dim())
    return tuple(z.reshape(z.shape[0], *(1,) * (rank - z.dim()), *z.shape[1:]) for z in (x, y))  # type: ignore[return-value]


def reduced(messages: Tensor, count: int, reduce: str) -> Tensor:
    rows = []
    for i in range(count):
        got = messages[i == TARGET]
        if got.shape[0] == 0:
            rows.append(messages.new_zeros(messages.shape[1:]))
        else:
            rows.append({"sum": got.sum(0), "mean": got.mean(0), "max": got.amax(0), "min": got.amin(0)}[reduce])
    return torch.stack(rows)


def assert_same(found: Tensor, expected: Tensor, *inputs: Tensor) -> None:
    torch.testing.assert_close(found, expected)
    weights = torch.rand_like(found)
    for a, b in zip(torch.autograd.grad((found * weights).sum(), inputs),
                    torch.autograd.grad((expected * weights).sum(), inputs), strict=True):  # fmt: skip
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize(("left", "right"), list(permutations("uve", 2)))
def test_every_pair_of_ends_combines_on_edges(graph: dgl.DGLGraph, left: str, op: str, right: str) -> None:
    for shapes in SHAPES:
        x, y = column(graph, left, shapes[0]), column(graph, right, shapes[1])
        if op == "dot" and (shapes[0][-1:] != shapes[1][-1:]):
            continue
        found = getattr(dgl.ops, f"{left}_{op}_{right}")(graph, x, y)
        a, b = widened(at_edges(x, left), at_edges(y, right))
        expected = a * b if op == "dot" and not shapes[0] else OPS[op](a, b)
        assert_same(found, expected, x, y)


@pytest.mark.parametrize("reduce", ["sum", "max", "min", "mean"])
@pytest.mark.parametrize("op", ["add", "sub", "mul", "div"])
def test_every_message_is_reduced(graph: dgl.DGLGraph, op: str, reduce: str) -> None:
    for shapes in SHAPES:
        x, w = column(graph, "u", shapes[0]), column(graph, "e", shapes[1])
        found = getattr(dgl.ops, f"u_{op}_e_{reduce}")(graph, x, w)
        a, b = widened(x[SOURCE], w)
        assert_same(found, reduced(OPS[op](a, b), graph.num_dst_nodes(), reduce), x, w)


@pytest.mark.parametrize("reduce", ["sum", "max", "min", "mean"])
def test_copies_are_reduced(graph: dgl.DGLGraph, reduce: str) -> None:
    x, w = column(graph, "u", (2, 3)), column(graph, "e", ())
    count = graph.num_dst_nodes()
    assert_same(getattr(dgl.ops, f"copy_u_{reduce}")(graph, x), reduced(x[SOURCE], count, reduce), x)
    assert_same(getattr(dgl.ops, f"copy_e_{reduce}")(graph, w), reduced(w, count, reduce), w)


def test_copies_reach_edges(graph: dgl.DGLGraph) -> None:
    for end in "uve":
        x = column(graph, end, (3,))
        assert torch.equal(getattr(dgl.ops, f"copy_{end}")(graph, x), at_edges(x, end))


def test_there_are_24_and_33_names() -> None:
    assert len(dgl.ops.spmm.BY_NAME) == 24
    assert len(dgl.ops.sddmm.BY_NAME) + len(("copy_u", "copy_v", "copy_e")) == 33
    assert all(dgl.ops.u_mul_e_sum.__name__ in text for text in ("u_mul_e_sum", repr(dgl.ops.u_mul_e_sum)))


def test_both_operands_may_be_of_one_end() -> None:
    g, x = dgl.graph((SOURCE, TARGET)), torch.rand(4, 2)
    assert torch.equal(dgl.ops.gsddmm(g, "add", x, 2 * x, "u", "src"), 3 * x[SOURCE])


def test_integers_and_mixed_dtypes_are_taken() -> None:
    g, x = dgl.graph((SOURCE, TARGET)), torch.arange(8).view(4, 2)
    assert torch.equal(dgl.ops.u_sub_v(g, x, x), x[SOURCE] - x[TARGET])
    assert dgl.ops.u_mul_e_sum(g, x.float(), torch.ones(7, dtype=torch.float64)).dtype is torch.float64


def test_a_legitimate_infinity_stays() -> None:
    g = dgl.graph(([0, 1], [2, 2]))
    assert dgl.ops.copy_u_max(g, torch.tensor([float("inf"), 1.0, 2.0])).tolist() == [0, 0, float("inf")]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda g, x, w: dgl.ops.gspmm(g, "mul", "sum", x[:3], w), ShapeError),
        (lambda g, x, w: dgl.ops.gspmm(g, "mul", "sum", None, w), OptionError),
        (lambda g, x, w: dgl.ops.gspmm(g, "dot", "sum", x, w), OptionError),
        (lambda g, x, w: dgl.ops.gspmm(g, "mul", "prod", x, w), OptionError),
        (lambda g, x, w: dgl.ops.gsddmm(g, "add", x, x, "q", "v"), OptionError),
        (lambda g, x, w: dgl.ops.gsddmm(g, "pow", x, x), OptionError),
        (lambda g, x, w: dgl.ops.edge_softmax(g, w[:3]), ShapeError),
        (lambda g, x, w: dgl.ops.edge_softmax(g, w, norm_by="both"), OptionError),
        (lambda g, x, w: dgl.ops.edge_softmax(g, w[:1], eids=torch.tensor([99])), IndexError),
        (lambda g, x, w: dgl.ops.segment_reduce(torch.tensor([2, 1]), x), ShapeError),
        (lambda g, x, w: dgl.ops.segment_reduce([2, 2], x), OptionError),
        (lambda g, x, w: dgl.ops.segment_reduce(torch.tensor([2, 2]), x, "prod"), OptionError),
        (lambda g, x, w: dgl.ops.segment_mm(x, torch.ones(2, 2, 3), torch.tensor([2, 1])), ShapeError),
        (lambda g, x, w: dgl.ops.gather_mm(x, torch.ones(2, 2, 3), idx_b=torch.tensor([0, 1, 2, 0])), IdError),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Callable[..., object], error: type[Exception]) -> None:
    with pytest.raises(error):
        call(dgl.graph((SOURCE, TARGET)), torch.rand(4, 2), torch.rand(7))


# By type


@pytest.fixture
def typed() -> dgl.DGLGraph:
    """Two edge types reach items, the first of them without edges; one reaches users."""
    return dgl.heterograph(
        {("i", "a", "i"): ([], []), ("u", "b", "i"): ([0, 1, 1], [1, 2, 2]), ("u", "c", "i"): ([0, 1], [1, 3]),
         ("i", "d", "u"): ([1], [2])},
        num_nodes_dict={"u": 3, "i": 4},
    )  # fmt: skip


def test_typed_results_add_up_though_the_first_edge_type_is_empty(typed: dgl.DGLGraph) -> None:
    items, users = torch.tensor([0.0, 10, 20, 30]), torch.tensor([-1.0, -2, -3])
    assert typed.ntypes == ["i", "u"]
    to_items, to_users = dgl.ops.copy_u_sum(typed, (items, users))
    assert to_items.tolist() == [0, -2, -4, -2]
    assert to_users.tolist() == [0, 0, 10]
    to_items, to_users = dgl.ops.u_mul_e_max(
        typed, (items, users), (torch.ones(0), torch.ones(1), torch.ones(3), torch.rand(2))
    )
    assert to_items[2].item() == -2  # not the 0 of the types that bring nothing
    assert to_items[0].item() == 0


def test_typed_maxima_pass_the_gradient_to_the_first_type_of_equals(typed: dgl.DGLGraph) -> None:
    weights = [torch.zeros(count, requires_grad=True) for count in (0, 1, 3, 2)]
    dgl.ops.copy_e_max(typed, tuple(weights))[0].sum().backward()
    assert weights[2].grad.tolist() == [1, 1, 0]
    assert weights[3].grad.tolist() == [0, 1]


def test_typed_edges_combine_by_type(typed: dgl.DGLGraph) -> None:
    items, users = torch.tensor([0.0, 10, 20, 30]), torch.tensor([-1.0, -2, -3])
    found = dgl.ops.u_add_v(typed, (items, users), (items, users))
    assert [x.tolist() for x in found] == [[], [7], [9, 18, 18], [9, 28]]
    only_users = dgl.heterograph({("u", "b", "i"): ([0], [0]), ("u", "c", "i"): ([1], [0])})
    assert dgl.ops.copy_u_sum(only_users, (None, users[:2]))[1].shape == (0,)


def test_a_typed_block_takes_sources_and_targets_of_their_own() -> None:
    block = dgl.create_block({("i", "s", "i"): ([0, 2], [0, 1]), ("u", "r", "i"): ([0, 1], [0, 0])},
                             {"i": 3, "u": 2}, {"i": 2, "u": 1})  # fmt: skip
    items, users = torch.tensor([1.0, 2, 3]), torch.tensor([10.0, 20])
    assert dgl.ops.copy_u_sum(block, (items, users))[0].tolist() == [31, 3]
    found = dgl.ops.u_sub_v(block, (items, users), (torch.tensor([1.0, 2]), torch.zeros(1)))
    assert [x.tolist() for x in found] == [[0, 1], [9, 19]]


def test_typed_arguments_that_do_not_fit_are_refused(typed: dgl.DGLGraph) -> None:
    x = torch.ones(4)
    for data in (x, (x,), {"i": x}):
        with pytest.raises(OptionError, match="a tuple with a tensor for each of"):
            dgl.ops.copy_u_sum(typed, data)
    with pytest.raises(OptionError, match="multi_update_all"):
        dgl.ops.copy_u_mean(typed, (x, x[:3]))


# Softmax


@pytest.mark.parametrize("norm_by", ["dst", "src"])
def test_softmax_is_over_the_edges_that_share_an_end(graph: dgl.DGLGraph, norm_by: str) -> None:
    score = torch.randn(7, 2, 1, dtype=torch.float64, requires_grad=True)
    end = TARGET if norm_by == "dst" else SOURCE
    expected = torch.empty_like(score)
    parts = {int(i): score[end == i].softmax(0) for i in end.unique()}
    expected = torch.stack([parts[int(i)][(end[:e] == i).sum()] for e, i in enumerate(end)])
    assert_same(dgl.ops.edge_softmax(graph, score, norm_by=norm_by), expected, score)
    assert dgl.nn.functional.edge_softmax is dgl.nn.pytorch.edge_softmax is dgl.ops.edge_softmax


def test_softmax_over_some_edges_ignores_the_others(graph: dgl.DGLGraph) -> None:
    score = torch.randn(3, dtype=torch.float64, requires_grad=True)
    found = dgl.ops.edge_softmax(graph, score, eids=torch.tensor([4, 2, 1]))
    expected = torch.stack(
        [score[[0, 2]].softmax(0)[0], torch.ones((), dtype=torch.float64), score[[0, 2]].softmax(0)[1]]
    )
    assert_same(found, expected, score)


@pytest.mark.parametrize("norm_by", ["dst", "src"])
def test_softmax_is_shared_by_edges_of_all_types(typed: dgl.DGLGraph, norm_by: str) -> None:
    scores = {name: torch.randn(typed.num_edges(name), 2, dtype=torch.float64).sub_(800).requires_grad_()
              for name in typed.canonical_etypes}  # fmt: skip
    found = dgl.ops.edge_softmax(typed, scores, norm_by=norm_by)
    assert list(found) == typed.canonical_etypes
    keys = {}
    for name, x in scores.items():
        end = typed.edges(etype=name)[1 if norm_by == "dst" else 0]
        for e, node in enumerate(end.tolist()):
            keys.setdefault((name[2 if norm_by == "dst" else 0], node), []).append((name, e, x))
    expected = {name: x.clone() for name, x in scores.items()}
    for members in keys.values():
        share = torch.stack([x[e] for _, e, x in members]).softmax(0)
        for row, (name, e, _) in zip(share, members, strict=True):
            expected[name][e] = row
    for name in scores:
        torch.testing.assert_close(found[name], expected[name])
    inputs = [scores[name] for name in scores if scores[name].shape[0]]
    weight = {name: torch.rand_like(x) for name, x in found.items()}
    grads = [torch.autograd.grad(sum((x[name] * weight[name]).sum() for name in x), inputs) for x in (found, expected)]
    for a, b in zip(*grads, strict=True):
        torch.testing.assert_close(a, b)


def test_softmax_by_relation_and_of_some_edges_of_types(typed: dgl.DGLGraph) -> None:
    empty = torch.zeros(0)
    found = dgl.ops.edge_softmax(typed, {"a": empty, "b": torch.zeros(1), "c": torch.zeros(1), "d": empty},
                                 eids={"a": empty.long(), "b": torch.tensor([0]), "c": [0], "d": []})  # fmt: skip
    assert found["u", "b", "i"].tolist() == found["u", "c", "i"].tolist() == [0.5]
    with pytest.raises(FeatureError, match=r"a tensor for the edge type \('i', 'a', 'i'\)"):
        dgl.ops.edge_softmax(typed, {"b": torch.zeros(3)})
    with pytest.raises(OptionError, match="a mapping with logits"):
        dgl.ops.edge_softmax(typed, torch.zeros(3))


# Segments


def test_segments_are_reduced_normalised_and_multiplied() -> None:
    lengths, x = torch.tensor([2, 0, 3]), torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    parts = x.split([2, 0, 3])
    for reduce, one in (("sum", lambda p: p.sum(0)), ("mean", lambda p: p.mean(0)), ("max", lambda p: p.amax(0)),
                        ("min", lambda p: p.amin(0))):  # fmt: skip
        expected = torch.stack([one(part) if part.shape[0] else x.new_zeros(2) for part in parts])
        assert_same(dgl.ops.segment_reduce(lengths, x, reduce), expected, x)
    assert_same(dgl.ops.segment_softmax(lengths.int(), x), torch.cat([part.softmax(0) for part in parts]), x)
    w = torch.randn(3, 2, 4, dtype=torch.float64, requires_grad=True)
    expected = torch.cat([part @ matrix for part, matrix in zip(parts, w, strict=True)])
    assert_same(dgl.ops.segment_mm(x, w, lengths), expected, x, w)
    index = torch.tensor([2, 0, 1, 1, 2], dtype=torch.int32)
    assert_same(dgl.ops.gather_mm(x, w, idx_b=index), torch.einsum("ri,rio->ro", x, w[index.long()]), x, w)


# What messages share with them


@pytest.mark.parametrize(("reduce", "expected"), [("max", [0, -1, -4, -11]), ("min", [0, -5, -4, -11])])
def test_types_that_bring_nothing_do_not_count_in_maxima_across_types(reduce: str, expected: list[float]) -> None:
    g = dgl.heterograph({("u", "r", "i"): ([0, 1, 1], [1, 2, 2]), ("i", "s", "i"): ([0, 1], [1, 3])},
                        num_nodes_dict={"u": 3, "i": 4})  # fmt: skip
    g.nodes["u"].data["x"], g.nodes["i"].data["x"] = torch.tensor([-5.0, -4, -3]), torch.tensor([-1.0, -11, -21, -31])
    fn = dgl.function
    pair = fn.copy_u("x", "m"), getattr(fn, reduce)("m", "o")
    g.update_all(*pair)
    assert g.nodes["i"].data["o"].tolist() == expected
    g.multi_update_all({"r": pair, "s": pair}, reduce)
    assert g.nodes["i"].data["o"].tolist() == expected
    g.multi_update_all({"r": pair, "s": pair}, "sum")
    assert g.nodes["i"].data["o"].tolist() == [0, -6, -4, -11]
    with pytest.raises(OptionError, match="multi_update_all"):
        g.update_all(fn.copy_u("x", "m"), fn.mean("m", "o"))
