"""Formulas that run in chunks against the same formulas with a tensor of edges, whatever the budget."""

import warnings
import weakref

import pytest
import torch
from torch import nn
from torch.nn import functional

import weft
from weft.errors import DtypeError, FormulaError, GradientError, OptionError, WeftWarning

N, E, WIDTH = 40, 300, 5
F64 = torch.float64
WHOLE, FEW, TINY = 2**26, 20_000, 1  # one chunk, about twenty, one for each edge
REDUCERS = ("sum", "mean", "max", "min", "mul", "var", "std")


@pytest.fixture(autouse=True)
def _native():
    torch.manual_seed(0)
    with weft.ops.using("native"):
        yield


def graph(num_edges=E):
    generator = torch.Generator().manual_seed(1)
    source, target = torch.randint(N, (2, num_edges), generator=generator)
    target[: num_edges // 3] = 7  # a hub, which small chunks cut
    return weft.Graph(source, target, num_nodes=N + 3)


def ends(g):
    return g.edges.adjacency.source.long(), g.edges.adjacency.target.long()


def rows(g, messages, reduce):
    """The reduction target by target, in plain torch."""
    _, target = ends(g)
    functions = {
        "sum": lambda x: x.sum(0),
        "mean": lambda x: x.mean(0),
        "max": lambda x: x.amax(0),
        "min": lambda x: x.amin(0),
        "mul": lambda x: x.prod(0),
        "var": lambda x: x.var(0, correction=0),
        "std": lambda x: x.std(0, correction=0) if len(x) > 1 else 0 * x.sum(0),
    }
    function = functions.get(reduce, reduce)
    one = function(messages[target == target[0]])
    parts = [messages[target == i] for i in range(g.num_nodes)]
    return torch.stack([function(part) if len(part) else torch.zeros_like(one) for part in parts])


def agree(found, expected, leaves):
    """Values and gradients of all leaves."""
    torch.testing.assert_close(found, expected)
    grad = torch.randn_like(expected)
    torch.testing.assert_close(
        torch.autograd.grad(found, leaves, grad, retain_graph=True),
        torch.autograd.grad(expected, leaves, grad, retain_graph=True),
    )


def randn(*shape):
    return torch.randn(*shape, dtype=F64, requires_grad=True)


def edge_conv(source, target, edge, shared):
    """EdgeConv: a network of the target and the difference."""
    return shared["mlp"](torch.cat([target["h"], source["h"] - target["h"]], -1))


class EdgeConv:
    """EdgeConv on a graph, in chunks and with all messages."""

    def __init__(self, num_edges=E):
        self.graph, self.h = graph(num_edges), randn(N + 3, 4)
        self.mlp = nn.Sequential(nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, WIDTH)).double()
        self.leaves = [self.h, *self.mlp.parameters()]
        self.given = {"source": {"h": self.h}, "target": {"h": self.h}, "shared": {"mlp": self.mlp}}

    def messages(self):
        source, target = ends(self.graph)
        return self.mlp(torch.cat([self.h[target], self.h[source] - self.h[target]], -1))

    def run(self, budget, reduce="sum", function=edge_conv):
        return weft.aggregate(self.graph, weft.formula(function, chunk_bytes=budget), reduce=reduce, **self.given)


@pytest.mark.parametrize("reduce", REDUCERS)
@pytest.mark.parametrize("budget", [WHOLE, FEW, TINY])
def test_edge_conv(budget, reduce):
    case = EdgeConv(E if budget != TINY else 60)
    agree(case.run(budget, reduce), rows(case.graph, case.messages(), reduce), case.leaves)


@pytest.mark.parametrize("budget", [WHOLE, FEW])
def test_principal_neighbourhood_aggregation_is_a_tuple_in_one_pass(budget):
    case, names = EdgeConv(), ("mean", "max", "min", "std")
    found = case.run(budget, names)
    agree(torch.cat(found, 1), torch.cat([rows(case.graph, case.messages(), name) for name in names], 1), case.leaves)


def test_a_result_that_is_not_used_costs_no_gradient_of_its_own():
    case = EdgeConv()
    _, found, _ = case.run(FEW, ("max", "min", "var"))
    agree(found, rows(case.graph, case.messages(), "min"), case.leaves)


