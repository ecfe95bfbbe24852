"""The soak in its short form: the same traffic and the same counts, for a few seconds."""

import sys

import pytest

from tests.soak.soak import MOST_GROWTH, STAYS, Held, Leak, check, crowd, soak

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="asyncio's loop there opens no pipes to a child process"
)


async def test_mixed_traffic_leaves_nothing_behind() -> None:
    seen = await soak(phases=2, calls=250, workers=4, tls=False)

    assert seen[-1]["calls"] > 100


async def test_a_crowd_and_nonsense_leave_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    await crowd(300, 100)

    assert "300 idle connections" in capsys.readouterr().out


def held(**more: int) -> Held:
    return dict.fromkeys((*STAYS, "rss_bytes", "broken", "bugs"), 0) | {"rss_bytes": 1000} | more


@pytest.mark.parametrize("what", [*(name for name in STAYS if name != "threads"), "broken", "bugs"])
def test_whatever_is_kept_is_found(what: str) -> None:
    with pytest.raises(Leak):
        check([held(), held(), held(**{what: 1})])


def test_memory_that_grows_is_found_and_a_warm_up_is_not() -> None:
    check([held(rss_bytes=size) for size in (500, 900, *[1000] * 8)])

    with pytest.raises(Leak, match="memory"):
        check([held(rss_bytes=int(1000 * (1 + MOST_GROWTH) ** at)) for at in range(12)])
