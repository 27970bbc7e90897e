"""The page of layers is what the program makes of them, and knows every layer and every name of DGL and PyG."""

import re

from torch import nn

import weft.nn
from tools import layer_page


def test_page_is_up_to_date() -> None:
    assert layer_page.PAGE.read_text() == layer_page.page(), "hint: python -m tools.layer_page"


def test_every_layer_stands_in_one_chapter() -> None:
    listed = " ".join(names for _, names in layer_page.CHAPTERS.values()).split()
    there = [name for name, kind in vars(weft.nn).items() if isinstance(kind, type) and issubclass(kind, nn.Module)]
    assert len(set(listed)) == len(listed)
    assert set(there) <= set(listed)


def test_every_layer_under_the_contract_has_a_source_and_a_size() -> None:
    page = layer_page.page().partition("## What DGL")[0]
    rows = {
        name: [cell.strip() for cell in cells.split(" | ")]
        for name, cells in re.findall(r"^\| `(\w+)` \|(.*)\|$", page, re.M)
    }
    known = layer_page.cases()
    assert [name for name, cells in rows.items() if name in known and not all(cells[-2:])] == []


def test_every_name_of_the_others_is_known() -> None:
    assert len(layer_page.DGL_NAMES.split()) == 34
    assert len(layer_page.PYG_NAMES.split()) == 67
    assert layer_page.PYG.keys() <= set(layer_page.PYG_NAMES.split())
