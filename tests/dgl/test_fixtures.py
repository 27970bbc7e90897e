import json
import math
import warnings

import pytest
import torch

import weft.dgl as dgl
from tests.dgl.differences import DIFFERENCES
from tests.dgl.playing import FIXTURES, load, play

FILES = sorted(path.stem for path in FIXTURES.glob("*.safetensors"))
LOADED = {name: load(name) for name in FILES}
RECORDS = [pytest.param(name, record, id=record["name"]) for name in FILES for record in LOADED[name][1]]


def differs(found, expected, where=""):
    """The first place where two values differ, or None; integers and structure exactly, real numbers to 1e-5."""
    if isinstance(expected, torch.Tensor):
        if not isinstance(found, torch.Tensor) or (found.shape, found.dtype) != (expected.shape, expected.dtype):
            return f"{where}: {_shape(found)}, DGL {_shape(expected)}"
        is_real = found.is_floating_point()
        if torch.allclose(found, expected, rtol=1e-5, atol=1e-6, equal_nan=True) if is_real else found.equal(expected):
            return None
        return f"{where}: {found.tolist()}, DGL {expected.tolist()}"
    if isinstance(expected, dict) and isinstance(found, dict):
        if found.keys() != expected.keys():
            return f"{where}: {sorted(found)}, DGL {sorted(expected)}"
        return next((text for key in expected if (text := differs(found[key], expected[key], f"{where}.{key}"))), None)
    if isinstance(expected, list) and isinstance(found, list):
        if len(found) != len(expected):
            return f"{where}: {len(found)} parts {found}, DGL {len(expected)} {expected}"
        pairs = enumerate(zip(found, expected, strict=True))
        return next((text for at, (a, b) in pairs if (text := differs(a, b, f"{where}[{at}]"))), None)
    if isinstance(expected, float) and isinstance(found, float):
        return (
            None if math.isclose(found, expected, rel_tol=1e-5, abs_tol=1e-6) else f"{where}: {found}, DGL {expected}"
        )
    return None if type(found) is type(expected) and found == expected else f"{where}: {found!r}, DGL {expected!r}"


def _shape(value):
    return f"{tuple(value.shape)} {value.dtype}" if isinstance(value, torch.Tensor) else repr(value)


def compared(name, record):
    """How weft.dgl differs from what DGL did, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = play(record, LOADED[name][0][record["setup"]], dgl)
    if "error" in record:
        _, builtin = record["error"]
        if "error" not in found:
            return f"no error, DGL {record['error']}"
        error = found["error"][-1]
        classes = [c.__name__ for c in type(error).__mro__ if c is not Exception]
        fits = isinstance(error, dgl.DGLError) or builtin in classes
        return None if fits else f"{error!r}, DGL {record['error']}"
    if "error" in found:
        return f"{found['error'][-1]!r}, DGL gave a value"
    text = differs(found["output"], record["output"])
    if text is None and isinstance(record.get("gradient_values"), list):
        text = differs(found["gradients"], record["gradient_values"], "gradients")
    if text is None and isinstance(found.get("gradients"), dict):
        text = f"gradients: {found['gradients']}"
    return text


def called(record):
    return " ".join([*record["program"], record["result"]])


@pytest.mark.parametrize(("name", "record"), RECORDS)
def test_a_call_does_what_it_does_in_dgl(name, record):
    text = compared(name, record)
    if text is not None and text.startswith("AbsentNameError") and "it comes" in text:
        pytest.skip(text)  # test_listing.py knows what is not there
    if record["name"] in DIFFERENCES:
        assert text is not None, "the table of differences says that this call differs, and it does not"
    else:
        assert text is None, f"{record['program']} {record['result']}: {text}"


def test_differences_are_of_calls_that_exist():
    assert DIFFERENCES.keys() <= {record["name"] for name in FILES for record in LOADED[name][1]}
    assert all(reason.endswith(".") for reason in DIFFERENCES.values())


def test_there_are_enough_calls_and_their_files_are_small():
    assert sum(len(records) for _, records in LOADED.values()) >= 300
    assert sum(path.stat().st_size for path in FIXTURES.iterdir()) < 1_000_000
    messages = {(record["setup"].rstrip("0123456789"), called(record)) for record in LOADED["messages"][1]}
    for kind in ("homogeneous", "bipartite", "full"):
        for side in "uve":
            for other in set("uve") - {side}:
                for op in ("add", "sub", "mul", "div", "dot"):
                    for reducer in ("sum", "mean", "max", "min"):
                        wanted = f"fn.{side}_{op}_{other}(", f"fn.{reducer}('m'"
                        assert any(of == kind and all(word in text for word in wanted) for of, text in messages)


def test_every_file_names_the_version_that_it_is_of():
    for name in FILES:
        assert json.loads((FIXTURES / f"{name}.json").read_text())["dgl"] == "2.1.0"
