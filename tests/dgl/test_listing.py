"""Every public name of DGL: there, later, or excluded; and what is said of those that are not there."""

import sys
from pathlib import Path

import pytest

import weft.dgl as dgl
from weft.dgl import _install, _later
from weft.errors import AbsentImportError, AbsentNameError

FIXTURE = Path(__file__).with_name("public_names.txt")
CLASSES = {"heterograph.DGLGraph": dgl.DGLGraph, "udf.EdgeBatch": dgl.udf.EdgeBatch, "udf.NodeBatch": dgl.udf.NodeBatch}


def listing() -> list[tuple[str, str]]:
    lines = FIXTURE.read_text(encoding="utf-8").splitlines()
    split = (line.split(":", 1) for line in lines if not line.startswith("#"))
    return [(module, name) for module, names in split for name in names.split()]


def homes(module: str) -> list[object]:
    """Where a name of a module of DGL may lie: the module, or a package around it that offers its names."""
    if module in CLASSES:
        return [CLASSES[module]]
    parts = module.split(".") if module else []
    paths = [".".join(("weft.dgl", *parts[:length])) for length in range(len(parts) + 1)]
    paths.append(f"weft.dgl.{_install._ELSEWHERE.get(module, module)}")
    return [sys.modules[path] for path in paths if path in sys.modules]


def is_there(module: str, name: str) -> bool:
    return any(name in dir(home) for home in homes(module))


def reason(module: str, name: str) -> str | None:
    area = "nn" if module.startswith("nn") else "DGLGraph" if module == "heterograph.DGLGraph" else module.split(".")[0]
    named = _later.NAMES.get(area, {}).get(name) or (None if area in ("nn", "DGLGraph") else _later.NAMES[""].get(name))
    path = f"{module}.{name}" if module else name
    inner = (
        path if not path.startswith("nn.") or path.startswith("nn.pytorch") else path.replace("nn.", "nn.pytorch.", 1)
    )
    return named or _later.reason_of_module(path) or _later.reason_of_module(inner)


def test_the_status_of_every_name_is_known() -> None:
    names = listing()
    assert len(names) > 1_300
    unknown = [
        f"{module}.{name}" for module, name in names if not is_there(module, name) and reason(module, name) is None
    ]
    assert unknown == []


def test_what_is_there_has_left_the_table() -> None:
    places = {"": dgl, "nn": dgl.nn, "DGLGraph": dgl.DGLGraph, "function": dgl.function, "base": dgl.base,
              "dataloading": dgl.dataloading, "heterograph": sys.modules["weft.dgl._graph"]}  # fmt: skip
    stale = [f"{area}.{name}" for area, names in _later.NAMES.items() for name in names if name in dir(places[area])]
    stale += [module for module in _later.MODULES if f"weft.dgl.{module}" in sys.modules]
    assert stale == []


def test_the_table_names_only_what_dgl_has() -> None:
    names, modules = listing(), set()
    for module, _ in names:
        parts = module.split(".")
        modules |= {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    known = {name for _, name in names}
    invented = [name for table in _later.NAMES.values() for name in table if name not in known]
    invented += [module for module in _later.MODULES if module not in modules and module.split(".")[-1] not in known]
    assert invented == ["distgnn"]  # a package that DGL does not import by itself


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: dgl.dataloading.dataloader.CollateWrapper, "weft's loads in threads"),
        (lambda: dgl.nn.Set2Set, "no issue is open for it yet"),
        (lambda: dgl.nn.pytorch.conv.CuGraphGATConv, "cuGraph"),
        (lambda: dgl.nn.mxnet, "PyTorch only"),
        (lambda: dgl.register_func, "C++ library"),
        (lambda: dgl.data, "data sets come later"),
        (lambda: dgl.graph(([0], [1])).adjacency_matrix, "it comes later"),
        (lambda: dgl.sampling.sample_neighbours, "hint: sample_neighbors"),
        (lambda: dgl.heterogrph, "hint: heterograph or"),
        (lambda: dgl.nn.GraphConf, "hint: GraphConv"),
        (lambda: dgl.ops.u_ad_v, "hint: u_add_v"),
        (lambda: dgl.function.u_mull_e, "hint: u_mul_e"),
        (lambda: dgl.graph(([0], [1])).updte_all, "hint: update_all"),
    ],
)  # fmt: skip
def test_an_absent_name_says_what_brings_it_or_what_was_meant(ask: object, says: str) -> None:
    with pytest.raises(AbsentNameError) as caught:
        ask()  # type: ignore[operator]
    assert says in str(caught.value)


def test_a_from_import_says_it_too() -> None:
    with pytest.raises(AbsentImportError, match="no issue is open"):
        from weft.dgl.nn.pytorch import TransE  # noqa: F401
    with pytest.raises(AbsentImportError, match="data sets come later"):
        from weft.dgl import data  # noqa: F401
    with pytest.raises(ImportError):
        from weft.dgl import no_such_name  # noqa: F401


def test_a_program_may_probe_for_names() -> None:
    assert not hasattr(dgl, "sparse")
    assert getattr(dgl.nn, "TransE", None) is None
