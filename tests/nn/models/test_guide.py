"""The guide lists every ready model, with what it takes of edges and where it is from."""

import inspect
from pathlib import Path
from typing import Any

import pytest

import weft.nn.models as models
from tests.nn.models.test_layer_stack import KINDS
from tools.layer_page import source
from weft.nn.models import HeadedStack, LayerStack

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "layers.md"
READY: dict[str, Any] = {
    name: kind
    for name, kind in vars(models).items()
    if isinstance(kind, type) and kind not in (LayerStack, HeadedStack)
}
WORDS = {"edge_weight": "weights", "edge_features": "features", "edge_type": "types"}


@pytest.mark.parametrize("name", READY)
def test_a_model_stands_in_the_guide_with_what_it_takes(name: str) -> None:
    takes: Any = READY[name].forward
    if name in KINDS:
        takes = KINDS[name].make(4, 8, 2, **KINDS[name].options).layers[0].forward
    words = [word for argument, word in WORDS.items() if argument in inspect.signature(takes).parameters]
    rows = [
        line.strip("| ").split(" | ") for line in GUIDE.read_text().splitlines() if line.startswith(f"| `{name}` |")
    ]
    assert [row[2:] for row in rows] == [[", ".join(words) or "nothing", source(inspect.getdoc(READY[name]) or "")]]
