"""A library in a process of its own: reads requests as JSON lines, answers each with one."""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from typing import Any

import torch

from .stopwatch import Stopwatch


class UnsupportedError(Exception):
    """The library has nothing for this case; the text says what is missing."""


class Served:
    """What is timed, once it was prepared."""

    stopwatch: Stopwatch | None = None

    def threads(self, count: int) -> dict[str, Any]:
        """Change the number of threads."""
        torch.set_num_threads(count)
        return {}

    def time(self, what: str, number: int) -> dict[str, Any]:
        """Time `number` calls of a pass and give the seconds of one."""
        return self._ready().time(what, number)

    def memory(self) -> dict[str, Any]:
        """Say how many bytes one step, forward and where there is one backward, holds at its peak beyond its inputs."""
        return self._ready().memory()

    def calibrate(self, what: str) -> dict[str, Any]:
        """Say how many calls one timed run needs to be long enough."""
        return self._ready().calibrate(what)

    def drop(self) -> dict[str, Any]:
        """Forget what was prepared."""
        self.stopwatch = None
        gc.collect()
        return {}

    def _ready(self) -> Stopwatch:
        assert self.stopwatch is not None, "prepare comes first"
        return self.stopwatch


def out_of_memory(error: Exception) -> bool:
    """Say whether an error means that there was not enough memory."""
    text = str(error)
    return isinstance(error, MemoryError) or "allocate memory" in text or "not enough memory" in text


def answer(worker: Served, request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks; a failure becomes an answer, too."""
    try:
        return {"ok": True, **getattr(worker, request.pop("do"))(**request)}
    except UnsupportedError as error:
        return {"ok": False, "kind": "unsupported", "why": str(error)}
    except Exception as error:
        if out_of_memory(error):
            return {"ok": False, "kind": "memory", "why": str(error) or "out of memory"}
        return {"ok": False, "kind": "error", "why": str(error) or repr(error), "trace": traceback.format_exc()}


def serve(kind: type[Any]) -> None:
    """Answer requests to a worker of this kind until the input ends; what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = kind(sys.argv[1])
    gc.freeze()  # what a library imported lives as long as the process: collecting garbage before each timing need not look at it
    for line in sys.stdin:
        print(json.dumps(answer(worker, json.loads(line))), file=answers, flush=True)
    gc.unfreeze()  # and is then taken down in the order of its needs
