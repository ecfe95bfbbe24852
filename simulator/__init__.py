"""A simulator that plays asynchronous media APIs. ``simulator/README.md`` is the map."""

__version__ = "0.1.0"