def test_products_with_one_and_with_several_zeros_in_a_row():
    case = EdgeConv()
    scale = torch.ones(E, 1, dtype=F64)
    scale[[0, 150, 151, 290]] = 0
    case.given["edge"] = {"scale": scale}

    def function(source, target, edge, shared):
        return edge_conv(source, target, edge, shared) * edge["scale"]

    agree(case.run(FEW, "mul", function), rows(case.graph, case.messages() * scale, "mul"), case.leaves)


@pytest.mark.parametrize("budget", [WHOLE, FEW])
def test_nn_conv_has_a_matrix_for_each_edge(budget):
    g, h, features = graph(), randn(N + 3, 4), randn(E, 3)
    net = nn.Linear(3, 4 * WIDTH).double()

    def nn_conv(source, target, edge, shared):
        matrix = shared["net"](edge["f"]).view(-1, 4, WIDTH)
        return torch.bmm(source["h"].unsqueeze(1), matrix).squeeze(1)

    formula = weft.formula(nn_conv, chunk_bytes=budget)
    found = weft.aggregate(g, formula, reduce="mean", source={"h": h}, edge={"f": features}, shared={"net": net})
    messages = torch.einsum("ei,eio->eo", h[ends(g)[0]], net(features).view(E, 4, WIDTH))
    agree(found, rows(g, messages, "mean"), [h, features, *net.parameters()])


@pytest.mark.parametrize("budget", [WHOLE, FEW])
def test_rgcn_picks_a_matrix_by_the_type_of_the_edge(budget):
    g, h, weight, kind = graph(), randn(N + 3, 4), randn(6, 4, WIDTH), torch.randint(6, (E,))

    def rgcn(source, target, edge, shared):
        return torch.einsum("ei,eio->eo", source["h"], shared["weight"][edge["kind"]])

    formula = weft.formula(rgcn, chunk_bytes=budget)
    found = weft.aggregate(g, formula, source={"h": h}, edge={"kind": kind}, shared={"weight": weight})
    messages = torch.stack([h[j] @ weight[k] for j, k in zip(ends(g)[0], kind, strict=True)])
    agree(found, rows(g, messages, "sum"), [h, weight])


def attended(g, message, score):
    """The sum weighted by a softmax over the edges of each target."""
    parts = [(message[ends(g)[1] == i], score[ends(g)[1] == i]) for i in range(g.num_nodes)]
    return torch.stack([(m * s.softmax(0)).sum(0) for m, s in parts])


@pytest.mark.parametrize("budget", [WHOLE, FEW, TINY])
def test_attention_of_heads(budget):
    g = graph(E if budget != TINY else 60)
    h, weight, a = randn(N + 3, 2, 6), randn(2, 12, 4), randn(2, 4)

    def gatv2(source, target, edge, shared):
        z = torch.einsum("ehi,hio->eho", torch.cat([source["h"], target["h"]], -1), shared["weight"])
        return z, (functional.elu(z) * shared["a"]).sum(-1)

    found = weft.aggregate(
        g, weft.formula(gatv2, chunk_bytes=budget), reduce="softmax",
        source={"h": h}, target={"h": h}, shared={"weight": weight, "a": a},
    )  # fmt: skip
    source, target = ends(g)
    z = torch.einsum("ehi,hio->eho", torch.cat([h[source], h[target]], -1), weight)
    agree(found, attended(g, z, (functional.elu(z) * a).sum(-1, keepdim=True)), [h, weight, a])


@pytest.mark.parametrize("budget", [WHOLE, FEW])
def test_traced_formulas_mean_the_same_in_chunks(budget, monkeypatch):
    monkeypatch.setattr(weft.nn._plan, "MAX_OPERANDS", 0)
    g = graph()
    given = {
        "source": {"x": randn(N + 3, 2, 3), "u": randn(N + 3, 2)},
        "target": {"x": randn(N + 3, 2, 3)},
        "edge": {"c": randn(E, 2, 1)},
        "shared": {"a": randn(2, 3), "s": randn(2)},
    }

    def function(source, target, edge, shared):
        gate = torch.sigmoid(source["x"] + target["x"] * shared["a"])
        far = (source["x"] - target["x"]).square().sum(2, keepdim=True).sqrt()
        return gate * edge["c"] / (1 + far) + (source["u"] * shared["s"]).unsqueeze(2) * shared["s"].unsqueeze(2)

    formula = weft.formula(function, chunk_bytes=budget)
    assert "program at most 0" in weft.explain_plan(g, formula, **given)
    found = weft.aggregate(g, formula, reduce="mean", **given)
    monkeypatch.undo()
    assert weft.explain_plan(g, formula, **given).startswith("pass_messages:")
    leaves = [x for side in given.values() for x in side.values()]
    agree(found, weft.aggregate(g, formula, reduce="mean", **given), leaves)


