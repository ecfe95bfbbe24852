"""What tests of every room share."""

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time: a run that fails here fails everywhere. `make contract` and a changed test find new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the top level of the checkout."""
    return Path(__file__).parent.parent
