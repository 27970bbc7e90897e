"""Kill a writer at each point at which it calls the system, and say what the folder then holds."""

import json
import os
import signal
import sys
from pathlib import Path

import torch

from weft.storage import FileFeatures

OLD = {("node", "x"): [1.0, 1.0]}
NEW = {("node", "x"): [2.0] * 3, ("node", "y"): [2.0] * 3}


def held(folder):
    """All features of a folder, as a reader sees them."""
    store = FileFeatures(folder)
    return {key: store.fetch(key, torch.arange(store.spec(key).num_rows)).tolist() for key in store.keys}


def write(folder, wanted):
    FileFeatures.write(folder, {"node": {name: torch.tensor(values) for (_, name), values in wanted.items()}})


def write_and_die(folder, point):
    """Write the new features, unless this is the call of the system at which the process ends."""
    left = [point]

    def stopping(function):
        def call(*arguments, **options):
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return function(*arguments, **options)

        return call

    for name in ("fsync", "replace", "rename", "unlink", "open"):
        setattr(os, name, stopping(getattr(os, name)))
    Path.open = stopping(Path.open)
    write(folder, NEW)
    os._exit(0)


def main(folder):
    torch.set_num_threads(1)
    found = []
    for point in range(100):
        write(folder, OLD)
        assert len(list(folder.iterdir())) == 2, "what a killed writer left is not cleared away"
        child = os.fork()
        if child == 0:
            write_and_die(folder, point)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        found.append({str(OLD): "old", str(NEW): "new"}[str(held(folder))])
        if code == 0:
            break
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
