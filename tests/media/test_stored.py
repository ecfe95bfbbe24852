"""A stored file answers as one that is made does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.jobs.files import Output
from simulator.media.cache import MadeFiles
from simulator.media.media_file import MediaFile
from simulator.media.stored import StoredFile

DATA = bytes(range(256)) * 5


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Output:
    path = tmp_path_factory.mktemp("live") / "out.png"
    path.write_bytes(DATA)
    return Output("x/out.png", "image/png", 4, 4, len(DATA), stored=str(path))


@given(start=st.integers(0, 1500), stop=st.none() | st.integers(0, 1500), chunk_bytes=st.integers(1, 400))
def test_any_range_is_that_of_the_file(output: Output, start: int, stop: int | None, chunk_bytes: int) -> None:
    stored, held = StoredFile(output), MediaFile.of("image/png", DATA)

    assert stored.read(start, stop) == held.read(start, stop)
    assert b"".join(stored.chunks(start, stop, chunk_bytes)) == held.read(start, stop)
    assert all(len(piece) <= chunk_bytes for piece in stored.chunks(start, stop, chunk_bytes))


def test_it_is_what_is_served_in_the_place_of_one_that_would_be_made(output: Output) -> None:
    file = MadeFiles().get(output)

    assert isinstance(file, StoredFile)
    assert (file.media_type, file.size_bytes, file.held_bytes, len(file.etag)) == ("image/png", 1280, 0, 32)


def test_one_that_is_gone_says_so(output: Output) -> None:
    gone = StoredFile(Output("x/out.png", "image/png", 4, 4, 9, stored=f"{output.stored}.gone"))

    with pytest.raises(FileNotFoundError):
        gone.read()
