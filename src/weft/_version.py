"""The version of the package, which the compiled library has to share."""

__version__ = "0.1.0"
