"""What a job takes from its account and from others: credits that are there, names that nobody has, calls without a limit."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.jobs.errors import ApiError, Busy, Conflict, NotEnoughCredits, SimulatorError
from simulator.sandbox.accounts import AccountChange, RateLimit
from simulator.sandbox.choosing import Pin
from simulator.sandbox.sandbox import Sandbox
from simulator.vendors.deepswapai import VENDOR
from simulator.vendors.vendor import Draft, Kind, Vendor
from tests.vendors.deepswapai.jobs import BATCH, CLIP, FACE, IMAGE, PICTURE, VIDEO
from tests.vendors.deepswapai.played import KEY, balance, sandbox, submit

LONG = """
scenario: long
vendor: deepswapai
states: {processing: {for: 10s, then: completed}}
result: {video: {duration: 100s}}
"""
SHORT = LONG.replace("long", "short").replace("100s", "3s")
NO_LENGTH = "AAAAFGZ0eXBpc29tAAAAAGlzb20="  # an MP4 that says nothing but that it is one


def with_credits(credits: float, *scenarios: str) -> Sandbox:
    box = sandbox(*scenarios)
    box.set_account(VENDOR, KEY, AccountChange(credits=credits))
    return box


def video(seconds: float) -> dict[str, Any]:
    return {"source_image": FACE, "target_video": f"{CLIP}?duration={seconds}"}


@pytest.mark.fact("deepswapai.error.insufficient-credits", "deepswapai.credits.video")
def test_a_job_that_would_cost_more_than_there_is_makes_no_job_and_uses_up_no_pin() -> None:
    box = with_credits(99, LONG)
    box.pin(Pin("deepswapai", VIDEO, "long"), VENDOR)

    with pytest.raises(NotEnoughCredits) as refusal:
        submit(box, VIDEO, video(1))

    assert (refusal.value.needed, refusal.value.available) == (100, 99)
    assert (box.jobs(), balance(box), len(box.pins())) == ([], 99, 1)
    box.set_account(VENDOR, KEY, AccountChange(credits=100))
    assert submit(box, VIDEO, video(1)).job.number == 1
    assert (balance(box), box.pins()) == (0, [])


@pytest.mark.fact("deepswapai.error.insufficient-credits", "deepswapai.credits.video")
@pytest.mark.parametrize(
    ("target", "price"), [(NO_LENGTH, 12), (f"{CLIP}?duration=4.04", 4), (f"{CLIP}?duration=4.06", 8)]
)
def test_the_price_that_is_asked_for_is_the_one_that_is_charged(target: str, price: int) -> None:
    body = {"source_image": FACE, "target_video": target}
    poor = with_credits(price - 1)
    with pytest.raises(NotEnoughCredits):
        submit(poor, VIDEO, body)

    box = with_credits(price)
    submit(box, VIDEO, body)
    box.advance(60_000)

    assert [shot.job.plan.price for shot in box.jobs()] == [price]
    assert balance(box) == 0


SUBMITS = st.one_of(
    st.tuples(
        st.just(VIDEO), st.integers(1, 40).map(video), st.sampled_from(["happy", "failed-midway", "long", "short"])
    ),
    st.tuples(st.just(VIDEO), st.just({"source_image": FACE, "target_video": NO_LENGTH}), st.just("happy")),
    st.tuples(
        st.just(BATCH),
        st.integers(1, 9).map(lambda count: {"source_image": FACE, "target_images": [PICTURE] * count}),
        st.sampled_from(["happy", "partial-batch", "all-items-failed"]),
    ),
    st.tuples(st.just(IMAGE), st.just({"source_image": FACE, "target_image": PICTURE}), st.just("happy")),
)


@pytest.mark.fact("deepswapai.error.insufficient-credits", "deepswapai.credits.when")
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 150), st.lists(st.tuples(SUBMITS, st.integers(0, 20)), max_size=12))
def test_no_accepted_job_makes_a_balance_less_reservations_negative(
    credits: int, steps: list[tuple[tuple[str, dict[str, Any], str], int]]
) -> None:
    box = with_credits(credits, LONG, SHORT)

    for (id, body, scenario), seconds in steps:
        before = len(box.jobs())
        try:
            submit(box, id, body, scenario=scenario)
        except ApiError:
            assert len(box.jobs()) == before
        assert balance(box) >= 0
        box.advance(seconds * 1000)

    box.advance(120_000)
    account = box.account("deepswapai", KEY)
    assert account
    assert account.owner("").ledger.reserved == 0
    assert account.owner("").ledger.balance == credits - sum(shot.plan.price for shot in box.jobs() if shot.succeeded)


def crowded(stems: int) -> Vendor:
    """Return the vendor with dice that give few stems, each under many ids."""

    def new_id(draft: Draft) -> str:
        return f"vjob_stem0{draft.draws.whole(0, stems - 1, 'stem')}{draft.draws.hexadecimal(3, 'rest')}"

    def with_few(kind: Kind) -> Kind:
        return msgspec.structs.replace(kind, new_id=new_id) if kind.name == "video" else kind

    return msgspec.structs.replace(VENDOR, kinds=tuple(with_few(kind) for kind in VENDOR.kinds))


@pytest.mark.fact("deepswapai.file.results-url", "deepswapai.file.stem")
def test_no_two_jobs_share_the_url_of_a_file() -> None:
    box, vendor = sandbox(), crowded(stems=4)

    shots = [submit(box, VIDEO, video(1), vendor) for _ in range(4)]

    assert len({output.path for shot in shots for output in shot.outputs}) == 4
    with pytest.raises(SimulatorError, match="all taken"):
        submit(box, VIDEO, video(1), vendor)
    assert len(box.jobs()) == 4


def test_a_promised_id_whose_file_would_be_anothers_is_refused_loudly() -> None:
    box = sandbox()
    submit(box, VIDEO, video(1), job_id="vjob_xyz789abc")
    box.pin(Pin("deepswapai", VIDEO, job_id="vjob_xyz789def"), VENDOR)

    with pytest.raises(Conflict, match=r"'vjob_xyz789def' needs the path 'results/xyz789\.mp4'"):
        submit(box, VIDEO, video(1))

    assert [shot.job.id for shot in box.jobs()] == ["vjob_xyz789abc"]
    assert len(box.pins()) == 1


@pytest.mark.fact("deepswapai.limit.rate")
def test_no_limit_applies_unless_the_account_is_given_one() -> None:
    box = sandbox()

    for _ in range(100):
        box.admit(VENDOR, KEY)
        submit(box, VIDEO, video(1))
    assert len(box.jobs()) == 100

    box.set_account(VENDOR, KEY, AccountChange(rate_limit=RateLimit(2, 5000), has_rate_limit=True))
    box.admit(VENDOR, KEY)
    box.advance(1000)
    box.admit(VENDOR, KEY)
    with pytest.raises(Busy) as refusal:
        box.admit(VENDOR, KEY)
    assert (refusal.value.what, refusal.value.limit, refusal.value.window_ms) == (Busy.RATE, 2, 5000)
    assert refusal.value.opens_at_ms == box.clock.now_ms() + 4000
    box.advance(4000)
    box.admit(VENDOR, KEY)


def test_the_kinds_that_block_are_those_whose_submit_does() -> None:
    box = sandbox()

    for id in (IMAGE, VIDEO, BATCH):
        submit(box, id)
    blocking = {shot.job.kind for shot in box.jobs() if shot.is_final}  # the clock stands, and only they move it

    assert blocking == {kind.name for kind in VENDOR.kinds if kind.blocks} == {"image"}


def test_a_status_that_nobody_would_see_is_unfit() -> None:
    box = sandbox()

    with pytest.raises(SimulatorError, match="at its end only"):
        submit(box, IMAGE, scenario="unknown-status")

    assert submit(box, VIDEO, scenario="unknown-status").job
