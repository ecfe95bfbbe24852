"""What tests of live mode share; without torch the whole folder is left out."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # several tests run at once; threads of theirs would only wait for each other

from simulator.media.live.workshop import Workshop  # noqa: E402 - it needs torch
from tests.media.live.scenes import Rgb, photograph, write_png  # noqa: E402


@pytest.fixture(scope="session")
def workshop() -> Workshop:
    """One for all tests: loading the networks takes longer than asking them."""
    return Workshop("cpu")


@pytest.fixture(scope="session")
def collins() -> Rgb:
    """Eileen Collins (NASA, public domain): one face, without glasses, smiling."""
    return photograph("collins")


@pytest.fixture(scope="session")
def hopper() -> Rgb:
    """Grace Hopper (US Navy, public domain): one face, with glasses."""
    return photograph("hopper")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory, collins: Rgb, hopper: Rgb) -> Path:
    """A folder with collins.png, hopper.png, both.png (Hopper, the larger, at the left) and nobody.png."""
    folder = tmp_path_factory.mktemp("photos")
    write_png(folder / "collins.png", collins)
    write_png(folder / "hopper.png", hopper)
    write_png(folder / "both.png", np.concatenate([hopper[: len(collins)], collins], 1))
    write_png(folder / "nobody.png", np.tile(np.linspace(30, 220, 320).astype(np.uint8)[None, :, None], (240, 1, 3)))
    return folder
