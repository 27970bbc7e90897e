"""All rows of the table."""

from .planetoid import PLANETOID

EXPERIMENTS = (*PLANETOID,)
