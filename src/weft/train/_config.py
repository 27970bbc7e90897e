"""What a run was made with: enough to repeat it and to rebuild its model, and nothing of when and where."""

import json
import platform
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

import torch

from .._version import __version__
from ..errors import WeftError
from ..settings import require
from ..tables import EdgeTable, FeatureEncoder, NodeTable
from ._options import TrainOptions


@dataclass(frozen=True)
class NodeSource:
    """The table of nodes and the part of each of its columns."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    file: str
    sha256: str
    key: str
    label: str
    split: str | None
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class EdgeSource:
    """The table of edges and the part of each of its columns."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    file: str
    sha256: str
    source: str
    target: str
    weight: str | None


@dataclass(frozen=True)
class Versions:
    """Versions that the numbers of a run depend on."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    weft: str
    torch: str
    python: str


@dataclass(frozen=True)
class RunConfig:
    """The contents of `config.json`.

    Attributes:
        classes: in the order of the model's outputs.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    format: Literal["weft-run"]
    format_version: Literal[1]
    versions: Versions
    nodes: NodeSource
    edges: EdgeSource
    options: TrainOptions
    classes: tuple[str, ...] | tuple[bool, ...] | tuple[int, ...]
    features: FeatureEncoder

    def to_json(self) -> str:
        """Write the configuration as JSON; equal configurations give equal text."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def make_config(nodes: NodeTable, edges: EdgeTable, options: TrainOptions, *, encoder: FeatureEncoder) -> RunConfig:
    """Describe a run on two tables."""
    return RunConfig(
        format="weft-run",
        format_version=1,
        versions=Versions(weft=__version__, torch=str(torch.__version__), python=platform.python_version()),
        nodes=NodeSource(
            file=nodes.file.path.name,
            sha256=nodes.file.digest(),
            key=nodes.key,
            label=nodes.label,
            split=nodes.split_column,
            ignored=nodes.ignored,
        ),
        edges=EdgeSource(
            file=edges.file.path.name,
            sha256=edges.file.digest(),
            source=edges.source_column,
            target=edges.target_column,
            weight=edges.weight_column,
        ),
        options=options,
        classes=nodes.classes,
        features=encoder,
    )


def parse_config(text: str | bytes, *, where: str) -> RunConfig:
    """Read a `config.json`, which may come from anyone.

    Args:
        where: what to call the file in an error.

    Raises:
        WeftError: for text that is no JSON, an unknown or missing key, or a value of another type.
    """
    pydantic = require("pydantic", "train")
    try:
        config: Any = pydantic.TypeAdapter(RunConfig).validate_json(text, strict=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise WeftError(
            f"{where}: expected the configuration of a run of weft {__version__}, got something else at {key} "
            f"({first['msg']}); hint: train again, or use the version of weft that wrote it"
        ) from None
    assert isinstance(config, RunConfig), "the adapter makes what it was made for"
    return config
