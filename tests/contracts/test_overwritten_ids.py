"""Ids that another thread overwrites while a kernel reads them: whatever comes of it, the process lives."""

import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import torch

from weft.errors import IdError
from weft.ops import (
    Structure,
    edge_softmax,
    gat_attention,
    mark_ends,
    mark_rows,
    push_pagerank,
    sddmm,
    segment_search,
    spmm,
    topological_levels,
    using,
)

N, E = 1000, 200_000
FAR = 2**40  # following it would leave the process's memory
SECONDS = 0.4


def calls():
    """What reads ids, and the ids that are overwritten meanwhile."""
    indptr, ids, edge = torch.arange(0, E + 1, E // N), torch.arange(E) % N, torch.arange(E)
    marks, weight = torch.full(((N + 63) // 64,), -1), torch.ones(E)
    rows, whole, few = (
        Structure(indptr, ids),
        Structure(indptr, ids, edge),
        Structure(torch.arange(0, E + 1, 2), ids, edge),
    )
    trained, far = Structure(indptr, ids, edge, Structure(indptr, ids.clone(), edge.clone())), torch.ones(E, 1)
    source, target = torch.arange(E) % N, torch.arange(E) % N
    listed = Structure(indptr, ids, edge, None, (source, target))
    z = torch.ones(N, 1, 8, requires_grad=True)

    def attend(rows, weight=None):
        return gat_attention(rows, z, torch.ones(N, 1), torch.ones(N, 1), edge_weight=weight)[0].sum()

    one, many, scale, seeds = torch.ones(N, 1), torch.ones(N, 8), torch.ones(N), torch.arange(N)
    return {
        "spmm of one value, source": (ids, lambda: spmm(rows, one)),
        "spmm of one value, edge": (edge, lambda: spmm(whole, one, weight)),
        "spmm of one value and few edges, source": (ids, lambda: spmm(few, one)),
        "spmm of one value and few edges, edge": (edge, lambda: spmm(few, one, weight)),
        "sddmm of one value, source": (ids, lambda: sddmm(whole, one, one, "add")),
        "sddmm of one value, edge": (edge, lambda: sddmm(whole, one, one, "add")),
        "spmm, source": (ids, lambda: spmm(rows, many)),
        "spmm, scale": (ids, lambda: spmm(rows, many, source_scale=scale)),
        "spmm, edge": (edge, lambda: spmm(whole, many, weight)),
        "sddmm, source": (ids, lambda: sddmm(whole, many, many, "dot")),
        "sddmm, edge": (edge, lambda: sddmm(whole, many, many, "dot")),
        "sddmm of one value by edge": (source, lambda: sddmm(listed, one, one, "add")),
        "sddmm by edge, source": (source, lambda: sddmm(listed, many, many, "dot")),
        "sddmm by edge, target": (target, lambda: sddmm(listed, many, many, "add")),
        "mark_ends": (ids, lambda: mark_ends(ids, ids, marks, marks)),
        "mark_rows": (ids, lambda: mark_rows(indptr, edge, None, ids, None, E)),
        "segment_search": (ids, lambda: segment_search(indptr, ids.clone(), ids, ids)),
        "edge_softmax, edge": (edge, lambda: edge_softmax(whole, far)),
        "gat_attention, source": (ids, lambda: attend(rows)),
        "gat_attention, edge": (edge, lambda: attend(whole, far)),
        "gat_attention, source of the transpose": (trained.transposed.source, lambda: attend(trained).backward()),
        "gat_attention, edge of the transpose": (trained.transposed.edge, lambda: attend(trained, far).backward()),
        "topological_levels": (ids, lambda: topological_levels(indptr, ids)),
        "push_pagerank": (ids, lambda: push_pagerank(indptr, ids, weight / N, scale / N, seeds, 0.2, 9, N)),
        "push_pagerank, seeds": (seeds, lambda: push_pagerank(indptr, ids, weight / N, scale / N, seeds, 0.2, 9, N)),
    }


def overwrite(ids, until):
    good = ids.clone()
    while time.monotonic() < until:
        ids.fill_(FAR)
        ids.copy_(good)


def race():
    """Run every call against a thread that overwrites its ids, and tell how far it came."""
    torch.set_num_threads(1)
    with using("native"):
        for name, (ids, call) in calls().items():
            print(name, flush=True)
            until = time.monotonic() + SECONDS
            other = threading.Thread(target=overwrite, args=(ids, until))
            other.start()
            while time.monotonic() < until:
                with contextlib.suppress(IdError):
                    call()
            other.join()
    print("alive")


def test_ids_overwritten_meanwhile_do_not_end_the_process():
    found = subprocess.run(
        [sys.executable, "-c", "from tests.contracts.test_overwritten_ids import race; race()"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert found.stdout.splitlines()[-1:] == ["alive"], found.stdout + found.stderr
