"""All rows of the table."""

from .heterophilous import HETEROPHILOUS
from .pitfalls import PITFALLS
from .planetoid import PLANETOID

EXPERIMENTS = (*PLANETOID, *PITFALLS, *HETEROPHILOUS)
