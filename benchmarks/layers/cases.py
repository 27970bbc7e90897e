"""Which layers are timed, with what the peers call them and how they are called there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.fixtures.recipe import Rows, mlp

WIDTH = 64
HEADS = 8
NUM_TYPES = 8
EDGE = 8  # width of edge features
NARROW = 16  # for a layer that has a matrix for each edge


@dataclass(frozen=True)
class Theirs:
    """A layer of a peer.

    Attributes:
        layer: its name.
        options: arguments of its constructor.
        call: (layer, graph, **inputs) -> its result; a graph of DGL, or of PyG one with `.index` and `.matrix`.
    """

    layer: str
    options: Mapping[str, Any]
    call: Callable[..., Any]


@dataclass(frozen=True)
class Timed:
    """A layer of weft and the same layer of the peers.

    Attributes:
        ours: arguments of weft's constructor, all by keyword.
        more: what the call takes beside graph and x, of edges or nodes.
        part: of x, that weft's layer gets, if not all.
    """

    weft: str
    ours: Mapping[str, Any]
    dgl: Theirs | None = None
    pyg: Theirs | None = None
    more: Mapping[str, Rows] = field(default_factory=dict)
    part: Callable[[Any], Any] = lambda x: x

    def of(self, peer: str) -> Theirs | None:
        """Give the peer's layer."""
        found: Theirs | None = getattr(self, peer)
        return found


SIZES = {"in_features": WIDTH, "out_features": WIDTH}
IN_OUT = {"in_channels": WIDTH, "out_channels": WIDTH}
FEATS = {"in_feats": WIDTH, "out_feats": WIDTH}
EACH = WIDTH // HEADS


def plain(layer: Any, graph: Any, x: Any) -> Any:
    """Call a layer of DGL."""
    return layer(graph, x)


def by_matrix(layer: Any, graph: Any, x: Any) -> Any:
    """Call a layer of PyG on a sparse matrix, its fastest way."""
    return layer(x, graph.matrix)


def by_index(layer: Any, graph: Any, x: Any) -> Any:
    """Call a layer of PyG that takes no sparse matrix."""
    return layer(x, graph.index)


