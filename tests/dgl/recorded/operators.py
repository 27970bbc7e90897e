# ruff: noqa: E501  (a call is one line)
"""dgl.ops, messages as functions, softmax over edges, and layers."""

from __future__ import annotations

from .graphs import Recorder, rows
from .messages import BINARY, PAIRS, REDUCERS, leaves

# fmt: off
SETTLE = "for k, (_, p) in enumerate(sorted(net.named_parameters())): p.data = 0.4 * torch.cos(torch.arange(1., p.numel() + 1) + k).reshape(p.shape)"
LAYERS = [
    ("GraphConv(3, 2, allow_zero_in_degree=True)", "g, n_d", ""),
    ("GraphConv(3, 2, norm='right', weight=False, bias=False, allow_zero_in_degree=True)", "g, n_d", ""),
    ("GraphConv(3, 4, norm='left', allow_zero_in_degree=True)", "g, n_d", ", edge_weight=e_s.abs()"),
    ("GraphConv(3, 2)", "g, n_d", ""),
    ("GATConv(3, 2, 2, allow_zero_in_degree=True)", "g, n_d", ""),
    ("GATConv(3, 2, 2, residual=True, bias=False, allow_zero_in_degree=True)", "g, n_d", ", get_attention=True"),
    ("GATv2Conv(3, 2, 2, allow_zero_in_degree=True)", "g, n_d", ""),
    ("SAGEConv(3, 2, 'mean')", "g, n_d", ""),
    ("SAGEConv(3, 2, 'gcn')", "g, n_d", ""),
    ("SAGEConv(3, 2, 'pool')", "g, n_d", ""),
    ("GINConv(torch.nn.Linear(3, 2), 'sum', 0.5, learn_eps=True)", "g, n_d", ""),
    ("GINConv(None, 'max')", "g, n_d", ""),
    ("GINEConv(torch.nn.Linear(3, 2))", "g, n_d, e_d", ""),
    ("RelGraphConv(3, 2, 3)", "g, n_d", ", etypes=torch.arange(g.num_edges()) % 3"),
    ("RelGraphConv(3, 2, 3, regularizer='basis', num_bases=2)", "g, n_d", ", etypes=torch.arange(g.num_edges()) % 3"),
    ("TAGConv(3, 2, k=2)", "g, n_d", ""),
    ("SGConv(3, 2, k=2, allow_zero_in_degree=True)", "g, n_d", ""),
    ("APPNPConv(3, 0.2)", "g, n_d", ""),
    ("EdgeConv(3, 2, allow_zero_in_degree=True)", "g, n_d", ""),
    ("GatedGraphConv(3, 3, 2, 2)", "g, n_d", ", etypes=torch.arange(g.num_edges()) % 2"),
    ("NNConv(3, 2, torch.nn.Linear(3, 6), 'mean')", "g, n_d, e_d", ""),
    ("EGATConv(3, 3, 2, 2, 2)", "dgl.reverse(dgl.add_self_loop(g)), n_d, torch.cat((e_d, n_d))", ""),
    ("DotGatConv(3, 2, 2, allow_zero_in_degree=True)", "g, n_d", ""),
    ("PNAConv(3, 2, ['mean', 'max', 'sum'], ['identity', 'amplification'], 2.5)", "g, n_d", ""),
    ("HeteroGraphConv({'f': dgl.nn.GraphConv(3, 2, allow_zero_in_degree=True), 'r': dgl.nn.SAGEConv(3, 2, 'mean')})", "g, {'a': a_d, 'b': b_d}", ""),
    ("SumPooling()", "g, g.ndata['d']", ""),
    ("AvgPooling()", "g, g.ndata['d']", ""),
    ("MaxPooling()", "g, g.ndata['d']", ""),
    ("SortPooling(2)", "g, g.ndata['d']", ""),
    ("GlobalAttentionPooling(torch.nn.Linear(3, 1))", "g, g.ndata['d']", ""),
    ("Set2Set(3, 2, 1)", "g, g.ndata['d']", ""),
    ("WeightAndSum(3)", "g, g.ndata['d']", ""),
]
# fmt: on


