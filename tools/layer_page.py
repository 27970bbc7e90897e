"""The page of all layers, `docs/layers.md`, made from their docstrings and cases: `python -m tools.layer_page`.

It says of each layer what it computes, what it takes, how large it is and where it is from, and what DGL and PyG call it.
"""

import importlib
import inspect
import re
import sys
from pathlib import Path

import torch
from torch import nn

import weft.nn
from weft.testing import LayerCase
from weft.testing.layers import Subject

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "layers.md"
WIDTH = 64

# Chapter: for whom, and the layers.
CHAPTERS: dict[str, tuple[str, str]] = {
    "Sums of neighbours": (
        "Node classification and regression, recommendation; the first thing to try.",
        "GraphConv SAGEConv GINConv MFConv SimpleConv LGConv LEConv ClusterGCNConv EGConv PNAConv DGNConv",
    ),
    "Many hops and filters": (
        "Few labels, large neighbourhoods, heterophily; no parameter or few for each hop.",
        "SGConv SSGConv APPNPConv TAGConv ChebConv ARMAConv GCN2Conv FAConv MixHopConv TWIRLSConv TWIRLSUnfoldingAndAttention",
    ),
    "Attention": (
        "Neighbours that do not matter alike; fraud, citations, molecules.",
        "GATConv GATv2Conv TransformerConv DotGatConv AGNNConv SuperGATConv FeaStConv GMMConv GeneralConv DNAConv PANConv "
        "HypergraphConv GPSConv",
    ),
    "Features of edges": (
        "Molecules, transactions, traffic: what is known of an edge changes what travels along it.",
        "GINEConv EdgeGATConv EGATConv NNConv GatedGraphConv GatedGCNConv ResGatedGraphConv CGConv CFConv GENConv PDNConv "
        "EdgeConv SplineConv AtomicConv EGNNConv MeshCNNConv",
    ),
    "Relations and types": (
        "Knowledge graphs, users and items, anything with several kinds of nodes or edges.",
        "RelGraphConv RGATConv CompGCNConv FiLMConv HGTConv HANConv HEATConv SignedConv",
    ),
    "Points": (
        "Clouds of points and meshes; neighbours are near each other in space.",
        "PointNetConv PointTransformerConv PPFConv PointGNNConv DynamicEdgeConv GravNetConv XConv",
    ),
    "Dense matrices": ("Small graphs whose adjacency is a matrix.", "DenseGraphConv DenseSAGEConv DenseChebConv"),
    "Around other layers": (
        "Directions, types and depth for a layer that knows none of them.",
        "DirGNNConv AntiSymmetricConv GroupRevRes HeteroGraphConv TypedLinear HeteroLinear HeteroEmbedding EdgeWeightNorm WLConv "
        "WLConvContinuous Heterogeneous Sequential JumpingKnowledge",
    ),
}

# What weft calls the layers of others, where the names differ; None has no layer here, for the reason that follows.
DGL: dict[str, str] = {}
PYG: dict[str, str] = {
    "MessagePassing": "`weft.formula` and `weft.aggregate`",
    "GCNConv": "GraphConv",
    "GraphConv": 'SAGEConv, aggregator "sum"',
    "FusedGATConv": "GATConv",
    "APPNP": "APPNPConv",
    "RGCNConv": "RelGraphConv",
    "FastRGCNConv": "RelGraphConv",
    "HeteroConv": "HeteroGraphConv",
    "CuGraphSAGEConv": "none: cuGraph gave up its support",
    "CuGraphGATConv": "none: cuGraph gave up its support",
    "CuGraphRGCNConv": "none: cuGraph gave up its support",
}
DGL_NAMES = (
    "GraphConv EdgeWeightNorm GATConv GATv2Conv EGATConv EdgeGATConv TAGConv RelGraphConv SAGEConv SGConv APPNPConv "
    "GINConv GINEConv GatedGraphConv GatedGCNConv GMMConv ChebConv AGNNConv NNConv DenseGraphConv DenseSAGEConv "
    "DenseChebConv EdgeConv AtomicConv CFConv DotGatConv TWIRLSConv TWIRLSUnfoldingAndAttention GCN2Conv HGTConv "
    "GroupRevRes EGNNConv PNAConv DGNConv"
)
PYG_NAMES = (
    "MessagePassing SimpleConv GCNConv ChebConv SAGEConv CuGraphSAGEConv GraphConv GravNetConv GatedGraphConv "
    "ResGatedGraphConv GATConv CuGraphGATConv FusedGATConv GATv2Conv TransformerConv AGNNConv TAGConv GINConv "
    "GINEConv ARMAConv SGConv SSGConv APPNP MFConv RGCNConv FastRGCNConv CuGraphRGCNConv RGATConv SignedConv DNAConv "
    "PointNetConv GMMConv SplineConv NNConv CGConv EdgeConv DynamicEdgeConv XConv PPFConv FeaStConv "
    "PointTransformerConv HypergraphConv LEConv PNAConv ClusterGCNConv GENConv GCN2Conv PANConv WLConv "
    "WLConvContinuous FiLMConv SuperGATConv FAConv EGConv PDNConv GeneralConv HGTConv HEATConv HeteroConv HANConv "
    "LGConv PointGNNConv GPSConv AntiSymmetricConv DirGNNConv MixHopConv MeshCNNConv"
)


