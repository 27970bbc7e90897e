"""Names of DGL's interface that are not there: what brings them, or why nothing will.

A name that is built leaves this table; a test holds the table against the listing of DGL's names.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import AbsentImportError, AbsentNameError

_WORKERS = "it is a part of DGL's loader, which works in other processes; weft's loads in threads"
_LATER = "it comes later; no issue is open for it yet"
_FFI = "it reaches into DGL's C++ library, which weft does not have"
_PARTS = "it is a part inside of a layer of DGL, which weft's layer does not have"
_CUGRAPH = "it needs cuGraph, which gave up its support of DGL"
_BACKEND = "weft knows PyTorch only"
_PROCESSES = "it shares memory between processes, where weft uses threads"

_TOP = {
    _LATER: ("save_graphs load_graphs",),
    _FFI: ("register_func get_global_func list_global_func_names extract_ext_funcs TypeCode enable_verbose_logging",),
}
_LAYERS = {
    _PARTS: (
        "msg_func reduce_func aggregate_dir_av aggregate_dir_dx DGNConvTower InvertibleCheckpoint PNAConvTower",
        "aggregate_mean aggregate_max aggregate_min aggregate_sum aggregate_std aggregate_var aggregate_moment_3 "
        "aggregate_moment_4 aggregate_moment_5 scale_identity scale_amplification scale_attenuation",
        "Propagate PropagateNoPrecond Attention normalized_AX AX D_power_X D_power_bias_X MLP",
        "matmul_maybe_select bmm_maybe_select",
    ),
    _LATER: (
        "SumPooling AvgPooling MaxPooling SortPooling GlobalAttentionPooling Set2Set SetTransformerEncoder "
        "SetTransformerDecoder WeightAndSum",
        "GNNExplainer HeteroGNNExplainer PGExplainer HeteroPGExplainer SubgraphX HeteroSubgraphX",
        "BiasedMHA DegreeEncoder EGTLayer GraphormerLayer LapPosEncoder PathEncoder SpatialEncoder SpatialEncoder3d",
        "EdgePredictor TransE TransR DeepWalk MetaPath2Vec NodeEmbedding",
        "KNNGraph SegmentedKNNGraph RadiusGraph pairwise_squared_distance",
    ),
    _CUGRAPH: ("CuGraphGATConv CuGraphRelGraphConv CuGraphSAGEConv",),
}
_METHODS = {
    _LATER: ("adj adjacency_matrix",),
}
_LOADING = {
    _WORKERS: (
        "TensorizedDataset DDPTensorizedDataset remove_parent_storage_columns restore_parent_storage_columns CollateWrapper "
        "WorkerInitWrapper create_tensorized_dataset",
    ),
}


def _by_name(rows: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {name: reason for reason, groups in rows.items() for group in groups for name in group.split()}


NAMES: dict[str, dict[str, str]] = {
    "": _by_name(_TOP),
    "nn": _by_name(_LAYERS),
    "DGLGraph": _by_name(_METHODS),
    "dataloading": _by_name(_LOADING),
    "function": {"TargetCode": _FFI},
    "base": {"dgl_warning_format": "warnings keep Python's own form"},
}
"""By area, the names that are not there, and what is to be said of each."""

MODULES: dict[str, str] = {
    "container": _FFI,
    "cuda": _LATER,
    "data": "data sets " + _LATER.removeprefix("it ").replace("comes", "come").replace("for it", "for them"),
    "distgnn": _LATER,
    "distributed": _LATER,
    "geometry": _LATER,
    "graph_index": _FFI,
    "graphbolt": _LATER,
    "heterograph_index": _FFI,
    "multiprocessing": _PROCESSES,
    "ndarray": _FFI,
    "nn.mxnet": _BACKEND,
    "nn.pytorch.conv.cugraph_base": _CUGRAPH,
    "nn.pytorch.conv.cugraph_gatconv": _CUGRAPH,
    "nn.pytorch.conv.cugraph_relgraphconv": _CUGRAPH,
    "nn.pytorch.conv.cugraph_sageconv": _CUGRAPH,
    "nn.pytorch.explain": _LATER,
    "nn.pytorch.factory": _LATER,
    "nn.pytorch.glob": _LATER,
    "nn.pytorch.gt": _LATER,
    "nn.pytorch.link": _LATER,
    "nn.pytorch.network_emb": _LATER,
    "nn.pytorch.sparse_emb": _LATER,
    "nn.tensorflow": _BACKEND,
    "optim": _LATER,
    "sparse": _LATER,
}
"""Modules that are not there, with all that is in them."""

_AREAS = {"dataloading.dataloader": "dataloading", "nn.pytorch": "nn", "nn.pytorch.conv": "nn", "function": "function"}


def reason_of_module(module: str) -> str | None:
    """What is to be said of a module that is not there, or of one inside of it."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        if prefix in MODULES:
            return MODULES[prefix]
    return None


def absence(module: str, name: str, there: Mapping[str, Any]) -> str:
    """The text of the error for a name that a module of the interface has not.

    Args:
        there: what the module has, for help with misspelt names.
    """
    area = NAMES.get(_AREAS.get(module, module), {})
    path = f"{module}.{name}" if module else name
    reason = area.get(name) or MODULES.get(path) or MODULES.get(f"nn.pytorch.{name}" if module == "nn" else path)
    if reason is not None:
        return f"{'.'.join(('dgl', path))} is not there: {reason}"
    known = {n for n in there if not n.startswith("_")} | area.keys()
    close = difflib.get_close_matches(name, sorted(known), n=3)
    hint = f"; hint: {' or '.join(close)}?" if close else ""
    return f"{'.'.join(('dgl', path))} is not there, and DGL has no such name{hint}"


def absent(module: str, there: Mapping[str, Any]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a module of the interface.

    Args:
        module: its path, without `weft.dgl`.
        there: its namespace.

    Raises:
        AbsentNameError: at every call; AbsentImportError where a `from` import asks, which would swallow the other's text.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807
        if name.startswith("__"):
            raise AttributeError(name)
        text = absence(module, name, there)
        asks = sys._getframe(1).f_globals.get("__name__")
        if asks in ("importlib._bootstrap", "_frozen_importlib") and "is not there:" in text:
            raise AbsentImportError(text)
        raise AbsentNameError(text)

    return __getattr__
