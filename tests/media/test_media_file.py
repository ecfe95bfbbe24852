"""A described file reads like its bytes."""

from hypothesis import example, given
from hypothesis import strategies as st

from simulator.media.media_file import MediaFile, Piece, even_parts

units = st.binary(min_size=1, max_size=9)
pieces = st.lists(st.builds(Piece, units, st.integers(0, 40)), max_size=6)


def _spelled_out(parts: list[Piece]) -> bytes:
    return b"".join((part.unit * (part.size_bytes + 1))[: part.size_bytes] for part in parts)


@given(pieces, st.integers(0, 300), st.integers(0, 300))
def test_a_range_is_a_slice_of_the_whole(parts: list[Piece], start: int, stop: int) -> None:
    whole = _spelled_out(parts)

    file = MediaFile("video/mp4", parts)

    assert file.read() == whole
    assert file.read(start, stop) == whole[start:stop]
    assert b"".join(file.chunks(start, stop, chunk_bytes=7)) == whole[start:stop]
    assert file.size_bytes == len(whole)


@given(pieces, pieces)
def test_files_that_differ_have_etags_that_differ(some: list[Piece], others: list[Piece]) -> None:
    one, other = MediaFile("", some), MediaFile("", others)

    assert len(one.etag) == 32
    assert one.etag != other.etag or one.read() == other.read()


def test_bytes_become_a_file_as_they_are() -> None:
    file = MediaFile.of("image/png", b"bytes")

    assert (file.media_type, file.read(), file.held_bytes) == ("image/png", b"bytes", 5)


@given(st.integers(16, 10_000_000), st.sampled_from([256, 65537]))
@example(total=256 * 8, most=256)
def test_parts_sum_up_and_none_is_too_long_or_too_short(total: int, most: int) -> None:
    parts = even_parts(total, most)

    assert sum(size * count for size, count in parts) == total
    assert all(16 <= size <= most and count for size, count in parts)
