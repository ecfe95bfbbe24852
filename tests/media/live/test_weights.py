import importlib.metadata
import shutil
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from simulator.media.live.weights import WrongWeights, read_weights, read_weights_file

pytest.importorskip("lz4.frame")


def carried(network: str) -> Path:
    return Path(str(importlib.metadata.distribution("mtcnn").locate_file(f"mtcnn/assets/weights/{network}.lz4")))


@pytest.mark.parametrize("network", ["pnet", "rnet", "onet"])
def test_arrays_are_those_that_unpickling_gives(network: str) -> None:
    joblib = pytest.importorskip("joblib")

    arrays = read_weights(network)

    expected = joblib.load(carried(network))
    assert len(arrays) == len(expected)
    assert all(np.array_equal(ours.numpy(), theirs) for ours, theirs in zip(arrays, expected, strict=True))


def test_a_file_with_one_other_byte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    changed = tmp_path / "pnet.lz4"
    shutil.copy(carried("pnet"), changed)
    data = bytearray(changed.read_bytes())
    data[-1] ^= 1
    changed.write_bytes(data)

    with pytest.raises(WrongWeights, match=r"its SHA-256 is .* pip install --force-reinstall mtcnn==1\.0\.0"):
        read_weights_file(changed, "pnet")


def test_a_missing_package_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> importlib.metadata.Distribution:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)

    with pytest.raises(WrongWeights, match=r"pip install 'media-api-simulator\[live\]'"):
        read_weights("onet")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(WrongWeights, match="cannot be read"):
        read_weights_file(tmp_path / "pnet.lz4", "pnet")


def test_the_package_itself_is_never_imported() -> None:
    import_module("simulator.media.live.networks")
    read_weights("pnet")

    assert "mtcnn" not in sys.modules
    assert "tensorflow" not in sys.modules
