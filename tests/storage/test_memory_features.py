"""Features in memory: of graphs and of mappings."""

import pytest
import torch

import weft
from tests.storage.examples import DTYPES, SHAPES, rows
from weft.errors import DeviceError, DtypeError, FeatureError, OptionError, ShapeError
from weft.storage import FeatureSpec, MemoryFeatures
from weft.testing import check_store


@pytest.mark.parametrize("shape", SHAPES)
def test_every_dtype_and_shape_of_rows(shape):
    given = {"node": {str(dtype): rows(23, shape, dtype) for dtype in DTYPES}}
    store = MemoryFeatures(given)
    ids = torch.randint(23, (100,), generator=torch.Generator().manual_seed(1))
    for dtype in DTYPES:
        found, expected = store.fetch(("node", str(dtype)), ids), given["node"][str(dtype)][ids]
        assert found.dtype is dtype
        assert torch.equal(found, expected)


def test_features_of_a_graph_are_those_of_its_nodes_and_edges():
    graph = weft.Graph({("user", "rates", "item"): ([0, 1], [1, 0])}, num_nodes={"user": 2, "item": 3})
    graph["user"]["x"] = torch.randn(2, 3)
    graph["item"]["age"] = torch.arange(3)
    graph["rates"]["w"] = torch.tensor([0.5, 1.5])
    store = MemoryFeatures(graph)
    edges = ("user", "rates", "item")
    check_store(
        store,
        {
            ("user", "x"): graph["user"]["x"],
            ("item", "age"): graph["item"]["age"],
            (edges, "w"): graph["rates"]["w"],
        },
    )
    assert store.spec((edges, "w")) == FeatureSpec(2, (), torch.float32)


def test_rows_that_are_not_contiguous_and_want_gradients():
    columns = torch.randn(4, 9).t().requires_grad_()
    store = MemoryFeatures({"node": {"x": columns}})
    found = store.fetch(("node", "x"), torch.tensor([8, 0]))
    assert torch.equal(found, columns[[8, 0]])
    assert not found.requires_grad


def test_rows_that_torch_conjugates_or_negates_later():
    z = torch.randn(5, 2, dtype=torch.complex64)
    store = MemoryFeatures({"node": {"conjugate": z.conj(), "negative": z.conj().imag}})
    ids = torch.tensor([4, 0])
    assert torch.equal(store.fetch(("node", "conjugate"), ids), z.conj()[ids].resolve_conj())
    assert torch.equal(store.fetch(("node", "negative"), ids), -z.imag[ids])


def test_the_text_form_lists_what_is_there():
    store = MemoryFeatures({"node": {"x": torch.ones(3, 2, dtype=torch.bfloat16), "y": torch.ones(3)}})
    assert repr(store) == 'MemoryFeatures(("node", "x") (3, 2) bfloat16, ("node", "y") (3,) float32)'
    assert repr(MemoryFeatures({})) == "MemoryFeatures()"


def test_a_large_gather_on_threads_is_that_of_torch():
    x = torch.randn(5000, 64)
    ids = torch.randint(5000, (20_000,))
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            assert torch.equal(MemoryFeatures({"node": {"x": x}}).fetch(("node", "x"), ids), x[ids])
    finally:
        torch.set_num_threads(before)


def test_what_is_no_feature_is_refused():
    for given, error, text in (
        (torch.ones(3), FeatureError, "a graph, or a mapping of mappings"),
        ({"node": torch.ones(3)}, FeatureError, 'got Tensor for "node"'),
        ({"node": {1: torch.ones(3)}}, FeatureError, "as strings, got 1"),
        ({("a", "b"): {}}, OptionError, "three strings"),
        ({"node": {"x": [1.0]}}, DtypeError, r'a dense tensor for \("node", "x"\), got list'),
        ({"node": {"x": torch.eye(2).to_sparse()}}, DtypeError, "torch.sparse_coo"),
        ({"node": {"x": torch.tensor(1.0)}}, ShapeError, "without dimensions"),
        ({"node": {"x": torch.ones(2, device="meta")}}, DeviceError, "with numbers, got a tensor on the meta device"),
    ):
        with pytest.raises(error, match=text):
            MemoryFeatures(given)
    with pytest.raises(FeatureError, match=r"one of the features none, got \"x\""):
        MemoryFeatures({}).spec("x")