def test_more_tensors_than_a_program_reads_run_in_chunks():
    g, tensors = graph(), {f"h{i}": randn(N + 3, 2) for i in range(13)}

    def function(source, target, edge):
        return torch.relu(sum(source[f"h{i}"] for i in range(13)))

    formula = weft.formula(function)
    assert "it reads 13 tensors, and a program at most 12" in weft.explain_plan(g, formula, source=tensors)
    messages = torch.relu(sum(tensors.values()))[ends(g)[0]]
    agree(weft.aggregate(g, formula, source=tensors), rows(g, messages, "sum"), list(tensors.values()))
    few = {name: tensors[name] for name in list(tensors)[:10]}
    formula = weft.formula(lambda s, t, e: sum(s[name].exp() for name in few))
    options = {"source": few, "reduce": ("mean", "var", "mul")}
    assert "its gradient reads up to 16 tensors" in weft.explain_plan(g, formula, **options)
    with torch.no_grad():
        assert weft.explain_plan(g, formula, **options).startswith("pass_messages:")
    names = options["reduce"]
    messages = sum(x.exp() for x in few.values())[ends(g)[0]]
    expected = torch.cat([rows(g, messages, name) for name in names], 1)
    agree(torch.cat(weft.aggregate(g, formula, **options), 1), expected, list(few.values()))


@pytest.mark.parametrize("budget", [WHOLE, FEW, TINY])
def test_a_reducer_of_ones_own_gets_the_messages_of_targets_of_one_degree(budget):
    case = EdgeConv()

    def second_largest(mailbox):
        return mailbox.sort(1, descending=True).values[:, min(1, mailbox.shape[1] - 1)]

    expected = rows(case.graph, case.messages(), lambda x: second_largest(x.unsqueeze(0)).squeeze(0))
    agree(case.run(budget, second_largest), expected, case.leaves)


def test_a_reducer_may_call_a_shared_network_on_messages_in_the_order_of_edges():
    case, lstm = EdgeConv(), nn.LSTM(WIDTH, 3, batch_first=True).double()
    case.given["shared"]["lstm"] = lstm
    expected = rows(case.graph, case.messages(), lambda x: lstm(x.unsqueeze(0))[1][0][0, 0])
    found = case.run(FEW, lambda mailbox, shared: shared["lstm"](mailbox)[1][0][0])
    agree(found, expected, [*case.leaves, *lstm.parameters()])


@pytest.mark.parametrize("budget", [WHOLE, FEW])
def test_values_of_edges_are_kept_by_edge_id(budget):
    case = EdgeConv()
    formula = weft.formula(edge_conv, chunk_bytes=budget)
    agree(weft.apply_edges(case.graph, formula, **case.given), case.messages(), case.leaves)


def test_values_of_edges_as_a_program():
    g, x = graph(), randn(N + 3, 3)
    formula = weft.formula(lambda s, t, e: (s["x"] - t["x"], (s["x"] * t["x"]).sum(-1)))
    given = {"source": {"x": x}, "target": {"x": x}}
    assert weft.explain_plan(g, formula, reduce=None, **given).startswith("pass_messages: source:3 target:3 |")
    apart, product = weft.apply_edges(g, formula, **given)
    source, target = ends(g)
    agree(apart, x[source] - x[target], [x])
    agree(product, (x[source] * x[target]).sum(-1), [x])


@pytest.mark.parametrize("reduce", ["max", "min"])
def test_the_budget_does_not_change_a_bit_of_max_and_min(reduce):
    g, h = graph(), randn(N + 3, 3)
    whole, cut = (
        weft.aggregate(
            g, weft.formula(lambda s, t, e: torch.erf(s["h"]), chunk_bytes=budget), reduce=reduce, source={"h": h}
        )
        for budget in (WHOLE, TINY)
    )
    assert torch.equal(whole, cut)


