"""All messages by name with all reducers, on graphs of three kinds, with the gradients of what they read."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from .graphs import Recorder

OPS = ("add", "sub", "mul", "div", "dot")
BINARY = [(a, op, b) for a, b in permutations("uve", 2) for op in OPS]
REDUCERS = ("sum", "mean", "max", "min")
PAIRS = {"dot": ["dd", "zz"], "other": ["ss", "dd", "zh", "hz", "zz", "zd", "hh"]}
RELATIONS = {"bipartite": {"r": "ab"}, "full": {"f": "aa", "r": "ab", "s": "bb", "x": "ba"}}


def leaves(kind: str, side: str, column: str) -> list[str]:
    """Names of the tensors that a message reads on a side."""
    if kind == "homogeneous":
        return [("e_" if side == "e" else "n_") + column]
    found = []
    for relation, (first, last) in RELATIONS[kind].items():
        found.append({"u": first, "v": last, "e": relation}[side] + "_" + column)
    return list(dict.fromkeys(found))


def messages(recorder: Recorder, kind: str) -> list[tuple[str, list[str]]]:
    """Every message as text on columns drawn at random, with the names of the tensors that it reads."""
    made: list[tuple[str, list[str]]] = []
    for side in "ue":
        column = str(recorder.rng.choice(list("sdhz")))
        made.append((f"fn.copy_{side}({column!r}, 'm')", leaves(kind, side, column)))
    for left, op, right in BINARY:
        x, y = str(recorder.rng.choice(PAIRS["dot" if op == "dot" else "other"]))
        made.append((f"fn.{left}_{op}_{right}({x!r}, {y!r}, 'm')", leaves(kind, left, x) + leaves(kind, right, y)))
    return made


def update_all(recorder: Recorder) -> None:
    """Every message with every reducer, on every kind of graph."""
    results = {"homogeneous": "g.ndata['o']", "bipartite": "g.nodes['b'].data['o']", "full": "g.ndata['o']"}
    for kind, result in results.items():
        for reducer in REDUCERS:
            for message, read in messages(recorder, kind):
                name = str(recorder.rng.choice(recorder.graphs(kind, 4)))
                program = f"g.update_all({message}, fn.{reducer}('m', 'o'))"
                if kind == "full" and reducer == "mean":
                    program = f"g.multi_update_all({{t: ({message}, fn.mean('m', 'o')) for t in 'frsx'}}, 'sum')"
                recorder.add(name, [program], result, read)
    recorder.add(
        recorder.graphs("full", 4)[0], ["g.update_all(fn.copy_u('d', 'm'), fn.mean('m', 'o'))"], "g.ndata['o']"
    )


def by_type(recorder: Recorder) -> None:
    """Messages along one type of several, or along several with a reducer across them."""
    names = recorder.graphs("typed", 4)
    for cross in ("sum", "mean", "max", "min", "stack"):
        for reducer in REDUCERS:
            for of in (("f", "r", "s"), ("r", "s"), ("r", "s", "t", "f")):
                pairs = ", ".join(f"{name!r}: (fn.copy_u('d', 'm'), fn.{reducer}('m', 'o'))" for name in of)
                program = [f"g.multi_update_all({{{pairs}}}, {cross!r})"]
                recorder.add(str(recorder.rng.choice(names)), program, "g.nodes['b'].data['o']", ["a_d", "b_d"])
    for message, read in messages(recorder, "bipartite"):
        reducer = str(recorder.rng.choice(REDUCERS))
        program = [f"g.update_all({message}, fn.{reducer}('m', 'o'), etype='r')"]
        recorder.add(str(recorder.rng.choice(names)), program, "g.nodes['b'].data['o']", read)


def on_edges(recorder: Recorder) -> None:
    """Every message kept on edges, of all edges or of some."""
    results = {"homogeneous": "g.edata['o']", "bipartite": "g.edata['o']", "full": "g.edata['o']"}
    for kind, result in results.items():
        for message, read in messages(recorder, kind):
            if kind != "homogeneous" and recorder.rng.randint(2):
                continue
            name = str(recorder.rng.choice(recorder.graphs(kind, 4)))
            recorder.add(name, [f"g.apply_edges({message.replace(chr(39) + 'm', chr(39) + 'o')})"], result, read)
    for message, _ in messages(recorder, "homogeneous")[::3]:
        name = str(recorder.rng.choice(recorder.graphs("homogeneous", 4)))
        edges = recorder.rng.choice(recorder.sizes[name][1], 3, replace=False).tolist()
        recorder.add(
            name, [f"g.apply_edges({message.replace(chr(39) + 'm', chr(39) + 'o')}, edges={edges})"], "g.edata['o']"
        )


def record(recorder: Recorder) -> Any:
    """All of them."""
    update_all(recorder)
    by_type(recorder)
    on_edges(recorder)
