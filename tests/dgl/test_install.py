"""`import dgl` in programs that never heard of weft: each in an interpreter of its own."""

import subprocess
import sys
import textwrap

import pytest

import weft.dgl as dgl


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_imports_of_dgl_work_after_install() -> None:
    found = run(
        """
        import weft.dgl
        weft.dgl.install()
        weft.dgl.install()
        import dgl
        import dgl.function as fn
        import dgl.nn as dglnn
        import dgl.nn.functional
        import dgl.ops as ops
        import dgl.backend as F
        from dgl import DGLGraph
        from dgl.dataloading import DataLoader, MultiLayerNeighborSampler, NeighborSampler
        from dgl.dataloading.negative_sampler import Uniform
        from dgl.sampling import sample_neighbors
        from dgl.sampling.utils import EidExcluder
        from dgl.storages import FeatureStorage
        from dgl.base import DGLError
        from dgl.function import copy_u
        from dgl.heterograph import DGLBlock
        from dgl.nn import SAGEConv
        from dgl.nn.functional import edge_softmax
        from dgl.nn.pytorch import GraphConv
        from dgl.nn.pytorch.conv.gatconv import GATConv
        from dgl.nn.pytorch.softmax import edge_softmax as same
        from dgl.ops.segment import segment_reduce
        from dgl.utils import check_eq_shape, expand_as_pair
        import torch
        g = dgl.graph(([0, 1], [1, 0]))
        g.ndata["h"] = torch.ones(2, 3)
        g.update_all(fn.copy_u("h", "m"), fn.sum("m", "h"))
        print(dgl is weft.dgl, fn is dgl.function, same is edge_softmax, GraphConv(3, 2)(g, g.ndata["h"]).shape[1])
        print(weft.dgl.__spec__.name, isinstance(g, DGLGraph), dglnn.SAGEConv is SAGEConv)
        """
    )
    assert found.split() == ["True", "True", "True", "2", "weft.dgl", "True", "True"]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("import dgl.data", "data sets come later"),
        ("from dgl.data import CoraGraphDataset", "data sets come later"),
        ("from dgl.dataloading import CollateWrapper", "threads"),
        ("import dgl.nn.pytorch.glob", "later"),
        ("from dgl.nn.pytorch.glob import SumPooling", "later"),
        ("from dgl.nn import Set2Set", "later"),
        ("import dgl.nn.tensorflow", "PyTorch only"),
        ("import dgl.nonsense", "no such module"),
    ],
)  # fmt: skip
def test_what_is_not_there_says_so(statement: str, says: str) -> None:
    dgl.install()
    try:
        with pytest.raises(ImportError) as caught:
            exec(statement)
    finally:
        dgl.uninstall()
    assert says in str(caught.value)
    assert "dgl" not in sys.modules


def test_another_dgl_is_not_pushed_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dgl", type(sys)("dgl"))
    with pytest.raises(dgl.DGLError, match="before anything imports dgl"):
        dgl.install()
    assert not [finder for finder in sys.meta_path if type(finder).__module__.startswith("weft")]


def test_uninstall_gives_the_name_back() -> None:
    dgl.install()
    assert sys.modules["dgl"] is dgl
    dgl.uninstall()
    dgl.uninstall()
    assert not [name for name in sys.modules if name.split(".")[0] == "dgl"]