@pytest.mark.parametrize("budget", [WHOLE, TINY])
def test_of_equal_values_the_edge_of_lowest_id_gets_the_gradient(budget):
    g = weft.Graph([0, 1, 2, 3], [1, 1, 1, 1], num_nodes=4)
    h = torch.tensor([[0.5], [2.0], [2.0], [float("nan")]], requires_grad=True)
    keep = torch.tensor([[1.0], [1.0], [1.0], [0.0]])
    formula = weft.formula(lambda s, t, e: torch.where(e["keep"] > 0, s["h"], 0 * e["keep"]), chunk_bytes=budget)
    out = weft.aggregate(g, formula, reduce="max", source={"h": h}, edge={"keep": keep})
    (grad,) = torch.autograd.grad(out.sum(), h)
    assert grad.flatten().tolist() == [0, 1, 0, 0]
    out = weft.aggregate(
        g, weft.formula(lambda s, t, e: torch.erf(s["h"]), chunk_bytes=budget), reduce="max", source={"h": h}
    )
    assert out[1].isnan()


@pytest.mark.parametrize("needs", [(True, False, False), (False, True, False), (False, False, True)])
def test_any_subset_of_tensors_may_want_a_gradient(needs):
    case = EdgeConv()
    h_source, h_target = (case.h.detach().clone().requires_grad_(need) for need in needs[:2])
    case.mlp.requires_grad_(needs[2])
    given = {"source": {"h": h_source}, "target": {"h": h_target}, "shared": {"mlp": case.mlp}}
    found = weft.aggregate(case.graph, weft.formula(edge_conv, chunk_bytes=FEW), **given)
    source, target = ends(case.graph)
    messages = case.mlp(torch.cat([h_target[target], h_source[source] - h_target[target]], -1))
    leaves = [x for x in (h_source, h_target, *case.mlp.parameters()) if x.requires_grad]
    agree(found, rows(case.graph, messages, "sum"), leaves)


def test_a_graph_without_edges_gives_zeros():
    g = weft.Graph(torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int64), num_nodes=3)
    h, linear = torch.randn(3, 2, requires_grad=True), nn.Linear(2, 4)
    formula = weft.formula(lambda s, t, e, shared: shared["linear"](s["h"]))
    for reduce in ("std", lambda mailbox: mailbox[:, 0]):
        out = weft.aggregate(g, formula, reduce=reduce, source={"h": h}, shared={"linear": linear})
        assert torch.equal(out, torch.zeros(3, 4))
    assert weft.apply_edges(g, formula, source={"h": h}, shared={"linear": linear}).shape == (0, 4)


@pytest.mark.parametrize(("reduce", "num_edges"), [("sum", 20), ("max", 4 * E)])
def test_dropout_is_drawn_again_in_backward(reduce, num_edges):
    case = EdgeConv(num_edges)
    case.mlp.append(nn.Dropout(0.5))

    def run(h):
        torch.manual_seed(3)
        given = {"source": {"h": h}, "target": {"h": h}, "shared": {"mlp": case.mlp}}
        return weft.aggregate(case.graph, weft.formula(edge_conv, chunk_bytes=FEW), reduce=reduce, **given)

    torch.autograd.gradcheck(run, (case.h,), fast_mode=True)
    out = run(case.h)
    before = torch.get_rng_state()
    out.sum().backward()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("reduce", ["sum", ("max", "mean", "std"), lambda mailbox: mailbox.amax(1)])
def test_what_fits_is_kept_until_backward_and_computed_again_for_a_second_one(reduce):
    case, made = EdgeConv(), []
    case.mlp.append(nn.Dropout(0.5))

    def watched(source, target, edge, shared):
        message = edge_conv(source, target, edge, shared)
        made.append(weakref.ref(message))
        return message

    given = {"source": {"h": case.h}, "target": {"h": case.h}, "shared": {"mlp": case.mlp}}
    for budget, is_kept in ((WHOLE, True), (FEW, False)):
        found = weft.aggregate(case.graph, weft.formula(watched, chunk_bytes=budget), reduce=reduce, **given)
        total = sum(part.square().sum() for part in (found if isinstance(found, tuple) else (found,)))
        in_forward = len(made)
        assert (made[-1]() is not None) == is_kept
        first = torch.autograd.grad(total, case.leaves, retain_graph=True)
        assert made[in_forward - 1]() is None
        assert (len(made) == in_forward) == is_kept
        again = torch.autograd.grad(total, case.leaves, retain_graph=True)
        assert len(made) > in_forward
        assert all(torch.equal(x, y) for x, y in zip(first, again, strict=True))
        (of_h,) = torch.autograd.grad(total, case.h)
        assert torch.equal(of_h, first[0])


