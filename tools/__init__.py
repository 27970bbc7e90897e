"""Checks and build steps of this repository; none of it is part of the installed package."""
