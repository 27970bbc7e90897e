"""One row for each graph of a batch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import graphs, typed_graphs
from weft.errors import FeatureError, OptionError, ShapeError
from weft.graph import Graph, batch, readout
from weft.graph._readout import broadcast_readout, readout_softmax, readout_topk, softmax_in_graphs
from weft.ops import segment_topk

FORMULAS = {
    "sum": lambda rows: rows.sum(0),
    "mean": lambda rows: rows.mean(0),
    "max": lambda rows: rows.max(0).values,
    "min": lambda rows: rows.min(0).values,
    "mul": lambda rows: rows.prod(0),
    "var": lambda rows: rows.var(0, unbiased=False),
    "std": lambda rows: rows.var(0, unbiased=False).sqrt(),
}


def expected(parts, name, reduce):
    """The formula, graph by graph; 0 for a graph without rows."""
    rows = [part[name]["x"] for part in parts]
    return torch.stack([FORMULAS[reduce](part) if len(part) else part.new_zeros(part.shape[1:]) for part in rows])


@pytest.mark.parametrize("reduce", FORMULAS)
@given(parts=st.lists(graphs(), min_size=1, max_size=5))
def test_each_graph_is_reduced_by_itself(reduce, parts):
    together = batch(parts)
    torch.testing.assert_close(readout(together, together.nodes["x"], reduce), expected(parts, "node", reduce))


@pytest.mark.parametrize("reduce", FORMULAS)
def test_gradient_is_that_of_the_formula(reduce):
    parts = [Graph([0], [1], 3), Graph([], [], 2), Graph([], [])]
    x = torch.tensor([[1.0], [5.0], [2.0], [4.0], [7.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: readout(batch(parts), x, reduce), x)


def test_a_graph_that_is_no_batch_gives_one_row():
    assert readout(Graph([0], [1]), torch.tensor([1.0, 2.0]), "mean").tolist() == [1.5]
    assert readout(Graph([], []), torch.zeros(0, 3)).tolist() == [[0, 0, 0]]


def test_edges_are_read_out_too():
    together = batch([Graph([0, 1], [1, 0]), Graph([0], [0])])
    values = torch.tensor([1.0, 2.0, 5.0])
    assert readout(together, values, over="edge").tolist() == [3, 5]
    assert readout(together, values, "max", over=("node", "edge", "node")).tolist() == [2, 5]


@given(st.lists(typed_graphs(), min_size=1, max_size=4))
def test_one_node_type_of_many(parts):
    together = batch(parts)
    out = readout(together, together["item"]["price"], over="item")
    torch.testing.assert_close(out, torch.stack([part["item"]["price"].sum() for part in parts]))


def test_several_node_types_need_a_choice():
    graph = Graph({}, num_nodes={"user": 1, "item": 2})
    with pytest.raises(
        FeatureError, match='`over` for a graph of several node types, got "user", "item"; hint: choose one, as in'
    ):
        readout(graph, torch.zeros(1))
    with pytest.raises(FeatureError, match='no node type, edge type or relation "shop"'):
        readout(graph, torch.zeros(1), over="shop")


def test_rows_and_reducer_are_checked():
    graph = Graph([0], [1])
    with pytest.raises(ShapeError, match=r'readout: expected one row for each of 2 nodes "node", got \(3,\)'):
        readout(graph, torch.zeros(3))
    with pytest.raises(OptionError, match="`reduce` to be one of sum, mean, max, min, mul, var, std, got 'median'"):
        readout(graph, torch.zeros(2), "median")


@given(st.lists(graphs(), min_size=1, max_size=5))
def test_softmax_is_taken_graph_by_graph(parts):
    together = batch(parts)
    x, scores = together.nodes["x"], together.nodes["x"][:, 0] / 7
    weights = torch.cat([(part.nodes["x"][:, 0] / 7).softmax(0) for part in parts])
    torch.testing.assert_close(softmax_in_graphs(together, scores), weights)
    each = [part.sum(0) for part in (x * weights[:, None]).split([part.num_nodes for part in parts])]
    torch.testing.assert_close(readout_softmax(together, x, scores), torch.stack(each))


def test_softmax_of_several_features_has_scores_for_each():
    x, scores = torch.randn(3, 2, 4, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    out = readout_softmax(Graph([], [], 3), x, scores)
    torch.testing.assert_close(out, (x * scores.softmax(0)[..., None]).sum(0, keepdim=True))


@given(st.lists(graphs(), min_size=1, max_size=5), st.integers(0, 4), st.booleans())
def test_best_rows_are_those_of_a_stable_sort(parts, k, largest):
    together = batch(parts)
    x = together.nodes["x"]
    score = (x[:, 0] * 5) % 7
    values, ids = readout_topk(together, x, score, k=k, largest=largest)
    assert values.shape == (len(parts), k, 2)
    begin = 0
    for graph, part in enumerate(parts):
        rows = range(begin, begin + part.num_nodes)
        best = sorted(rows, key=lambda row: (-score[row] if largest else score[row]).item())[:k]
        assert ids[graph].tolist() == best + [-1] * (k - len(best))
        torch.testing.assert_close(values[graph], torch.cat((x[best], x.new_zeros(k - len(best), 2))))
        begin += part.num_nodes


@given(st.lists(graphs(), min_size=1, max_size=5))
def test_each_row_gets_what_its_graph_tells(parts):
    together = batch(parts)
    rows = torch.arange(len(parts) * 3.0).reshape(-1, 3)
    expected = torch.cat([rows[at].expand(part.num_edges, 3) for at, part in enumerate(parts)])
    torch.testing.assert_close(broadcast_readout(together, rows, over="edge"), expected)
    assert broadcast_readout(together, rows).shape == (together.num_nodes, 3)


def test_a_function_may_reduce():
    together = batch([Graph([0], [1]), Graph([], []), Graph([0], [0])])
    x = torch.tensor([[1.0], [2.0], [5.0]])

    def median(pointers, x):
        return segment_topk(pointers, x, 1, None, False)[0][:, 0]

    assert readout(together, x, median).tolist() == [[1], [0], [5]]
    with pytest.raises(ShapeError, match=r"a tensor with a row for each of 3 graphs from `reduce`, got \(2,\)"):
        readout(together, x, lambda pointers, x: x[:2, 0])
    with pytest.raises(ShapeError, match="from `reduce`, got float"):
        readout(together, x, lambda pointers, x: 1.0)


def test_gradients_are_those_of_the_formulas():
    together = batch([Graph([0], [1], 3), Graph([], [], 2), Graph([], [])])
    x = torch.tensor([[1.0], [5.0], [2.0], [4.0], [7.0]], dtype=torch.float64, requires_grad=True)
    scores = torch.tensor([0.1, 0.5, -1.0, 0.3, 0.2], dtype=torch.float64, requires_grad=True)
    rows = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, scores: readout_softmax(together, x, scores), (x, scores))
    assert torch.autograd.gradcheck(lambda scores: softmax_in_graphs(together, scores), scores)
    assert torch.autograd.gradcheck(lambda x: readout_topk(together, x, scores, k=2).values, x)
    assert torch.autograd.gradcheck(lambda rows: broadcast_readout(together, rows), rows)


@given(st.lists(typed_graphs(), min_size=1, max_size=3))
def test_every_readout_takes_one_type_of_many(parts):
    together = batch(parts)
    stars = together["rates"]["stars"].float()
    torch.testing.assert_close(
        readout_softmax(together, stars, torch.zeros_like(stars), over="rates"),
        torch.stack([stars.new_tensor(part["rates"]["stars"].tolist() or [0]).mean() for part in parts]),
    )
    assert readout_topk(together, stars, stars, k=1, over="rates").ids.shape == (len(parts), 1)
    assert broadcast_readout(together, torch.arange(len(parts)), over="item").dtype is torch.int64


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda graph: readout_softmax(graph, torch.zeros(2, 3), torch.zeros(3)), ShapeError,
         "readout_softmax: expected `scores` of shape (2,), or with the first features of `x`, (2, 3), got (3,)"),
        (lambda graph: softmax_in_graphs(graph, torch.zeros(3)), ShapeError,
         'softmax_in_graphs: expected one row for each of 2 nodes'),
        (lambda graph: readout_topk(graph, torch.zeros(2, 3), torch.zeros(2, 3), k=1), ShapeError,
         "readout_topk: expected `score` of shape (2,), got (2, 3)"),
        (lambda graph: readout_topk(graph, torch.zeros(2), torch.zeros(2), k=-1), OptionError, "`k` of at least 0"),
        (lambda graph: broadcast_readout(graph, torch.zeros(2)), ShapeError,
         "broadcast_readout: expected a row for each of 1 graphs, got (2,)"),
        (lambda graph: broadcast_readout(Graph({}, num_nodes={"a": 1, "b": 1}), torch.zeros(1)), FeatureError,
         'broadcast_readout: expected `over` for a graph of several node types, got "a", "b"'),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(call, error, says):
    with pytest.raises(error) as caught:
        call(Graph([0], [1]))
    assert says in str(caught.value)


def test_all_readouts_of_ten_batches_compile_at_most_twice():
    compilations = []

    def counting(module, _inputs):
        compilations.append(module)
        return module.forward

    def model(graph):
        x = graph.nodes["x"]
        score = x.sum(1)
        best = readout_topk(graph, x, score, k=2)
        spread = broadcast_readout(graph, readout_softmax(graph, x, score)) * softmax_in_graphs(graph, x)
        return *best, spread, broadcast_readout(graph, readout(graph, x, "max"), over="edge")

    torch._dynamo.reset()
    compiled = torch.compile(model, fullgraph=True, backend=counting)
    for size in range(2, 12):
        graph = batch([Graph([0] * size, [1] * size, size + part) for part in range(size)])
        graph.nodes["x"] = torch.randn(graph.num_nodes, 3)
        torch.testing.assert_close(compiled(graph), model(graph))
    torch._dynamo.reset()
    assert len(compilations) <= 2