def operators(recorder: Recorder) -> None:
    """Messages with reducers as functions of tensors, and messages alone."""
    for op in ("add", "sub", "mul", "div"):
        for reducer in REDUCERS:
            _operator(recorder, f"u_{op}_e_{reducer}", ["u", "e"])
    for side in "ue":
        for reducer in REDUCERS:
            _operator(recorder, f"copy_{side}_{reducer}", [side])
    for left, op, right in BINARY:
        _operator(recorder, f"{left}_{op}_{right}", [left, right])
    for side in "uv":
        _operator(recorder, f"copy_{side}", [side])
    name = str(recorder.rng.choice(recorder.graphs("homogeneous", 3)))
    recorder.add(name, [], "dgl.ops.gspmm(g, 'mul', 'sum', n_d, e_d)", ["n_d", "e_d"])
    recorder.add(name, [], "dgl.ops.gspmm(g, 'copy_lhs', 'max', n_d, None)", ["n_d"])
    recorder.add(name, [], "dgl.ops.gsddmm(g, 'dot', n_z, n_z, 'u', 'v')", ["n_z"])
    recorder.add(name, [], "dgl.ops.gsddmm(g, 'sub', n_d, e_d, lhs_target='v', rhs_target='e')", ["n_d", "e_d"])


def _operator(recorder: Recorder, call: str, sides: list[str]) -> None:
    pair = str(recorder.rng.choice(PAIRS["dot" if "dot" in call else "other"]))
    for kind in ("homogeneous", "bipartite"):
        name = str(recorder.rng.choice(recorder.graphs(kind, 3)))
        read = [leaves(kind, side, column)[0] for side, column in zip(sides, pair, strict=False)]
        recorder.add(name, [], f"dgl.ops.{call}(g, {', '.join(read)})", read)


def segments(recorder: Recorder) -> None:
    """Reducers of segments, products with a matrix for each, and softmax over the edges of a node."""
    rng = recorder.rng
    for at, lengths in enumerate(([2, 0, 3], [1, 4], [0, 2, 2, 1])):
        tensors = {"x": rows(rng, sum(lengths), 3), "lengths": lengths_of(lengths), "w": rows(rng, len(lengths), 3, 2)}
        for reducer in REDUCERS:
            recorder.add("bare", [], f"dgl.ops.segment_reduce(lengths, x, {reducer!r})", ["x"], tensors)
        recorder.add("bare", [], "dgl.ops.segment_softmax(lengths, x)", ["x"], tensors)
        recorder.add("bare", [], "dgl.ops.segment_mm(x, w, lengths)", ["x", "w"], tensors)
        recorder.add("bare", [], f"dgl.ops.gather_mm(x, w, idx_b=torch.arange(5) % {at + 1})", ["x", "w"], tensors)
    for kind, read in (("homogeneous", "e_"), ("bipartite", "r_")):
        for column in "sdz":
            for options in ("", ", norm_by='src'"):
                name = str(rng.choice(recorder.graphs(kind, 3)))
                for where in ("dgl.nn.functional", "dgl.ops"):
                    recorder.add(name, [], f"{where}.edge_softmax(g, {read}{column}{options})", [read + column])
    name = str(rng.choice(recorder.graphs("homogeneous", 3)))
    recorder.add(name, [], "dgl.ops.edge_softmax(g, e_d[:4], eids=torch.tensor([0, 2, 3, 5], dtype=g.idtype))", ["e_d"])


def lengths_of(lengths: list[int]) -> object:
    """Lengths as a tensor."""
    import torch

    return torch.tensor(lengths)


def messages(recorder: Recorder) -> None:
    """dgl.copy_u(g, x) and its kin."""
    for call, read in [("copy_u", "n_d"), ("copy_v", "n_z")]:
        name = str(recorder.rng.choice(recorder.graphs("homogeneous", 3)))
        recorder.add(name, [], f"dgl.{call}(g, {read})", [read])
    for op in ("add", "sub", "mul", "div", "dot"):
        for kind, x, y in (("homogeneous", "n_d", "n_d"), ("bipartite", "a_z", "b_z")):
            name = str(recorder.rng.choice(recorder.graphs(kind, 3)))
            recorder.add(name, [], f"dgl.u_{op}_v(g, {x}, {y})", [x, y])


def layers(recorder: Recorder) -> None:
    """Layers with parameters that are set by the order of their names."""
    for made, arguments, options in LAYERS:
        kind = "batch" if "g.ndata" in arguments else "full" if "a_d" in arguments else "homogeneous"
        name = str(recorder.rng.choice(recorder.graphs(kind, 3)))
        program = [f"net = dgl.nn.{made}.eval()", SETTLE]
        inputs = [] if kind == "batch" else [part.strip(" ,g") for part in ("n_d", "e_d") if part in arguments]
        read = {"full": ["a_d", "b_d"], "batch": ["n0_d", "n1_d"]}.get(kind, inputs)
        recorder.add(name, program, f"net({arguments}{options})", None if kind == "batch" else read)
        recorder.add(name, program, "[[name, list(p.shape)] for name, p in sorted(net.named_parameters())]")


def record(recorder: Recorder) -> None:
    """The calls of the file that the recorder is for."""
    if recorder.name == "ops":
        operators(recorder)
        segments(recorder)
    else:
        (messages if recorder.name == "mpops" else layers)(recorder)
