"""Stands in for the vendor's Python package, which its pages show and no index carries."""

from deepswapai_client import Client

__all__ = ["Client"]
