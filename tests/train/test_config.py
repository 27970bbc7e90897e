"""The configuration of a run: the same after a round trip, and nothing else accepted."""

import json

import pytest

from weft.errors import WeftError
from weft.train import TrainOptions, parse_config, prepare


@pytest.fixture
def config(tables):
    """The configuration of a small run."""
    return prepare(*tables(), TrainOptions(layer="gat", seed=7)).config


def test_round_trip(config):
    assert parse_config(config.to_json(), where="config.json") == config
    assert parse_config(config.to_json(), where="config.json").to_json() == config.to_json()


@pytest.mark.parametrize("classes", [["a", "é"], [1, 2], [False, True]])
def test_classes_keep_their_type(config, classes):
    text = json.dumps({**json.loads(config.to_json()), "classes": classes})
    assert list(map(repr, parse_config(text, where="x").classes)) == list(map(repr, classes))


def test_it_holds_no_path_and_no_time(config, tmp_path):
    assert str(tmp_path) not in config.to_json()
    assert config.nodes.file == "nodes.csv"


def changed(config, *path, value):
    data = json.loads(config.to_json())
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("surprise",), 1, "surprise"),
        (("options", "surprise"), 1, "options.surprise"),
        (("nodes", "surprise"), 1, "nodes.surprise"),
        (("format",), "other", "format"),
        (("format_version",), 2, "format_version"),
        (("options", "hidden"), "64", "options.hidden"),
        (("features", "columns"), [{"column": "a", "kind": "numeric", "mean": "x", "scale": 1.0}], "mean"),
    ],
)
def test_anything_else_is_refused(config, path, value, says):
    with pytest.raises(WeftError) as caught:
        parse_config(changed(config, *path, value=value), where="run/config.json")
    text = str(caught.value)
    assert text.startswith("run/config.json: expected the configuration of a run of weft")
    assert says in text
    assert "; hint: " in text


def test_text_that_is_no_json():
    with pytest.raises(WeftError, match=r"config\.json: expected the configuration .* got something else at the file"):
        parse_config("{", where="config.json")
