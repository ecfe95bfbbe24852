"""Orders as they travel, and what becomes of hostile media whatever is ordered."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from simulator.media.live.failures import REASONS, RenderFailure
from simulator.media.live.orders import (
    ClipsOrder,
    Line,
    Made,
    MadeFile,
    News,
    Order,
    Pairing,
    PeopleOrder,
    PortraitOrder,
    Progress,
    Spoken,
    SwapOrder,
)
from simulator.media.live.render import render
from simulator.media.live.workshop import Workshop
from tests.media.live.scenes import frames_of, write_png, write_video

ORDERS = (
    SwapOrder("j", "t", (Pairing("s", target_points=((1.0, 2.0),)),), "i"),
    PeopleOrder("j", "t", "i"),
    PortraitOrder("j", "p", "i", kind="background", text="sea"),
    ClipsOrder("j", "v", "i", transcript=(Spoken(0, 900, "hello"),)),
)
NEWS = (
    Progress(1, 2, "swapping"),
    Line("text"),
    Made(0, MadeFile("p", "image/png", 1, 2, 3), {"points": [[1.5, 2.0]]}),
)


@pytest.mark.parametrize("order", ORDERS)
def test_orders_travel_as_msgpack(order: Order) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(order), type=Order) == order


@pytest.mark.parametrize("news", NEWS)
def test_news_travel_as_msgpack(news: News) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(news), type=News) == news


def test_a_failure_travels_by_pickle_whole() -> None:
    import pickle

    failure = pickle.loads(pickle.dumps(RenderFailure("too_long", "61 s")))

    assert (failure.reason, failure.detail, str(failure)) == ("too_long", "61 s", "too_long: 61 s")


def test_an_unknown_reason_is_our_mistake() -> None:
    with pytest.raises(AssertionError, match="no reason"):
        RenderFailure("because")


def test_orders_and_failures_are_known_without_anything_heavy() -> None:
    code = "import sys, simulator.media.live.orders, simulator.media.live.failures; print({'torch', 'av', 'numpy'} & set(sys.modules))"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert found.stdout.strip() == "set()"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files that nobody would want."""
    folder = tmp_path_factory.mktemp("hostile")
    good = write_video(folder / "whole.mp4", frames_of([], 160, 120, 24)).read_bytes()
    (folder / "whole.mp4").unlink()
    (folder / "nothing.mp4").write_bytes(b"")
    (folder / "random.mp4").write_bytes(np.random.default_rng(2).bytes(5000))
    (folder / "cut.mp4").write_bytes(good[: len(good) // 2])
    (folder / "head.mp4").write_bytes(good[:900])
    (folder / "words.png").write_bytes(b"this is no picture")
    (folder / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    write_png(folder / "dot.png", np.zeros((1, 1, 3), np.uint8))
    write_png(folder / "line.png", np.zeros((2, 16_000, 3), np.uint8))
    return folder


HOSTILE = ["nothing.mp4", "random.mp4", "cut.mp4", "head.mp4", "words.png", "half.png", "dot.png", "line.png"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_media_are_failures_of_the_job_whatever_is_ordered(
    workshop: Workshop, photos: Path, hostile: Path, tmp_path: Path, name: str
) -> None:
    file, good, into = str(hostile / name), str(photos / "collins.png"), str(tmp_path)
    orders = (
        SwapOrder("j", file, (Pairing(good),), into),
        SwapOrder("j", good, (Pairing(file),), into),
        PeopleOrder("j", file, into),
        PortraitOrder("j", file, into),
    )

    for order in orders:
        with pytest.raises(RenderFailure) as failure:
            list(render(order, workshop))

        assert failure.value.reason in REASONS
        assert failure.value.reason not in ("crashed", "out_of_memory", "cancelled")
        assert list(tmp_path.iterdir()) == []
