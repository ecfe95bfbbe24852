"""The folder of live files: whose uploads are, and what is removed, by the next server too if this one was killed."""

import io
import os
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from simulator import vendors
from simulator.jobs.files import Input
from simulator.renders.keeping import Keeping
from simulator.server.bodies import Body, FilePart
from simulator.server.inputs import read_inputs


def test_an_upload_that_was_handed_over_is_asked_for_no_more(tmp_path: Path) -> None:
    keeping, asked = Keeping(tmp_path), list[str]()

    def is_needed(path: str) -> bool:
        asked.append(path)
        return True

    taken, waiting = keeping.keep(b"taken"), keeping.keep(b"waiting")
    keeping.settle([Input("one", stored=taken), Input("two", stored=waiting)], is_needed)
    moved = keeping.hand_over(taken, tmp_path / "input-0")
    asked.clear()

    keeping.sweep()

    assert (asked, moved.read_bytes(), Path(waiting).read_bytes()) == ([waiting], b"taken", b"waiting")


async def test_uploads_of_a_call_that_cannot_be_read_whole_are_not_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Path.write_bytes

    def write_some(path: Path, data: bytes) -> int:
        if len(list(tmp_path.iterdir())) == 2:
            written(path, data[:5])
            raise OSError("no room")
        return written(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_some)
    operation = next(one for one in vendors.load("useapi").operations if one.inputs and len(one.inputs) > 1)
    page = io.BytesIO()
    Image.new("RGB", (8, 8)).save(page, "PNG")
    files = tuple(FilePart(field, "a.png", "image/png", page.getvalue()) for field, _ in operation.inputs * 2)

    with pytest.raises(OSError, match="no room"):
        await read_inputs(operation, Body(value={}, files=files), Keeping(tmp_path))

    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be locked there")
def test_what_a_killed_server_left_is_removed_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = Keeping()
    living.keep(b"of a server that still runs")
    abandoned, fresh, other = tmp_path / "simulator-live-x", tmp_path / "simulator-live-y", tmp_path / "else"
    for folder in (abandoned, fresh, other):
        folder.mkdir()
        (folder / "upload-1").write_bytes(b"media")
    for folder in (living.root, abandoned, other):
        os.utime(folder, (0, 0))
    (tmp_path / "simulator-live-link").symlink_to(other)
    os.utime(tmp_path / "simulator-live-link", (0, 0), follow_symlinks=False)

    keeping = Keeping()
    root = keeping.root

    assert not abandoned.exists()
    assert all(list(folder.iterdir()) for folder in (living.root, fresh, other))
    keeping.close()
    living.close()
    assert not root.exists()
    assert not living.root.exists()