OPENING = (
    "A layer takes a graph and features `x`, then by name what the third column says ([guide](guides/layers.md)). *Pairs*:",
    "sources and targets may be different nodes; *square*: they are the same. The size is the number of parameters for 64",
    "features in and out, in the options that its tests name first.",
)


def cases() -> dict[str, LayerCase]:
    """The first case of each layer that the tests name."""
    found: dict[str, LayerCase] = {}
    for path in sorted((ROOT / "tests" / "nn").glob("*/test_*.py")):
        module = importlib.import_module(f"tests.nn.{path.parent.name}.{path.stem}")
        for case in getattr(module, "CASES", {}).values():
            subject = Subject(case)
            found.setdefault(subject.name, subject.case)
    return found


def describe(kind: type[nn.Module], case: LayerCase | None) -> list[str]:
    """The cells of a layer: what it computes, what it takes, its size, its source."""
    text = inspect.getdoc(kind) or ""
    first = text.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    takes = [f"`{name}`" for name in inspect.signature(kind.forward).parameters if name not in ("self", "graph", "x")]
    ends = "" if case is None else "pairs" if case.bipartite else "square"
    return [f"`{kind.__name__}`", first, ", ".join(takes), ends, size(case), source(text)]


PAPERS = {
    "arXiv": "https://arxiv.org/abs/",
    "doi": "https://doi.org/",
    "openreview": "https://openreview.net/forum?id=",
}


def size(case: LayerCase | None) -> str:
    """The number of parameters from 64 to 64 features, in the options of the first case of the tests."""
    if case is None:
        return ""
    torch.manual_seed(0)
    return f"{sum(parameter.numel() for parameter in case.make(WIDTH, WIDTH).parameters()):,}"


def source(text: str) -> str:
    """The first paper that a docstring names: authors, year and link."""
    found = re.search(
        r"\*Source\*\s+(.+?),\s+((?:19|20)\d\d)\b.*?(arXiv:\d{4}\.\d{4,5}|doi:10\.[^\s,;]+|openreview:[\w-]+)",
        text,
        re.DOTALL,
    )
    if found is None:
        return ""
    authors, year, paper = found.groups()
    names = re.split(r",\s+(?:and\s+)?|\s+and\s+", " ".join(authors.split()))
    short = names[0] + (" et al." if len(names) > 2 else f" and {names[1]}" if len(names) == 2 else "")
    where, _, name = paper.partition(":")
    return f"[{short} {year}]({PAPERS[where]}{name.rstrip('.')})"


def here(name: str, others: dict[str, str]) -> str:
    """What weft calls a layer of another library."""
    ours = others.get(name, name)
    return f"`{ours}`" if hasattr(weft.nn, ours) else ours if name in others else "not yet"


def page() -> str:
    """The text of the page."""
    known = cases()
    lines = ["# Layers", "", "<!-- made by `python -m tools.layer_page` -->", "", *OPENING]
    for chapter, (task, names) in CHAPTERS.items():
        rows = [describe(kind, known.get(name)) for name in names.split() if (kind := getattr(weft.nn, name, None))]
        if rows:
            lines += [
                "",
                f"## {chapter}",
                "",
                task,
                "",
                "| layer | computes | takes | ends | size | source |",
                "|---|---|---|---|---|---|",
            ]
            lines += [f"| {' | '.join(row)} |" for row in rows]
    for library, names, others in (("DGL", DGL_NAMES, DGL), ("PyG", PYG_NAMES, PYG)):
        lines += ["", f"## What {library} calls them", "", f"| {library} | weft |", "|---|---|"]
        lines += [f"| `{name}` | {here(name, others)} |" for name in names.split()]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or with --check say whether it is as it should be."""
    text = page()
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.read_text() == text else 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
