"""Names that programs look for in modules of DGL's, and functions for programs' own layers."""

from collections import OrderedDict

import pytest
import torch

import weft.dgl as dgl
from weft.errors import AbsentNameError, DeviceError


def test_a_function_is_called_on_every_value() -> None:
    def scaled(x: int, by: int = 1) -> int:
        return x * by

    assert dgl.apply_each({"a": 1, "b": 2}, scaled, by=3) == {"a": 3, "b": 6}
    assert type(dgl.apply_each(OrderedDict(a=1), scaled)) is dict
    assert dgl.apply_each((1, 2), scaled, 2) == [2, 4]
    assert dgl.apply_each(5, scaled, 2) == 10
    assert dgl.apply_each("ab", scaled, 2) == "abab"
    assert dgl.utils.apply_each is dgl.apply_each


def test_the_error_lies_where_packages_look_for_it() -> None:
    dgl.install()
    try:
        from dgl._ffi.base import DGLError
    finally:
        dgl.uninstall()
    assert DGLError is dgl.DGLError


def test_names_of_types_are_combined_in_alphabetical_order() -> None:
    dgl.install()
    try:
        from dgl.heterograph import combine_names
    finally:
        dgl.uninstall()
    assert combine_names(["b", "a", "b"]) == "a+b+b"
    assert combine_names(["c", "a", "b"], [0, 2]) == "b+c"


def test_initial_rows_and_views_have_dgls_names() -> None:
    graph = dgl.graph(([0], [1]))
    graph.set_n_initializer(dgl.frame.zero_initializer)
    assert isinstance(graph.ndata, dgl.view.HeteroNodeDataView)
    assert isinstance(graph.edata, dgl.view.HeteroEdgeDataView)
    assert isinstance(graph.nodes["_N"], dgl.view.NodeSpace)
    assert isinstance(graph.edges["_E"], dgl.view.EdgeSpace)
    with pytest.raises(AbsentNameError, match="no such name"):
        _ = dgl.frame.Frame


def test_a_stream_is_recorded_on_an_accelerator_alone() -> None:
    with pytest.raises(DeviceError, match="accelerator"):
        dgl.graph(([0], [1])).record_stream(None)  # type: ignore[arg-type]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
def test_memory_that_a_stream_reads_is_recorded() -> None:
    graph = dgl.graph(([0], [1])).to("cuda")
    graph.ndata["x"] = torch.ones(2, device="cuda")
    graph.create_formats_()
    assert graph.record_stream(torch.cuda.Stream()) is graph
