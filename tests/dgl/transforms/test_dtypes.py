"""Columns in another precision."""

import pytest
import torch

from tests.dgl.graphs_of_dgl import messy, typed
from weft.dgl.transforms import to_bfloat16, to_double, to_float, to_half


@pytest.mark.parametrize(
    ("change", "dtype"),
    [(to_half, torch.float16), (to_bfloat16, torch.bfloat16), (to_float, torch.float32), (to_double, torch.float64)],
)
def test_real_numbers_change_and_integers_do_not(change, dtype):
    g = messy()
    made = change(g)
    assert made.ndata["x"].dtype == made.edata["w"].dtype == dtype
    assert made.edata["i"].dtype == torch.int64
    assert g.ndata["x"].dtype == torch.float32
    assert change(typed()).edges["r"].data["w"].dtype == dtype


def test_a_batch_stays_one():
    g = messy()
    g.set_batch_num_nodes(torch.tensor([3, 3]))
    g.set_batch_num_edges(torch.tensor([5, 2]))
    assert to_double(g).batch_num_edges().tolist() == [5, 2]
