"""Formulas against the same formulas written with a tensor of edges, values and gradients."""

import copy
import re

import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend
from torch.nn import functional

import weft
from weft.errors import FormulaError, OptionError, ShapeError
from weft.nn import Formula

N, E = 40, 300
F64 = torch.float64


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def graph(num_edges=E):
    generator = torch.Generator().manual_seed(1)
    source, target = torch.randint(N, (2, num_edges), generator=generator)
    return weft.Graph(source, target, num_nodes=N + 3)


def ends(g):
    adjacency = g.edges.adjacency
    return adjacency.source.long(), adjacency.target.long()


def rows(g, messages, reduce):
    """The reduction with a row for each edge, in plain torch."""
    _, target = ends(g)
    out = messages.new_zeros(g.num_nodes, *messages.shape[1:])
    degree = torch.bincount(target, minlength=g.num_nodes).clamp(min=1).reshape(-1, *(1,) * (messages.dim() - 1))
    if reduce == "sum":
        return out.index_add(0, target, messages)
    if reduce in ("mean", "var", "std"):
        mean = out.index_add(0, target, messages) / degree
        if reduce == "mean":
            return mean
        var = out.index_add(0, target, (messages - mean[target]).square()) / degree
        return var if reduce == "var" else torch.where(var > 0, torch.where(var > 0, var, 1).sqrt(), 0)
    index = target.reshape(-1, *(1,) * (messages.dim() - 1)).expand_as(messages)
    return out.scatter_reduce(
        0, index, messages, {"max": "amax", "min": "amin", "mul": "prod"}[reduce], include_self=False
    )


def softmax(g, score):
    """Softmax over the edges of each target."""
    _, target = ends(g)
    index = target.reshape(-1, *(1,) * (score.dim() - 1)).expand_as(score)
    top = score.new_zeros(g.num_nodes, *score.shape[1:]).scatter_reduce(
        0, index, score.detach(), "amax", include_self=False
    )
    weight = (score - top[target]).exp()
    return weight / weight.new_zeros(g.num_nodes, *score.shape[1:]).index_add(0, target, weight)[target]


def check(g, function, given, reduce="sum", count=3):
    """`aggregate` and the same by edges: values and gradients of all tensors."""
    source, target = ends(g)
    leaves = [t.requires_grad_() for side in given.values() for t in side.values()]
    at = {"source": source, "target": target}
    by_edge = {
        side: {
            k: t if side == "edge" else t.unsqueeze(0) if side == "shared" else t[at[side]] for k, t in tensors.items()
        }
        for side, tensors in given.items()
    }
    made = function(*[by_edge.get(side, {}) for side in ("source", "target", "edge", "shared")[:count]])
    if reduce == "softmax":
        message, score = made
        weight = softmax(g, score)
        expected = rows(g, weight.reshape(*weight.shape, *(1,) * (message.dim() - weight.dim())) * message, "sum")
    else:
        expected = rows(g, made, reduce)
    found = weft.aggregate(g, weft.formula(function), reduce=reduce, **given)
    torch.testing.assert_close(found, expected)
    grad = torch.randn_like(expected)
    torch.testing.assert_close(torch.autograd.grad(found, leaves, grad), torch.autograd.grad(expected, leaves, grad))


def randn(*shape):
    return torch.randn(*shape, dtype=F64)


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min", "mul", "var", "std"])
def test_gine(reduce):
    g = graph()
    given = {"source": {"h": randn(N + 3, 5)}, "edge": {"w": randn(E, 5)}}
    check(g, lambda source, target, edge: torch.relu(source["h"] + edge["w"]), given, reduce)


def test_gat():
    g = graph()
    given = {
        "source": {"z": randn(N + 3, 4, 6), "l": randn(N + 3, 4)},
        "target": {"r": randn(N + 3, 4)},
    }
    check(g, lambda s, t, e: (s["z"], functional.leaky_relu(s["l"] + t["r"], 0.2)), given, "softmax")


def test_gatv2_with_edge_features_and_weights():
    g = graph()
    given = {
        "source": {"z": randn(N + 3, 4, 6)},
        "target": {"z": randn(N + 3, 4, 6)},
        "edge": {"f": randn(E, 4, 6), "w": randn(E, 1, 1)},
        "shared": {"a": randn(4, 6)},
    }

    def gatv2(source, target, edge, shared):
        act = functional.leaky_relu(source["z"] + target["z"] + edge["f"], negative_slope=0.2)
        return source["z"] * edge["w"], (act * shared["a"]).sum(-1)

    check(g, gatv2, given, "softmax", 4)