@pytest.mark.parametrize(
    ("reduce", "used", "is_narrowed"),
    [("max", 0, True), ("min", 0, True), (("mean", "min"), 1, True), (("mean", "min"), 0, False), ("sum", 0, False)],
)
@pytest.mark.parametrize("orders", [False, True])
def test_backward_computes_again_what_gets_a_gradient(reduce, used, is_narrowed, orders):
    """A hub has as many highest messages as there are features, at most: here fewer than half of the edges."""
    case, counts = EdgeConv(4 * E), []
    if orders:
        source, target = ends(case.graph)
        case.graph = weft.Graph(source, target.sort().values, num_nodes=N + 3)

    def watched(source, target, edge, shared):
        counts.append(source["h"].shape[0])
        return edge_conv(source, target, edge, shared)

    given = {"source": {"h": case.h}, "target": {"h": case.h}, "shared": {"mlp": case.mlp}}
    found = weft.aggregate(case.graph, weft.formula(watched, chunk_bytes=FEW), reduce=reduce, **given)
    found, name = (found[used], reduce[used]) if isinstance(found, tuple) else (found, reduce)
    expected = rows(case.graph, case.messages(), name)
    torch.testing.assert_close(found, expected)
    grad, before = torch.randn_like(expected), len(counts)
    gradients = torch.autograd.grad(found, case.leaves, grad)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, case.leaves, grad))
    assert (sum(counts[before:]) < 2 * E) == is_narrowed
    assert sum(counts[before:]) == 4 * E or is_narrowed


