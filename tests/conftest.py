"""What tests of every room share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the top level of the checkout."""
    return Path(__file__).parent.parent
