"""Storages give rows of what they stand for."""

import numpy as np
import pytest
import torch

import weft.dgl as dgl
from weft.errors import IdError


def test_tensors_and_arrays_give_rows():
    for given in (torch.arange(6.0).view(3, 2), np.arange(6.0, dtype=np.float32).reshape(3, 2)):
        storage = dgl.storages.wrap_storage(given)
        assert storage.fetch(torch.tensor([2, 0]), "cpu").tolist() == [[4.0, 5.0], [0.0, 1.0]]
        assert dgl.storages.wrap_storage(storage) is storage
        assert not storage.requires_ddp()


def test_a_memory_mapped_array_gives_rows(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(10.0))
    storage = dgl.storages.wrap_storage(np.load(tmp_path / "x.npy", mmap_mode="r"))
    assert storage.fetch(torch.tensor([9, 1]), "cpu").tolist() == [9.0, 1.0]


def test_a_graph_gives_storages_of_its_columns():
    g = dgl.graph(([0, 1], [1, 2]))
    g.ndata["x"], g.edata["y"] = torch.arange(3.0), torch.arange(2.0)
    assert g.get_node_storage("x").fetch(torch.tensor([2]), "cpu").tolist() == [2.0]
    assert g.get_edge_storage("y").fetch(torch.tensor([1]), "cpu").tolist() == [1.0]
    assert g.materialize_data() is g
    with pytest.raises(IdError):
        g.get_node_storage("x").fetch(torch.tensor([3]), "cpu")


def test_a_future_gives_the_result_or_the_error_of_its_function():
    assert dgl.storages.ThreadedFuture(sum, [[1, 2]]).wait() == 3
    with pytest.raises(ZeroDivisionError):
        dgl.storages.ThreadedFuture(lambda: 1 / 0, []).wait()