def test_transformer_attention():
    g = graph()
    given = {
        "source": {"k": randn(N + 3, 2, 8), "v": randn(N + 3, 2, 5)},
        "target": {"q": randn(N + 3, 2, 8)},
        "edge": {"bias": randn(E, 2)},
    }
    check(g, lambda s, t, e: (s["v"], (s["k"] * t["q"]).sum(-1) / 8**0.5 + e["bias"]), given, "softmax")


def test_softmax_of_every_feature():
    g = graph()
    given = {"source": {"h": randn(N + 3, 7)}}
    check(g, lambda s, t, e: (s["h"], 2.0 * s["h"]), given, "softmax")


def test_gated_gcn():
    g = graph()
    given = {
        "source": {"a": randn(N + 3, 6), "b": randn(N + 3, 6)},
        "target": {"d": randn(N + 3, 6)},
        "edge": {"c": randn(E, 6)},
    }
    check(g, lambda s, t, e: torch.sigmoid(s["a"] + t["d"] + e["c"]) * s["b"], given)


def test_egnn_moves_points_along_their_differences():
    g = graph()
    given = {
        "source": {"x": randn(N + 3, 3), "m": randn(N + 3, 1)},
        "target": {"x": randn(N + 3, 3)},
    }

    def moved(source, target, edge):
        away = target["x"] - source["x"]
        distance = ((away**2).sum(-1, keepdim=True) + 1e-3).sqrt()
        return away / (distance + 1) * torch.tanh(source["m"] * distance)

    check(g, moved, given, "mean")


def test_rgcn_weights_of_a_basis():
    g = graph()
    given = {"source": {"h": randn(N + 3, 3, 6)}, "edge": {"c": randn(E, 3, 1)}}
    check(g, lambda s, t, e: (s["h"] * e["c"]).sum(1), given)


def test_every_function_of_the_list():
    g = graph()
    given = {"source": {"h": randn(N + 3, 3)}, "target": {"h": randn(N + 3, 3)}}

    def formula(source, target, edge):
        a, b = source["h"], target["h"]
        first = torch.exp(-a.abs()) / (1 + b.sigmoid()) - torch.log(1.5 + torch.tanh(a * b))
        second = torch.sqrt(0.1 + torch.square(a)) * functional.relu(-b) + (2 - a) / 3 + torch.add(a, b) ** 2
        return first + 0.5 * second.unsqueeze(1).sum(1) + (a + 1).sum(-1).unsqueeze(-1) + torch.neg(b).exp()

    check(g, formula, given)


def test_several_reducers_in_one_pass_are_a_tuple_in_the_order_asked():
    g = graph()
    h = randn(N + 3, 4)
    formula = weft.formula(lambda s, t, e: s["h"] * 2)
    found = weft.aggregate(g, formula, source={"h": h}, reduce=("std", "max", "mean"))
    for name, one in zip(("std", "max", "mean"), found, strict=True):
        torch.testing.assert_close(one, rows(g, 2 * h[ends(g)[0]], name))


def test_dtypes_are_promoted_as_in_torch():
    g = graph()
    given = {"source": {"h": torch.randn(N + 3, 4)}, "edge": {"w": randn(E, 4)}}
    out = weft.aggregate(g, weft.formula(lambda s, t, e: s["h"] * e["w"]), **given)
    assert out.dtype is F64


@pytest.mark.parametrize("dynamic", [None, True])
def test_a_compiled_formula_is_the_same(dynamic):
    torch._dynamo.reset()  # the compilations of one function are counted together
    formula = weft.formula(lambda s, t, e: torch.relu(s["h"] + e["w"]))

    def step(g, h, w):
        return weft.aggregate(g, formula, source={"h": h}, edge={"w": w}, reduce=("mean", "std"))

    compiled = torch.compile(step, fullgraph=True, backend="aot_eager", dynamic=dynamic)
    for num_edges, width in ((E, 4), (E + 50, 4), (20, 6)):
        g, h, w = graph(num_edges), torch.randn(N + 3, width, requires_grad=True), torch.randn(num_edges, width)
        torch.testing.assert_close(compiled(g, h, w), step(g, h, w))
        expected, found = (torch.autograd.grad(torch.cat(f(g, h, w)).square().sum(), h) for f in (step, compiled))
        torch.testing.assert_close(found, expected)