LAYERS: dict[str, Timed] = {
    "gcn": Timed(
        "GraphConv", SIZES,
        Theirs("GraphConv", {**FEATS, "allow_zero_in_degree": True}, plain),
        Theirs("GCNConv", {**IN_OUT, "add_self_loops": False}, by_matrix),
    ),
    "sage": Timed(
        "SAGEConv", SIZES,
        Theirs("SAGEConv", {**FEATS, "aggregator_type": "mean"}, plain), Theirs("SAGEConv", IN_OUT, by_matrix),
    ),
    "sage pool": Timed(
        "SAGEConv", {**SIZES, "aggregator": "pool"}, Theirs("SAGEConv", {**FEATS, "aggregator_type": "pool"}, plain),
    ),
    "gin": Timed(
        "GINConv", {"network": mlp(WIDTH, WIDTH, WIDTH)},
        Theirs("GINConv", {"apply_func": mlp(WIDTH, WIDTH, WIDTH)}, plain),
        Theirs("GINConv", {"nn": mlp(WIDTH, WIDTH, WIDTH)}, by_matrix),
    ),
    "gat": Timed(
        "GATConv", {"in_features": WIDTH, "out_features": EACH, "num_heads": HEADS},
        Theirs("GATConv", {"in_feats": WIDTH, "out_feats": EACH, "num_heads": HEADS, "allow_zero_in_degree": True}, plain),
        Theirs("GATConv", {"in_channels": WIDTH, "out_channels": EACH, "heads": HEADS, "add_self_loops": False}, by_matrix),
    ),
    "gatv2": Timed(
        "GATv2Conv", {"in_features": WIDTH, "out_features": EACH, "num_heads": HEADS, "output_bias": True},
        None,
        Theirs("GATv2Conv", {"in_channels": WIDTH, "out_channels": EACH, "heads": HEADS, "add_self_loops": False}, by_matrix),
    ),
    "gatv2 of dgl": Timed(
        "GATv2Conv", {"in_features": WIDTH, "out_features": EACH, "num_heads": HEADS},
        Theirs("GATv2Conv", {"in_feats": WIDTH, "out_feats": EACH, "num_heads": HEADS, "allow_zero_in_degree": True}, plain),
    ),
    "transformer": Timed(
        "TransformerConv", {"in_features": WIDTH, "out_features": EACH, "num_heads": HEADS},
        None, Theirs("TransformerConv", {"in_channels": WIDTH, "out_channels": EACH, "heads": HEADS}, by_index),
    ),
    "agnn": Timed(
        "AGNNConv", {}, Theirs("AGNNConv", {"allow_zero_in_degree": True}, plain),
        Theirs("AGNNConv", {"add_self_loops": False}, by_matrix),
    ),
    "gine": Timed(
        "GINEConv", {"network": mlp(WIDTH, WIDTH)},
        Theirs("GINEConv", {"apply_func": mlp(WIDTH, WIDTH)},
               lambda layer, graph, x, edge_features: layer(graph, x, edge_features)),
        Theirs("GINEConv", {"nn": mlp(WIDTH, WIDTH)},
               lambda layer, graph, x, edge_features: layer(x, graph.index, edge_features)),
        {"edge_features": Rows("edge", (WIDTH,))},
    ),
    "sgc": Timed(
        "SGConv", {**SIZES, "k": 2}, Theirs("SGConv", {**FEATS, "k": 2, "allow_zero_in_degree": True}, plain),
        Theirs("SGConv", {**IN_OUT, "K": 2, "add_self_loops": False}, by_matrix),
    ),
    "appnp": Timed(
        "APPNPConv", {"k": 10, "alpha": 0.1}, Theirs("APPNPConv", {"k": 10, "alpha": 0.1}, plain),
        Theirs("APPNP", {"K": 10, "alpha": 0.1, "add_self_loops": False}, by_matrix),
    ),
    "tag": Timed(
        "TAGConv", {**SIZES, "k": 3}, Theirs("TAGConv", {**FEATS, "k": 3}, plain),
        Theirs("TAGConv", {**IN_OUT, "K": 3}, by_matrix),
    ),
    "cheb": Timed(
        "ChebConv", {**SIZES, "k": 3},
        Theirs("ChebConv", {**FEATS, "k": 3, "activation": None}, lambda layer, graph, x: layer(graph, x, [2.0])),
        Theirs("ChebConv", {**IN_OUT, "K": 3}, by_index),
    ),
    "arma": Timed("ARMAConv", {**SIZES, "num_stacks": 2}, None, Theirs("ARMAConv", {**IN_OUT, "num_stacks": 2}, by_matrix)),
    "nnconv": Timed(
        "NNConv", {"in_features": NARROW, "out_features": NARROW, "network": mlp(EDGE, NARROW * NARROW), "aggregator": "mean"},
        Theirs("NNConv", {"in_feats": NARROW, "out_feats": NARROW, "edge_func": mlp(EDGE, NARROW * NARROW),
                          "aggregator_type": "mean"},
               lambda layer, graph, x, edge_features: layer(graph, x[:, :NARROW], edge_features)),
        None, {"edge_features": Rows("edge", (EDGE,))}, lambda x: x[:, :NARROW],
    ),
    "edgeconv": Timed(
        "EdgeConv", {**SIZES, "reverses": True},
        Theirs("EdgeConv", {"in_feat": WIDTH, "out_feat": WIDTH, "allow_zero_in_degree": True}, plain),
    ),
    "edgeconv of pyg": Timed(
        "EdgeConv", {**SIZES, "network": mlp(2 * WIDTH, WIDTH, WIDTH)}, None,
        Theirs("EdgeConv", {"nn": mlp(2 * WIDTH, WIDTH, WIDTH)}, by_index),
    ),
    "gated graph": Timed(
        "GatedGraphConv", {**SIZES, "num_layers": 2},
        Theirs("GatedGraphConv", {**FEATS, "n_steps": 2, "n_etypes": 1}, plain),
    ),
    "gated gcn": Timed(
        "GatedGCNConv", {**SIZES, "edge_features": WIDTH},
        Theirs("GatedGCNConv", {"input_feats": WIDTH, "edge_feats": WIDTH, "output_feats": WIDTH},
               lambda layer, graph, x, edge_features: layer(graph, x, edge_features)),
        None, {"edge_features": Rows("edge", (WIDTH,))},
    ),
    "res gated": Timed("ResGatedGraphConv", SIZES, None, Theirs("ResGatedGraphConv", IN_OUT, by_index)),
    "cg": Timed(
        "CGConv", {"in_features": WIDTH, "edge_features": EDGE}, None,
        Theirs("CGConv", {"channels": WIDTH, "dim": EDGE},
               lambda layer, graph, x, edge_features: layer(x, graph.index, edge_features)),
        {"edge_features": Rows("edge", (EDGE,))},
    ),
    "gen": Timed("GENConv", SIZES, None, Theirs("GENConv", IN_OUT, by_index)),
    "rgcn": Timed(
        "RelGraphConv", {**SIZES, "num_types": NUM_TYPES},
        Theirs("RelGraphConv", {"in_feat": WIDTH, "out_feat": WIDTH, "num_rels": NUM_TYPES},
               lambda layer, graph, x, edge_type: layer(graph, x, edge_type)),
        Theirs("RGCNConv", {**IN_OUT, "num_relations": NUM_TYPES, "aggr": "add"},
               lambda layer, graph, x, edge_type: layer(x, graph.index, edge_type)),
        {"edge_type": Rows("edge", num_types=NUM_TYPES)},
    ),
    "gcn2": Timed(
        "GCN2Conv", {"in_features": WIDTH, "layer": 1, "bias": False},
        Theirs("GCN2Conv", {"in_feats": WIDTH, "layer": 1, "bias": False, "allow_zero_in_degree": True},
               lambda layer, graph, x, x_initial: layer(graph, x, x_initial)),
        Theirs("GCN2Conv", {"channels": WIDTH, "alpha": 0.1, "theta": 1.0, "layer": 1, "add_self_loops": False},
               lambda layer, graph, x, x_initial: layer(x, x_initial, graph.matrix)),
        {"x_initial": Rows("source", (WIDTH,))},
    ),
}  # fmt: skip
"""By name; every one has at least one peer."""
