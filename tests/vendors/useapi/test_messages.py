"""What a running job shows: the bot's message, rewritten at each sweep."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.jobs.durations import Duration, fixed
from simulator.jobs.scenario import Refresh, Result
from simulator.vendors.useapi import VENDOR
from simulator.vendors.useapi.kinds import SWEEP
from tests.vendors.useapi.jobs import (
    BORN_MS,
    job,
    shot,
    shown,
    states,
)

fact = pytest.mark.fact


@fact("useapi.ids.snowflake", "useapi.ids.snowflake-time", "useapi.content.mention")
@pytest.mark.parametrize("after_ms", [2000, 50_000, 112_000])
def test_the_message_id_holds_the_message_s_time(after_ms: int) -> None:
    body = shown(shot(job(), after_ms))

    message_ms = (int(body["messageId"]) >> 22) + 1_420_070_400_000
    assert f"{message_ms % 60_000 / 1000:09.6f}+00:00" == body["timestamp"][-15:]
    assert re.match(r"^<@\d{17,20}>\s", body["content"])


@fact("useapi.job.message", "useapi.status.transitions")
def test_the_bot_is_silent_while_a_job_is_only_created() -> None:
    made = job()

    assert not {"messageId", "content", "timestamp"} & set(shown(shot(made, 1999)))
    assert {"messageId", "content", "timestamp"} <= set(shown(shot(made, 2000)))
    assert [entry.word for entry in made.entries] == ["created", "started", "progress", "completed"]


@fact("useapi.content.progress", "useapi.content.reflects")
def test_content_ends_in_a_percentage_while_in_progress_only() -> None:
    made = job()

    assert shown(shot(made, 3000))["content"].endswith("credits remaining)")
    assert re.search(r"credits remaining\) \((\d+)%\)$", shown(shot(made, 60_000))["content"])
    assert shown(shot(made, 112_000))["content"].endswith("credits remaining)")


@given(st.lists(st.integers(0, 400_000), min_size=2, max_size=8).map(sorted))
@fact("useapi.sweep.gap", "useapi.content.progress")
def test_what_is_shown_changes_at_sweeps_only_and_its_progress_never_falls(instants: list[int]) -> None:
    made = job(plays=states(("started", 10_000), ("progress", 300_000), ("completed", "end")), refresh=SWEEP)
    grid = made.plan.refresh
    assert grid

    seen: dict[int, dict[str, Any]] = {}
    percentages = []
    for after_ms in instants:
        body = shown(shot(made, after_ms))
        assert seen.setdefault(max(grid.at_or_before(BORN_MS + after_ms), BORN_MS), body) == body
        if found := re.search(r"\((\d+)%\)$", body["content"]):
            percentages.append(int(found[1]))
    assert percentages == sorted(percentages)
    assert 15_000 <= grid.tick(8) - grid.tick(7) <= 60_000


@fact("useapi.times.updated")
def test_updated_is_the_last_sweep_that_changed_something() -> None:
    refresh = Refresh(fixed(20_000), since="start")
    made = job(plays=states(("started", 50_000), ("progress", 50_000), ("completed", "end")), refresh=refresh)

    updated = [
        shown(shot(made, after_ms))["updated"][14:19] for after_ms in (0, 45_000, 60_000, 95_000, 100_000, 999_000)
    ]

    assert updated == ["04:49", "04:49", "05:49", "06:09", "06:29", "06:29"]


@fact("useapi.content.other-verbs", "useapi.credits.other-costs")
def test_other_jobs_are_told_like_headshots_with_their_own_parameters() -> None:
    changebg = shown(shot(job("changebg"), 2000))["content"]
    picsi = shown(shot(job("picsi", left=799), 2000))["content"]

    assert re.search(
        r"Picsi.Ai Changebg Job Submitted \[jobid: \S+\] \[credits: 4\] \[a_background_photo_of: 'a beach at sunset'\]",
        changebg,
    )
    assert re.search(
        r"\[credits: 1\] \[options: '-f'\] \[time: <t:1694225090:f>\] \(799/800 credits remaining\)$", picsi
    )


@fact("useapi.headshot.default-idname", "useapi.content.saveid")
def test_a_prompt_that_names_no_face_is_quoted_whole() -> None:
    prompt = "a mad king with an evil smile, and a crown"

    body = shown(shot(job(fields={"prompt": prompt}), 2000))

    assert f"[prompt: '{prompt}']" in body["content"]
    assert "[SaveID: 'me']" in body["content"]
    assert body["prompt"] == prompt


@fact("useapi.content.bot-jobid")
def test_the_bot_has_its_own_job_id() -> None:
    first, second = (shown(shot(job(draws=type(job().draws)("s", n)), 2000))["content"] for n in (1, 2))

    [one], [other] = (re.findall(r"\[jobid: ([0-9a-f]{32})\]", text) for text in (first, second))
    assert one != other


@fact("useapi.embeds.shape", "useapi.embeds.only-on-demand")
def test_embeds_come_on_demand_beside_the_attachments() -> None:
    asked, plain = (shown(shot(job("picsi", result=Result(embeds=embeds)), 112_000)) for embeds in (True, False))

    [embed] = asked["embeds"]
    assert set(embed) == {"type", "description", "image"}
    assert embed["image"]["url"] == asked["attachments"][0]["url"]
    assert "embeds" not in plain


@fact("useapi.sweep.common")
def test_sweeps_are_those_of_the_account_not_of_the_job() -> None:
    assert (SWEEP.every, SWEEP.covers, SWEEP.since) == (Duration(15_000, 60_000), "everything", "epoch")
    assert [kind.refresh for kind in VENDOR.kinds if kind.name != "picsi-still"] == [SWEEP] * 3
