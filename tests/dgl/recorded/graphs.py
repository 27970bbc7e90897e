"""Random small graphs as statements and tensors, and the recorder that collects calls on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

SHAPES: dict[str, tuple[int, ...]] = {"s": (), "d": (3,), "h": (2, 1), "z": (2, 3)}
COLUMNS = "".join(SHAPES)


def rows(rng: np.random.RandomState, count: int, *shape: int) -> torch.Tensor:
    """Numbers away from 0, of both signs, without ties."""
    numbers = rng.uniform(0.5, 2.0, (count, *shape)) * rng.choice((-1, 1), (count, *shape))
    return torch.as_tensor(numbers.round(3).astype(np.float32))


def ends(rng: np.random.RandomState, count: int, sources: int, targets: int) -> list[torch.Tensor]:
    """Ends of edges; parallel edges and loops occur."""
    return [torch.as_tensor(rng.randint(0, size, count)) for size in (sources, targets)]


class Recorder:
    """Calls of one file: setups by name and records."""

    def __init__(self, name: str, seed: int) -> None:
        self.name, self.rng = name, np.random.RandomState(seed)
        self.setups: dict[str, dict[str, Any]] = {"bare": {"statements": [], "tensors": {}}}
        self.records: list[dict[str, Any]] = []
        self.sizes: dict[str, tuple[int, int]] = {}

    def add(self, setup: str, program: list[str], result: str, gradients: Any = None, tensors: Any = None) -> None:
        """Add a call."""
        record: dict[str, Any] = {"setup": setup, "program": program, "result": result}
        if gradients is not None:
            record["gradients"] = list(dict.fromkeys(gradients))
        if tensors:
            record["tensors"] = tensors
        self.records.append(record)

    def graphs(self, kind: str, count: int) -> list[str]:
        """Make random graphs of a kind and name their setups."""
        names = [f"{kind}{at}" for at in range(count)]
        for name in names:
            if name not in self.setups:
                statements, tensors, sizes = MAKERS[kind](self.rng)
                self.setups[name], self.sizes[name] = {"statements": statements, "tensors": tensors}, sizes
        return names

    def templates(self, templates: list[tuple[str, str, str]], instances: int = 3) -> None:
        """Add calls of `(kind, statements, expression)`: NODES, EDGES, NODE and EDGE become random ids, K a number."""
        for kind, program, result in templates:
            name = "bare" if kind == "bare" else str(self.rng.choice(self.graphs(kind, instances)))
            num_nodes, num_edges = self.sizes.get(name, (5, 7))
            values = {
                "NODES": sorted(self.rng.choice(num_nodes, min(3, num_nodes), replace=False).tolist()),
                "EDGES": self.rng.choice(num_edges, min(3, num_edges), replace=False).tolist(),
                "NODE": int(self.rng.randint(num_nodes)),
                "EDGE": int(self.rng.randint(num_edges)),
                "K": int(self.rng.randint(1, 4)),
            }
            texts = [line.strip() for line in program.split(";;") if line.strip()] + [result]
            for word, value in values.items():
                texts = [text.replace(word, str(value)) for text in texts]
            self.add(name, texts[:-1], texts[-1])


def homogeneous(rng: np.random.RandomState) -> tuple[list[str], dict[str, torch.Tensor], tuple[int, int]]:
    """One type; the last node has no edge that enters it."""
    num_nodes, num_edges = rng.randint(4, 7), rng.randint(6, 10)
    u, v = ends(rng, num_edges, num_nodes, num_nodes - 1)
    tensors = {"u": u, "v": v}
    statements = [f"g = dgl.graph((u, v), num_nodes={num_nodes})"]
    if rng.randint(3) == 0:
        statements.append("g = g.int()")
    for letter, shape in SHAPES.items():
        tensors[f"n_{letter}"], tensors[f"e_{letter}"] = rows(rng, num_nodes, *shape), rows(rng, num_edges, *shape)
    statements.append(f"for c in {COLUMNS!r}: g.ndata[c] = globals()['n_' + c]; g.edata[c] = globals()['e_' + c]")
    return statements, tensors, (num_nodes, num_edges)


def typed(
    rng: np.random.RandomState, edge_types: Any = None
) -> tuple[list[str], dict[str, torch.Tensor], tuple[int, int]]:
    """Types a and b; edges f, r and s, and t, of which there are none."""
    edge_types = edge_types or [("a", "f", "a"), ("a", "r", "b"), ("b", "s", "b"), ("b", "t", "a")]
    counts = {"a": int(rng.randint(4, 6)), "b": int(rng.randint(4, 6))}
    tensors: dict[str, torch.Tensor] = {}
    sizes = []
    for first, relation, last in edge_types:
        num_edges = 0 if relation == "t" else int(rng.randint(5, 8))
        sizes.append(num_edges)
        tensors[f"u_{relation}"], tensors[f"v_{relation}"] = ends(rng, num_edges, counts[first], counts[last] - 1)
        for letter, shape in SHAPES.items():
            tensors[f"{relation}_{letter}"] = rows(rng, num_edges, *shape)
    for node_type, count in counts.items():
        for letter, shape in SHAPES.items():
            tensors[f"{node_type}_{letter}"] = rows(rng, count, *shape)
    made = ", ".join(f"{name!r}: (u_{name[1]}, v_{name[1]})" for name in edge_types)
    relations = [name[1] for name in edge_types]
    statements = [
        f"g = dgl.heterograph({{{made}}}, {counts})",
        f"for c in {COLUMNS!r}:\n for t in 'ab': g.nodes[t].data[c] = globals()[t + '_' + c]\n"
        f" for t in {relations}: g.edges[t].data[c] = globals()[t + '_' + c]",
    ]
    return statements, tensors, (min(counts.values()), min(size for size in sizes if size))


def bipartite(rng: np.random.RandomState) -> tuple[list[str], dict[str, torch.Tensor], tuple[int, int]]:
    """Edges r from a to b."""
    return typed(rng, [("a", "r", "b")])


def full(rng: np.random.RandomState) -> tuple[list[str], dict[str, torch.Tensor], tuple[int, int]]:
    """Types a and b; edges f, r, s and x, of each of which there are some."""
    return typed(rng, [("a", "f", "a"), ("a", "r", "b"), ("b", "s", "b"), ("b", "x", "a")])


def blocks(rng: np.random.RandomState) -> tuple[list[str], dict[str, torch.Tensor], tuple[int, int]]:
    """A block of one type, whose targets are the first of its sources."""
    targets, extra, num_edges = rng.randint(2, 4), rng.randint(2, 4), rng.randint(5, 9)
    u, v = ends(rng, num_edges, targets + extra, targets)
    tensors = {
        "u": u,
        "v": v,
        "src": rows(rng, targets + extra, 3),
        "dst": rows(rng, targets, 3),
        "e": rows(rng, num_edges, 3),
    }
    statements = [
        f"g = dgl.create_block((u, v), num_src_nodes={targets + extra}, num_dst_nodes={targets})",
        "g.srcdata['d'] = src; g.dstdata['d'] = dst; g.edata['d'] = e",
    ]
    return statements, tensors, (targets, num_edges)


def batches(rng: np.random.RandomState) -> tuple[list[str], dict[str, torch.Tensor], tuple[int, int]]:
    """Three graphs as `gs`, one of them without edges, batched as `g`; with columns s, d and z."""
    sizes = [int(rng.randint(2, 5)) for _ in range(3)]
    tensors: dict[str, torch.Tensor] = {}
    statements = ["gs = []"]
    for at, size in enumerate(sizes):
        count = 0 if at == 1 else int(rng.randint(3, 7))
        tensors[f"u{at}"], tensors[f"v{at}"] = ends(rng, count, size, size)
        for letter in "sdz":
            tensors[f"n{at}_{letter}"] = rows(rng, size, *SHAPES[letter])
            tensors[f"e{at}_{letter}"] = rows(rng, count, *SHAPES[letter])
        statements.append(
            f"h = dgl.graph((u{at}, v{at}), num_nodes={size})\n"
            f"for c in 'sdz': h.ndata[c] = globals()['n{at}_' + c]; h.edata[c] = globals()['e{at}_' + c]\n"
            f"gs.append(h)"
        )
    statements.append("g = dgl.batch(gs)")
    return statements, tensors, (sum(sizes), 3)


def trees(rng: np.random.RandomState) -> tuple[list[str], dict[str, torch.Tensor], tuple[int, int]]:
    """An acyclic graph whose edges lead from lower to higher ids; no two of them are parallel."""
    num_nodes = int(rng.randint(6, 9))
    pairs = [(int(rng.randint(max(0, v - 3), v)), v) for v in range(1, num_nodes)]
    pairs += [(int(rng.randint(0, 2)), num_nodes - 1)]
    pairs = sorted(set(pairs))
    order = rng.permutation(len(pairs))
    u, v = torch.as_tensor([pairs[at] for at in order]).T.contiguous()
    tensors = {"u": u, "v": v, "n_d": rows(rng, num_nodes, 3), "e_d": rows(rng, len(pairs), 3)}
    return ["g = dgl.graph((u, v))", "g.ndata['d'] = n_d; g.edata['d'] = e_d"], tensors, (num_nodes, len(pairs))


MAKERS = {
    "homogeneous": homogeneous,
    "bipartite": bipartite,
    "typed": typed,
    "full": full,
    "block": blocks,
    "batch": batches,
    "tree": trees,
}