def test_ten_graphs_of_different_sizes_compile_at_most_twice():
    torch._dynamo.reset()
    formula = weft.formula(lambda s, t, e: torch.relu(s["h"] + e["w"]))
    counter = CompileCounterWithBackend("aot_eager")

    @torch.compile(fullgraph=True, backend=counter)
    def step(g, h, w):
        return weft.aggregate(g, formula, source={"h": h}, edge={"w": w}, reduce="mean")

    for num_edges in range(40, 80, 4):
        g = graph(num_edges)
        _ = g.adjacency.by_target
        step(g, torch.randn(N + 3, 4), torch.randn(num_edges, 4))
    assert counter.frame_count <= 2


def test_a_copy_of_a_layer_keeps_its_formula():
    layer = torch.nn.Module()
    layer.message = weft.formula(lambda s, t, e: s["h"])
    copied = copy.deepcopy(layer).message
    del layer
    h = torch.ones(N + 3, 1)
    assert torch.equal(
        weft.aggregate(graph(), copied, source={"h": h}, reduce="max"), (rows(graph(), h[ends(graph())[0]], "max"))
    )


def test_a_graph_without_edges_gives_zeros():
    g = weft.Graph(torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int64), num_nodes=3)
    h = torch.randn(3, 2, requires_grad=True)
    out = weft.aggregate(g, weft.formula(lambda s, t, e: (s["h"], s["h"])), source={"h": h}, reduce="softmax")
    assert torch.equal(out, torch.zeros(3, 2))
    out.sum().backward()
    assert torch.equal(h.grad, torch.zeros(3, 2))


CAPTURED, LINEAR = torch.ones(3), torch.nn.Linear(2, 2)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda s, t, e: s["h"] * CAPTURED, "every tensor by name"),
        (lambda s, t, e: torch.add(CAPTURED, s["h"]), "every tensor by name"),
        (lambda s, t, e: LINEAR(s["h"]), "every tensor by name"),
        (LINEAR, 'a function, got the module Linear; hint: shared={"mlp": module}'),
        (lambda s, t, e: 3.0, "returns a message"),
        (lambda a, b, c, d, e: a["h"], "5 arguments"),
    ],
)
def test_what_is_no_formula_is_named(function, text):
    with pytest.raises(FormulaError, match=text):
        Formula(function)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda s, t, e: torch.fft.fft(s["h"]), r"the function fft_fft\(\)"),
        (lambda s, t, e: s["h"].cumsum(0), r"the method cumsum\(\)"),
        (lambda s, t, e: s["h"] if s["h"] > 0 else t["h"], "a comparison"),
        (lambda s, t, e: s["h"] ** 3, "the power 3"),
        (lambda s, t, e: s["h"] * "x", "a str among values"),
        (lambda s, t, e: s["h"] @ e["w"], "a matrix product"),
        (lambda s, t, e: s["h"][:, :2], "an index into a value"),
        (lambda s, t, e: sum(s["h"]), "a loop over a value"),
        (lambda s, t, e, shared: shared["mlp"](s["h"]), "a call of shared.mlp"),
        (lambda s, t, e: torch.cat([s["h"], t["h"]], -1), r"the function cat\(\)"),
        (lambda s, t, e: torch.ones(len(s["h"])), "has no len"),
    ],
)
def test_what_no_step_does_is_named(function, text):
    assert re.search(text, Formula(function).why_untraced)


