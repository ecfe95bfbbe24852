"""The face detector's numbers, read from the files of the installed package ``mtcnn``, which is never imported.

Importing it would import TensorFlow. Its files are compressed pickles, so they are not unpickled either: each is held
against the SHA-256 of the one release that we know, and a file whose bytes are known has its arrays at known places.

The files are MIT. The networks were trained on photographs whose terms speak of research; nothing of them is
passed on here, they are only read from the user's own installation.
"""

import hashlib
import importlib.metadata
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from simulator.jobs.errors import SimulatorError

_RELEASE = "1.0.0"


class _Array(NamedTuple):
    offset_bytes: int
    shape: tuple[int, ...]


class _File(NamedTuple):
    sha256: str
    arrays: tuple[_Array, ...]  # float32, little-endian, C order, in the decompressed file


def _file(sha256: str, *arrays: tuple[int, tuple[int, ...]]) -> _File:
    return _File(sha256, tuple(_Array(*array) for array in arrays))


_FILES = {
    "pnet": _file(
        "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
        *((240, (3, 3, 3, 10)), (1376, (10,)), (1472, (1, 1, 10))),
        *((1568, (3, 3, 10, 16)), (7376, (16,)), (7504, (1, 1, 16))),
        *((7632, (3, 3, 16, 32)), (26112, (32,)), (26304, (1, 1, 32))),
        *((26496, (1, 1, 32, 4)), (27056, (4,))),
        *((27136, (1, 1, 32, 2)), (27440, (2,))),
    ),
    "rnet": _file(
        "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
        *((240, (3, 3, 3, 28)), (3312, (28,)), (3488, (1, 1, 28))),
        *((3664, (3, 3, 28, 48)), (52096, (48,)), (52352, (1, 1, 48))),
        *((52608, (2, 2, 48, 64)), (101808, (64,)), (102128, (1, 1, 64))),
        *((102448, (576, 128)), (397408, (128,)), (397968, (128,))),
        *((398528, (128, 4)), (400624, (4,))),
        *((400688, (128, 2)), (401760, (2,))),
    ),
    "onet": _file(
        "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
        *((240, (3, 3, 3, 32)), (3744, (32,)), (3936, (1, 1, 32))),
        *((4128, (3, 3, 32, 64)), (77904, (64,)), (78224, (1, 1, 64))),
        *((78544, (3, 3, 64, 64)), (226048, (64,)), (226368, (1, 1, 64))),
        *((226688, (2, 2, 64, 128)), (357808, (128,)), (358384, (1, 1, 128))),
        *((358960, (1152, 256)), (1538656, (256,)), (1539728, (256,))),
        *((1540816, (256, 4)), (1544960, (4,))),
        *((1545040, (256, 10)), (1555328, (10,))),
        *((1555424, (256, 2)), (1557520, (2,))),
    ),
}


class WrongWeights(SimulatorError):
    """The package that carries the weights is missing, of another release, or was changed."""


def read_weights(network: str) -> list[torch.Tensor]:
    """Return the arrays of ``pnet``, ``rnet`` or ``onet``, in the order and the layout of Keras.

    Raises: WrongWeights.
    """
    try:
        package = importlib.metadata.distribution("mtcnn")
    except importlib.metadata.PackageNotFoundError as error:
        raise WrongWeights(
            f"live mode finds faces with the weights in the package mtcnn {_RELEASE}, which is not installed; "
            "pip install 'media-api-simulator[live]'"
        ) from error
    path = Path(str(package.locate_file(f"mtcnn/assets/weights/{network}.lz4")))
    return read_weights_file(path, network)


def read_weights_file(path: Path, network: str) -> list[torch.Tensor]:
    """Return the arrays of one weights file, wherever it lies. Raises: WrongWeights."""
    lz4_frame = import_module("lz4.frame")  # it comes with the package that carries the weights
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise WrongWeights(
            f"{path} cannot be read ({error}); pip install --force-reinstall mtcnn=={_RELEASE}"
        ) from error
    found, expected = hashlib.sha256(packed).hexdigest(), _FILES[network].sha256
    if found != expected:
        raise WrongWeights(
            f"{path} is not the file of mtcnn {_RELEASE}: its SHA-256 is {found}, expected {expected}; "
            f"pip install --force-reinstall mtcnn=={_RELEASE}"
        )
    data = lz4_frame.decompress(packed)
    return [_tensor(data, array) for array in _FILES[network].arrays]


def _tensor(data: bytes, array: _Array) -> torch.Tensor:
    count = int(np.prod(array.shape))
    values = np.frombuffer(data, dtype="<f4", count=count, offset=array.offset_bytes)
    return torch.from_numpy(values.reshape(array.shape).astype(np.float32))