def test_second_derivatives_are_right_and_say_what_they_cost():
    case = EdgeConv(30)

    def run(h, budget=WHOLE):
        given = {"source": {"h": h}, "target": {"h": h}, "shared": {"mlp": case.mlp}}
        return weft.aggregate(case.graph, weft.formula(edge_conv, chunk_bytes=budget), reduce="std", **given)

    torch.autograd.gradgradcheck(run, (case.h,), fast_mode=True)
    with pytest.warns(WeftWarning, match="keeps all edges"):
        (grad,) = torch.autograd.grad(run(case.h, FEW // 4).sum(), case.h, create_graph=True)
    (expected,) = torch.autograd.grad(run(case.h).sum(), case.h)
    torch.testing.assert_close(grad, expected)


def test_modules_that_change_between_forward_and_backward_are_refused():
    case = EdgeConv()
    out = case.run(FEW)
    case.mlp.eval()
    with pytest.raises(GradientError, match="in training"):
        out.sum().backward()


def test_autocast_computes_and_gives_its_dtype():
    case = EdgeConv()
    case.mlp.float()
    case.given["source"] = case.given["target"] = {"h": case.h.detach().float().requires_grad_()}
    leaves = [case.given["source"]["h"], *case.mlp.parameters()]
    with torch.autocast("cpu", torch.bfloat16):
        out = case.run(FEW, "mean")
    assert out.dtype is torch.bfloat16
    expected = case.run(FEW, "mean")
    torch.testing.assert_close(out.float(), expected, rtol=3e-2, atol=3e-2)
    grad = torch.randn_like(expected)
    found = torch.autograd.grad(out, leaves, grad.bfloat16())
    for x, y in zip(found, torch.autograd.grad(expected, leaves, grad), strict=True):
        assert x.dtype is torch.float32
        torch.testing.assert_close(x, y, rtol=5e-2, atol=5e-2 * y.abs().max().item())


def test_transforms_of_torch_func():
    case = EdgeConv(60)

    def run(h):
        given = {"source": {"h": h}, "target": {"h": h}, "shared": {"mlp": case.mlp}}
        return weft.aggregate(case.graph, weft.formula(edge_conv), reduce="max", **given)

    h = case.h.detach()
    many = torch.stack([h, h.flip(0)])
    torch.testing.assert_close(torch.vmap(run)(many), torch.stack([run(x) for x in many]))
    torch.testing.assert_close(
        torch.func.grad(lambda h: run(h).sum())(h), torch.autograd.grad(run(case.h).sum(), case.h)[0]
    )


class Layer(nn.Module):
    """A layer of a chunked formula, as a user writes it."""

    def __init__(self, mlp, reduce):
        super().__init__()
        self.mlp, self.reduce, self.message = mlp, reduce, weft.formula(edge_conv)

    def forward(self, source, target, h):
        g = weft.Graph(source, target, num_nodes=N + 3)
        return weft.aggregate(
            g, self.message, reduce=self.reduce, source={"h": h}, target={"h": h}, shared={"mlp": self.mlp}
        )


@pytest.mark.parametrize("dynamic", [None, True])
def test_a_compiled_formula_is_the_same(dynamic):
    torch._dynamo.reset()
    mlp = EdgeConv().mlp
    layer = Layer(mlp, ("mean", "std", "max"))
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager", dynamic=dynamic)
    for num_edges in (E, E + 50, 60):
        case = EdgeConv(num_edges)
        inputs, leaves = (*ends(case.graph), case.h), [case.h, *mlp.parameters()]
        found, expected = (torch.cat(step(*inputs), 1) for step in (compiled, layer))
        torch.testing.assert_close(found, expected)
        grad = torch.randn_like(expected)
        torch.testing.assert_close(
            torch.autograd.grad(found, leaves, grad), torch.autograd.grad(expected, leaves, grad)
        )


def test_an_exported_formula_is_the_same():
    case = EdgeConv()
    layer, inputs = Layer(case.mlp, "max"), (*ends(case.graph), case.h.detach())
    exported = torch.export.export(layer, inputs, strict=False)
    torch.testing.assert_close(exported.module()(*inputs), layer(*inputs))


def test_a_reducer_of_ones_own_does_not_compile():
    torch._dynamo.reset()
    case = EdgeConv()
    layer = torch.compile(Layer(case.mlp, lambda mailbox: mailbox.amax(1)), fullgraph=True, backend="aot_eager")
    with pytest.raises(Exception, match="named reducer while compiling"):
        layer(*ends(case.graph), case.h)


def peak(call):
    """The most bytes that tensors hold at once during a call, as torch's profiler sees it."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        call()
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = torch.tensor([e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())]).cumsum(0)
    return int(held.max())


@pytest.mark.parametrize("reduce", ["sum", ("max", "mean", "std"), lambda mailbox: mailbox.amax(1)])
def test_memory_stays_within_the_budget_and_some_rows_of_nodes(reduce):
    num_nodes, num_edges, width, budget = 300, 40_000, 32, 2**21
    source, target = torch.randint(num_nodes, (2, num_edges))
    target[:10_000] = 0 if isinstance(reduce, (str, tuple)) else target[:10_000]
    g = weft.Graph(source, target, num_nodes=num_nodes)
    mlp = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
    h = torch.randn(num_nodes, width, requires_grad=True)
    given = {"source": {"h": h}, "target": {"h": h}, "shared": {"mlp": mlp}}
    formula = weft.formula(edge_conv, chunk_bytes=budget)

    def step():
        out = weft.aggregate(g, formula, reduce=reduce, **given)
        torch.autograd.grad(sum(x.sum() for x in out), [h, *mlp.parameters()])

    step()  # the compressions of the graph are not the formula's
    found, of_nodes = peak(step), num_nodes * width * h.element_size()
    of_parameters = sum(p.numel() * p.element_size() for p in mlp.parameters())
    limit = budget + 20 * of_nodes + 4 * of_parameters
    assert budget // 4 < found < limit < num_edges * width * h.element_size(), f"{found:,} of {limit:,} bytes"


def test_gradients_have_the_same_bits_on_any_number_of_threads():
    g, h, w = graph(3000), randn(N + 3, 33), randn(3000, 33)
    formula = weft.formula(lambda s, t, e: torch.erf(s["h"] + e["w"]), chunk_bytes=200_000)
    results, before = [], torch.get_num_threads()
    try:
        for count in (1, 2, 4):
            torch.set_num_threads(count)
            out = weft.aggregate(g, formula, reduce="mean", source={"h": h}, edge={"w": w})
            results.append([out, *torch.autograd.grad(out.square().sum(), [h, w])])
    finally:
        torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(x, y) for x, y in zip(results[0], result, strict=True))


def test_the_plan_tells_why_and_how_a_formula_is_cut(monkeypatch):
    case = EdgeConv()
    text = weft.explain_plan(case.graph, weft.formula(edge_conv, chunk_bytes=FEW), **case.given)
    assert text.startswith("in chunks, because no step does what it does: the function cat()")
    assert "edges, at about" in text
    assert "within 19.53 KiB; a tensor of messages would be 11.72 KiB" in text
    text_of_one = weft.explain_plan(case.graph, weft.formula(edge_conv), **case.given)
    assert text_of_one.splitlines()[1].startswith("1 chunk of up to 300 edges")
    monkeypatch.setattr(weft.settings, "chunk_bytes", FEW)
    assert text == weft.explain_plan(case.graph, weft.formula(edge_conv), **case.given)
    traced = weft.formula(lambda s, t, e: s["h"] * 2, trace=False)
    assert "because trace=False" in weft.explain_plan(case.graph, traced, source={"h": case.h})
    named = weft.formula(lambda s, t, e: s["h"])
    text = weft.explain_plan(case.graph, named, reduce=lambda mailbox: mailbox.sum(1), source={"h": case.h})
    assert "because the reducer is a function" in text


HELD, TRAINED = torch.ones(4, dtype=F64), nn.Linear(4, 4).double()


@pytest.mark.parametrize(
    ("function", "options", "error", "text"),
    [
        (lambda s, t, e, _: torch.erf(s["h"]) * HELD, {}, FormulaError, "every tensor by name"),
        (lambda s, t, e, _: TRAINED(torch.erf(s["h"])), {}, FormulaError, "every tensor by name"),
        (lambda s, t, e, _: s["h"].cumsum(0), {}, FormulaError, "depends on one edge"),
        (lambda s, t, e, _: torch.erf(s["h"]) - s["h"].mean(0), {}, FormulaError, "depends on one edge"),
        (lambda s, t, e, _: torch.erf(s["k"]), {}, FormulaError, r'reads source\["k"\], but .* for source are: \'h\''),
        (lambda s, t, e, _: torch.erf(s["h"]).sum(), {}, FormulaError, "a row for each edge"),
        (lambda s, t, e, _: torch.erf(s["h"])[1:], {}, FormulaError, "a row for each edge"),
        (lambda s, t, e, _: torch.erf(s["h"]).tolist(), {}, FormulaError, "a row for each edge"),
        (lambda s, t, e, m: torch.erf(s["h"]) @ m["mlp"].weight, {}, FormulaError, "a look at its `weight`"),
        (lambda s, t, e, _: torch.erf(s["h"]), {"reduce": "softmax"}, OptionError, "message and score"),
        (lambda s, t, e, _: (torch.erf(s["h"]), s["h"]), {}, OptionError, "message and score"),
        (lambda s, t, e, _: (torch.erf(s["h"]), s["h"][:, :3]), {"reduce": "softmax"}, FormulaError, "each head"),
        (lambda s, t, e, _: s["h"], {"reduce": lambda m: m.sum()}, FormulaError, "a row for each of"),
        (lambda s, t, e, _: s["h"], {"reduce": ("sum", torch.sum)}, OptionError, "or a function"),
        (lambda s, t, e, m: m["norm"](s["h"]), {}, FormulaError, "BatchNorm1d"),
        (lambda s, t, e, _: s["h"], {"source": {"h": nn.Linear(2, 2)}}, DtypeError, 'source["h"] to be a tensor'),
    ],
)
def test_what_does_not_fit_is_named(function, options, error, text):
    case = EdgeConv()
    shared = {"mlp": case.mlp, **({"norm": nn.BatchNorm1d(4).double()} if "Batch" in text else {})}
    given = {"source": {"h": case.h}, "shared": shared, **options}
    with pytest.raises(error, match=text.replace('["', r'\["').replace('"]', r'"\]').replace(r"\\", "\\")):
        weft.aggregate(case.graph, weft.formula(function), **given)


def test_a_budget_below_one_byte_is_refused():
    with pytest.raises(OptionError, match="chunk_bytes"):
        EdgeConv().run(0)


def test_a_trial_leaves_the_random_numbers_alone():
    case = EdgeConv()
    before = torch.get_rng_state()
    formula = weft.formula(lambda s, t, e: functional.dropout(s["h"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        weft.explain_plan(case.graph, formula, source={"h": case.h})
    assert torch.equal(torch.get_rng_state(), before)


def test_formula_may_run_under_a_transform_of_something_else() -> None:
    graph, weight = weft.Graph([0, 1, 2], [1, 2, 2], num_nodes=3), torch.randn(3, 2, requires_grad=True)
    given = {"edge": {"w": weight}}
    what = weft.formula(lambda source, target, edge: edge["w"].sort(-1).values, trace=False)
    many = torch.randn(4, 3, 2)
    found = torch.vmap(lambda x: x + weft.aggregate(graph, what, **given))(many)
    torch.testing.assert_close(found, many + weft.aggregate(graph, what, **given))
