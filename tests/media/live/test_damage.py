"""Whatever is done to a file, reading and writing it ends: in a video, in a picture, or in a word."""

import random
from pathlib import Path

import pytest
from PIL import Image

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Limits
from simulator.media.live.pictures import read_picture
from simulator.media.live.reading import Reader
from simulator.media.live.sound import Sound
from simulator.media.live.stages import overlapped
from simulator.media.live.writing import Writer
from tests.media.live.media import live_threads, make_video, picture

LIMITS = Limits(most_px=1 << 20, most_ms=60_000, most_frames=2000)
THEIR_DOING = {"undecodable", "no_video", "wrong_codec", "too_long", "too_large", "out_of_memory"}


def _damaged(data: bytes, seed: int) -> bytes:
    """Return the file cut off, with bits turned over, a stretch replaced, or numbers of its head made extreme."""
    dice, spoilt = random.Random(seed), bytearray(data)
    match seed % 4:
        case 0:
            return data[: dice.randrange(len(data))]
        case 1:
            for _ in range(dice.choice((1, 3, 20, 100))):
                spoilt[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        case 2:
            at = dice.randrange(len(data))
            spoilt[at : at + dice.randrange(200)] = dice.randbytes(dice.randrange(200))
        case _:
            for _ in range(5):
                spoilt[dice.randrange(min(len(data), 800))] = dice.choice((0, 1, 127, 128, 255))
    return bytes(spoilt)


@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [
        ("a.mp4", "libx264", "aac"),
        ("a.webm", "libvpx-vp9", "libopus"),
        ("a.avi", "mpeg4", "libmp3lame"),
        ("a.ts", "libx264", "aac"),
        ("a.mov", "libx264", "pcm_s16le"),
    ],
)
def test_damaged_videos_play_or_fail_in_a_word(tmp_path: Path, name: str, codec: str, sound: str) -> None:
    path = make_video(tmp_path / name, size_px=(64, 48), codec=codec, sound=sound, frames=12)
    whole, out, ends = path.read_bytes(), tmp_path / "out", set()
    out.mkdir()
    for seed in range(28):
        path.write_bytes(_damaged(whole, seed))

        try:
            reader = Reader(str(path), LIMITS)
            with Writer(str(out / "b.mp4"), reader.video, {}, Sound(str(path))) as writer:
                for _ in overlapped(reader.chunks(), lambda chunk: chunk, writer.write):
                    pass
                ends.add(writer.finish().media_type)
        except RenderFailure as failure:
            ends.add(failure.reason)
            assert not (out / "b.mp4").exists()
        (out / "b.mp4").unlink(missing_ok=True)
        assert list(out.iterdir()) == []

    assert "undecodable" in ends
    assert ends <= THEIR_DOING | {"video/mp4"}
    assert live_threads() == []


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_damaged_pictures_show_or_fail_in_a_word(tmp_path: Path, form: str) -> None:
    path, ends = tmp_path / "a", set()
    Image.fromarray(picture(64, 48)).save(path, form)
    whole = path.read_bytes()
    for seed in range(100):
        path.write_bytes(_damaged(whole, seed))

        try:
            ends.add(read_picture(str(path), LIMITS).rgb.dtype.name)
        except RenderFailure as failure:
            ends.add(failure.reason)

    assert "undecodable" in ends
    assert ends <= THEIR_DOING | {"uint8"}
