"""Feature columns to numbers, with statistics from the training nodes that are kept to be applied again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from ..errors import TableError, message
from ._features import CategoricalColumn, FeatureColumn, FeatureKind, NumericColumn
from ._file import quoted


@dataclass(frozen=True)
class NumericEncoder:
    """Subtract the mean and divide by the standard deviation; a missing value becomes the mean, that is 0."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    column: str
    kind: Literal["numeric", "boolean"]
    mean: float
    scale: float

    @property
    def width(self) -> int:
        """Number of features that the column becomes."""
        return 1

    def apply(self, column: FeatureColumn) -> "np.ndarray[Any, np.dtype[np.float32]]":
        """Encode a column: (num_rows,) -> (num_rows, 1).

        Raises:
            TableError: if the column holds text, or a value so far from the mean that it is no float32 any more.
        """
        if not isinstance(column, NumericColumn):
            raise _other_kind(self.column, "numbers or booleans", "text")
        with np.errstate(over="ignore"):
            encoded = ((column.values - self.mean) / self.scale).astype(np.float32)
        encoded[np.isnan(column.values)] = 0.0
        if not np.isfinite(encoded).all():
            raise TableError(
                message(
                    f"feature {quoted(self.column)}",
                    "values that fit a float32 after standardisation",
                    "a value that is too large",
                    "check the column for a wrong unit or a placeholder",
                )
            )
        return encoded[:, None]


@dataclass(frozen=True)
class CategoricalEncoder:
    """One feature per known word and one for any other word; a missing value is 0 in all of them."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    column: str
    kind: Literal["categorical"]
    words: tuple[str, ...]

    @property
    def width(self) -> int:
        """Number of features that the column becomes."""
        return len(self.words) + 1

    def apply(self, column: FeatureColumn) -> "np.ndarray[Any, np.dtype[np.float32]]":
        """Encode a column: (num_rows,) -> (num_rows, len(words) + 1).

        Raises:
            TableError: if the column holds numbers.
        """
        if not isinstance(column, CategoricalColumn):
            raise _other_kind(self.column, "text", "numbers or booleans")
        place = {word: i for i, word in enumerate(self.words)}
        places = np.array([place.get(word, len(self.words)) for word in column.words], dtype=np.int64)
        encoded = np.zeros((len(column.codes), self.width), dtype=np.float32)
        present = np.flatnonzero(column.codes >= 0)
        encoded[present, places[column.codes[present]]] = 1.0
        return encoded


@dataclass(frozen=True)
class FeatureEncoder:
    """The encoders of all feature columns, side by side in the order of the table."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    columns: tuple[NumericEncoder | CategoricalEncoder, ...]

    @property
    def width(self) -> int:
        """Number of features of a node."""
        return sum(encoder.width for encoder in self.columns)

    @property
    def kinds(self) -> Mapping[str, FeatureKind]:
        """What `read_nodes` must read each column as, so that this encoder fits it."""
        return {encoder.column: encoder.kind for encoder in self.columns}

    def apply(self, columns: Sequence[FeatureColumn]) -> "np.ndarray[Any, np.dtype[np.float32]]":
        """Encode the columns of any table that has them: (num_rows, width).

        Raises:
            TableError: if a column is missing or of another kind.
        """
        by_name = {column.name: column for column in columns}
        parts = []
        for encoder in self.columns:
            if encoder.column not in by_name:
                raise _other_kind(encoder.column, "a column of this name", "none")
            parts.append(encoder.apply(by_name[encoder.column]))
        return np.concatenate(parts, axis=1)


def fit_encoder(
    columns: Sequence[FeatureColumn],
    rows: "np.ndarray[Any, np.dtype[np.bool_]]",
    *,
    max_categories: int = 64,
) -> FeatureEncoder:
    """Fit encoders to some rows of a table, which should be its training nodes and no others.

    Args:
        rows: (num_rows,) True for a row to fit to.
        max_categories: of more words in a column, only the most frequent are known; of equally frequent ones, the
            first in the alphabet.

    Raises:
        TableError: if a mean or a standard deviation is no finite number.

    Example:
        >>> age = NumericColumn("age", "numeric", np.array([1.0, 3.0, np.nan, 100.0]))
        >>> encoder = fit_encoder([age], np.array([True, True, True, False]))
        >>> encoder.apply([age]).ravel().tolist()
        [-1.0, 1.0, 0.0, 98.0]
    """
    encoders: list[NumericEncoder | CategoricalEncoder] = []
    for column in columns:
        if isinstance(column, NumericColumn):
            encoders.append(_fit_numeric(column, rows))
        else:
            encoders.append(_fit_categorical(column, rows, max_categories=max_categories))
    return FeatureEncoder(tuple(encoders))


def _fit_numeric(column: NumericColumn, rows: "np.ndarray[Any, np.dtype[np.bool_]]") -> NumericEncoder:
    values = column.values[rows]
    values = values[~np.isnan(values)]
    if not values.size:
        return NumericEncoder(column.name, column.kind, 0.0, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(values.mean()), float(values.std())
    if not np.isfinite(mean) or not np.isfinite(deviation):
        raise TableError(
            message(
                f"feature {quoted(column.name)}",
                "numbers with a finite mean and standard deviation",
                f"values up to {np.abs(values).max():.3g}",
                "check the column for a placeholder, or scale it",
            )
        )
    # A column that is constant but for rounding carries nothing; dividing by the rounding would make it noise.
    if deviation <= 1e-12 * abs(mean):
        mean, deviation = float(values[0]), 1.0
    return NumericEncoder(column.name, column.kind, mean, deviation)


def _fit_categorical(
    column: CategoricalColumn, rows: "np.ndarray[Any, np.dtype[np.bool_]]", *, max_categories: int
) -> CategoricalEncoder:
    codes = column.codes[rows]
    counts = np.bincount(codes[codes >= 0], minlength=len(column.words))
    frequent = np.argsort(-counts, kind="stable")[:max_categories]
    words = tuple(column.words[i] for i in sorted(frequent.tolist()) if counts[i] > 0)
    return CategoricalEncoder(column.name, "categorical", words)


def _other_kind(column: str, expected: str, got: str) -> TableError:
    return TableError(
        message(
            f"feature {quoted(column)}",
            expected,
            got,
            "read the table with kinds=encoder.kinds, and give it the columns that the encoder was fitted to",
        )
    )
