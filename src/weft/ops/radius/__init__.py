"""Neighbours of points within a distance."""

from .radius import radius as radius