@pytest.mark.parametrize(
    ("function", "options", "error", "text"),
    [
        (lambda s, t, e: s["k"], {}, FormulaError, r'reads source\["k"\], but the tensors given for source are: \'h\''),
        (lambda s, t, e: s["h"] * e["w"], {}, FormulaError, r"unsqueeze\(-1\)"),
        (lambda s, t, e: s["h"].sum(0), {}, FormulaError, "`dim` of sum"),
        (lambda s, t, e: s["h"], {"reduce": "median"}, OptionError, "sum, mean, max"),
        (lambda s, t, e: s["h"], {"reduce": "softmax"}, OptionError, "message and score"),
        (lambda s, t, e: (s["h"], s["h"]), {"reduce": "sum"}, OptionError, "message and score"),
        (lambda s, t, e: (s["h"], s["h"].unsqueeze(1)), {"reduce": "softmax"}, FormulaError, "a score for each head"),
        (
            lambda s, t, e: t["short"],
            {"target": {"short": torch.ones(3, 2)}},
            ShapeError,
            "a row for each of 43 targets",
        ),
        (lambda s, t, e: s["h"], {"weight": torch.ones(E)}, OptionError, "a formula or `weight`"),
    ],
)
def test_what_does_not_fit_is_named(function, options, error, text):
    given = {"source": {"h": torch.ones(N + 3, 2)}, "edge": {"w": torch.ones(E)}, **options}
    with pytest.raises(error, match=text):
        weft.aggregate(graph(), weft.formula(function), **given)


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min"])
@pytest.mark.parametrize(
    ("shape", "kernel"), [((1, 1), "spmm"), ((4, 1), "spmm"), ((4, 6), "spmm"), ((1, 6), "pass_messages")]
)
def test_weighted_rows_run_on_their_own_kernel(shape, kernel, reduce):
    g = graph()
    given = {"source": {"h": randn(N + 3, 4, 6)}, "edge": {"w": randn(E, *shape)}}

    def function(source, target, edge):
        return source["h"] * edge["w"]

    assert weft.explain_plan(g, weft.formula(function), reduce=reduce, **given).startswith(kernel + ":")
    check(g, function, given, reduce)


def gat(s, t, e):
    return s["z"], functional.leaky_relu(s["l"] + t["r"], 0.1)


def gatv2(s, t, e, shared):
    return s["z"], (shared["a"] * functional.leaky_relu(t["x"] + s["z"], 0.3)).sum(-1)


def dot(s, t, e):
    return s["z"], 0.5 * (s["z"] * t["x"]).sum(2) / 4


def gat_of_edges(s, t, e):
    return s["z"] * e["w"], e["b"] + functional.leaky_relu(t["r"] + s["l"])


def gatv2_of_edges(s, t, e, shared):
    return e["w"] * s["z"], (functional.leaky_relu(s["z"] + t["x"]) * shared["a"]).sum(-1) + e["b"]


def dot_of_edges(s, t, e):
    return s["z"] * e["c"], (t["x"] * s["z"]).sum(-1) * 2 + e["b"]


def other_value(s, t, e, shared):
    return s["z"], (functional.leaky_relu(s["y"] + t["x"]) * shared["a"]).sum(-1)


def two_sources(s, t, e):
    return s["z"], (s["z"] * s["y"]).sum(-1)


def inverse(s, t, e):
    return s["z"], 2 / (s["z"] * t["x"]).sum(-1)


def summed_elsewhere(s, t, e):
    return s["u"], (s["u"] * t["v"]).sum(1)


@pytest.mark.parametrize(
    ("function", "kernel"),
    [
        (gat, "gat_attention"), (gatv2, "gatv2_attention"), (dot, "dot_attention"), (gat_of_edges, "gat_attention"),
        (gatv2_of_edges, "gatv2_attention"), (dot_of_edges, "dot_attention"), (other_value, "pass_messages"),
        (two_sources, "pass_messages"), (inverse, "pass_messages"), (summed_elsewhere, "pass_messages"),
    ],
)  # fmt: skip
def test_attention_runs_on_the_operator_that_knows_it(function, kernel):
    g, n = graph(), N + 3
    given = {
        "source": {"z": randn(n, 4, 6), "y": randn(n, 4, 6), "l": randn(n, 4), "u": randn(n, 4, 4)},
        "target": {"x": randn(n, 4, 6), "r": randn(n, 4), "v": randn(n, 4, 4)},
        "edge": {"w": randn(E, 4, 1), "c": randn(E, 1, 1), "b": randn(E, 4)},
    }
    given["shared"] = {"a": randn(4, 6)}
    read = function.__code__.co_consts
    given = {side: {k: x for k, x in tensors.items() if k in read} for side, tensors in given.items()}
    text = weft.explain_plan(g, weft.formula(function), reduce="softmax", **given)
    assert text.startswith(kernel + ":")
    check(g, function, given, "softmax", function.__code__.co_argcount)


def test_the_plan_tells_the_program_and_its_bytes():
    formula = weft.formula(lambda s, t, e: torch.relu(s["h"] + t["h"]))
    given = {"source": {"h": torch.ones(N + 3, 16)}, "target": {"h": torch.ones(N + 3, 16)}}
    text = weft.explain_plan(graph(), formula, reduce="mean", **given)
    assert "source:16 target:16 | add 0 1; relu 2 | mean 3" in text
    assert "a tensor of messages would be 18.75 KiB" in text
