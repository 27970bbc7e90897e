"""The names under which DGL's programs look for the transforms."""

import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "transforms.functional",
        "transforms.module",
        "transforms.to_block",
        "homophily",
        "label_informativeness",
        "partition",
        "mpops.edgewise",
    ],
)
def test_every_exported_name_is_there_and_documented(module):
    found = importlib.import_module(f"weft.dgl.{module}")
    assert found.__all__
    for name in found.__all__:
        assert getattr(found, name).__doc__


def test_functions_and_classes_are_in_transforms_itself():
    transforms = importlib.import_module("weft.dgl.transforms")
    for module in ("functional", "module"):
        found = importlib.import_module(f"weft.dgl.transforms.{module}")
        assert all(getattr(transforms, name) is getattr(found, name) for name in found.__all__)
