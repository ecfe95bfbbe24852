"""A job in every verb and status, word for word."""

import re
from typing import Any

import pytest

from simulator.jobs.chance import Draws
from simulator.jobs.durations import fixed
from simulator.jobs.job import GAVE_UP, Event
from simulator.jobs.scenario import Failure, Refresh, Result, Shape
from simulator.jobs.timeline import unfold
from simulator.vendors.useapi import VENDOR
from simulator.vendors.useapi.kinds import SWEEP, new_id
from simulator.vendors.useapi.verbs import VERBS
from tests.vendors.useapi.jobs import (
    BORN_MS,
    CHANNEL,
    FACE,
    FIELDS,
    PROMPT,
    SERVER,
    STILL,
    TOKEN,
    USUAL,
    VIDEO,
    WITH_IMAGES,
    call,
    draft,
    inputs_of,
    job,
    kind_of,
    operation,
    sent,
    shot,
    shown,
    states,
)

fact = pytest.mark.fact
MODEL = {
    *(
        "jobid",
        "parentJobId",
        "verb",
        "status",
        "created",
        "updated",
        "prompt",
        "a_background_photo_of",
        "options",
        "image",
    ),
    *("source_image", "target_image_gif_or_video", "idname", "saveid_idname", "saveid_image", "swapid_idname"),
    *("swapid_image", "targetMessageId", "discord", "server", "channel", "messageId", "content", "timestamp"),
    *("attachments", "embeds", "error", "errorDetails", "code"),
}


def ends_as(word: str, **other: Any) -> dict[str, Any]:
    """Return a job that ran into an end, as a look-up shows it."""
    error = Failure("It broke", "somewhere") if word in ("failed", "moderated") else None
    made = job(plays=states(("started", 1000), ("progress", 9000), (word, "end"), error=error), **other)
    return shown(shot(made, 10_000))


@pytest.mark.parametrize("id", VERBS)
@fact(
    "useapi.job.verbs",
    "useapi.job.always",
    "useapi.jobs.any-verb",
    "useapi.job.code",
    "useapi.jobs.get",
    "useapi.status.words",
)
def test_every_status_of_every_verb_is_worded(id: str) -> None:
    lifecycle = VENDOR.kind(kind_of(id, inputs_of(id))).lifecycle

    for word in lifecycle.words():
        body = shown(shot(job(id, plays=states((word, "end" if not lifecycle[word].next else "forever")))))

        assert (body["status"], body["verb"], body["code"]) == (word, VERBS[id].word, 200)
        assert {"jobid", "verb", "status", "created", "updated", "discord", "server", "channel", "code"} <= set(body)


@fact("useapi.job.verbs")
def test_the_verbs_are_faceswap_and_the_command_but_for_one_spelling() -> None:
    spelt = {"inswapper": "INSwapper"}

    assert {id: verb.word for id, verb in VERBS.items()} == {id: f"faceswap-{spelt.get(id, id)}" for id in FIELDS}


@fact(
    "useapi.content.headshot",
    "useapi.content.saveid",
    "useapi.content.time",
    "useapi.credits.remaining",
    "useapi.credits.headshot-cost",
    "useapi.times.utc",
    "useapi.times.timestamp",
    "useapi.attachments.fields",
    "useapi.job.masked-token",
)
def test_the_page_s_sample_comes_out_as_printed() -> None:
    """https://useapi.net/docs/api-faceswap-v1/get-faceswap-jobid, read 2026-08-01; placeholders stand for ids and links."""
    result = Result(Shape("image", 768, 768, "png", size_bytes=7_204_115))
    refresh = Refresh(fixed(870_589), since="start")
    made = job(plays=states(("started", 35_324), ("completed", "end")), result=result, refresh=refresh)

    body = shown(shot(made, 870_589))

    [attachment] = body["attachments"]
    user, bot_id = re.findall(r"^<@(\d+)>.*?\[jobid: ([0-9a-f]{32})\]", body["content"])[0]
    assert body == {
        "jobid": f"job:20230909020449667-user:12345-channel:{CHANNEL}-bot:faceswap",
        "verb": "faceswap-headshot",
        "status": "completed",
        "created": "2023-09-09T02:04:49.667Z",
        "updated": "2023-09-09T02:19:20.256Z",
        "prompt": PROMPT,
        "discord": "ABC…secured…xyz",
        "server": SERVER,
        "channel": CHANNEL,
        "messageId": body["messageId"],
        "content": f"<@{user}>  Picsi.Ai Headshot Job Submitted [jobid: {bot_id}] [credits: 4] [prompt: 'a mad king with an "
        "evil smile, wearing medieval royal blue attire and a crown. --no green --square'] [time: <t:1694225090:f>] "
        "[SaveID: 'me'] (796/800 credits remaining)",
        "timestamp": "2023-09-09T02:05:24.991000+00:00",
        "attachments": [attachment],
        "code": 200,
    }
    measures = {name: attachment[name] for name in ("width", "height", "content_type", "size")}
    assert measures == {"width": 768, "height": 768, "content_type": "image/png", "size": 7_204_115}


@fact("useapi.ids.jobid-shape", "useapi.ids.jobid-time", "useapi.ids.jobid-owner")
def test_a_jobid_holds_created_the_user_and_the_channel() -> None:
    body = shown(shot(job()))

    time, user, channel = re.findall(r"^job:(\d{17})-user:(\d+)-channel:(\d+)-bot:faceswap$", body["jobid"])[0]
    assert time == re.sub(r"\D", "", body["created"])
    assert f"user:{user}-" in TOKEN
    assert channel == body["channel"]


@fact("useapi.ids.jobid-first-part", "useapi.ids.no-idempotency")
def test_jobs_of_one_instant_have_ids_a_millisecond_apart_and_show_it() -> None:
    first, second = job(), job(attempt=1)

    assert first.id.split("-")[0] != second.id.split("-")[0]
    assert shown(shot(second))["created"] == "2023-09-09T02:04:49.668Z"


@fact("useapi.ids.jobid-first-part")
def test_a_clock_that_stands_still_never_runs_out_of_ids() -> None:
    taken: set[str] = set()

    for nth in range(1000):
        drafts = (draft("headshot", draws=Draws("seed", "useapi", "headshot", nth), attempt=n) for n in range(100))
        taken.add(next(id for id in map(new_id, drafts) if id not in taken))

    assert len(taken) == 1000


def test_an_id_given_by_a_test_leaves_the_times_alone() -> None:
    made = job()
    made.id = f"job:20200101000000000-user:1-channel:{CHANNEL}-bot:faceswap"

    assert shown(shot(made))["created"] == "2023-09-09T02:04:49.667Z"


@fact(
    "useapi.job.failed-has-error",
    "useapi.errors.details",
    "useapi.job.results-when-completed",
    "useapi.status.moderated-at-submit",
)
@pytest.mark.parametrize("word", ["failed", "moderated"])
def test_a_bad_end_tells_why_and_has_no_result(word: str) -> None:
    body = ends_as(word)

    assert (body["error"], body["errorDetails"], body["code"]) == ("It broke", "somewhere", 200)
    assert "attachments" not in body


@fact("useapi.job.failed-has-error", "useapi.job.absent-not-null", "useapi.job.no-parent")
@pytest.mark.parametrize("word", ["completed", "cancelled"])
def test_other_ends_have_no_error_and_nothing_is_null(word: str) -> None:
    body = ends_as(word)

    assert not {"error", "errorDetails", "parentJobId"} & set(body)
    assert None not in body.values()


@fact("useapi.cancel.at-once", "useapi.job.results-when-completed")
def test_a_cancelled_job_is_so_at_once_and_keeps_its_message() -> None:
    made = job(
        plays=states(("started", 90_000), ("completed", "end")),
        refresh=SWEEP,
        events=(Event("cancel", BORN_MS + 5000),),
    )
    before, after = shown(shot(made, 4999)), shown(shot(made, 5000))

    assert (after["status"], after["updated"]) == ("cancelled", "2023-09-09T02:04:54.667Z")
    assert after["messageId"] == before["messageId"]
    assert not {"attachments", "error"} & set(after)


@fact("useapi.job.fields")
def test_no_field_stands_outside_the_model() -> None:
    for id in VERBS:
        body = shown(shot(job(id, fields={**FIELDS[id], "replyUrl": "https://example.com", "replyRef": "r"}), 112_000))

        assert set(body) - {"replyUrl", "replyRef"} <= MODEL
        assert ("attachments" in body) == (id in WITH_IMAGES)


@fact(
    "useapi.job.request-fields",
    "useapi.job.image-echo",
    "useapi.command.reply-ref-returned",
    "useapi.command.reply-url-returned",
)
def test_a_job_repeats_what_its_command_was_given() -> None:
    body = shown(shot(job("picsi", fields={"options": "-f", "replyUrl": "https://example.com/hook", "replyRef": "17"})))

    assert body["source_image"] == {"size": 482_113, "type": "image/jpeg"}
    assert body["target_image_gif_or_video"] == {"size": 8_120_455, "type": "image/png"}
    assert (body["options"], body["replyUrl"], body["replyRef"]) == ("-f", "https://example.com/hook", "17")
    assert "options" not in shown(shot(job("picsi", fields={})))


@fact("useapi.job.image-type-fallback")
@pytest.mark.parametrize(
    ("declared", "told"),
    [("image/png; charset=x", "image/png"), ("", "application/octet-stream"), ("image/", "application/octet-stream"), ("png", "application/octet-stream"), ("a b/c", "application/octet-stream")],
)  # fmt: skip
def test_a_repeated_file_has_a_readable_type(declared: str, told: str) -> None:
    image = type(STILL)("image", declared_type=declared, size_bytes=7, kind="image")

    assert shown(shot(job("changebg", inputs=(image,))))["image"] == {"size": 7, "type": told}


def submitted(made: Any, after_ms: int = 0) -> Any:
    id = made.operation
    return sent(id, operation(id).show(shot(made, after_ms), call(id)))


@fact(
    "useapi.status.starts-started",
    "useapi.headshot.async",
    "useapi.changebg.async",
    "useapi.picsi.either",
    "useapi.picsi.stills-block",
)
def test_an_asynchronous_command_is_answered_started_a_blocking_one_completed() -> None:
    plays = states(("started", 5000), ("completed", "end"))

    for made in (
        job("headshot", plays=plays),
        job("changebg", plays=plays),
        job("picsi", plays=plays, inputs=(FACE, VIDEO)),
    ):
        reply = submitted(made)
        assert (reply.status, reply.body["status"], "attachments" in reply.body) == (200, "started", False)
    reply = submitted(job("picsi", plays=plays, inputs=(FACE, STILL)), 5000)
    assert (reply.status, reply.body["status"], len(reply.body["attachments"])) == (200, "completed", 1)


@fact("useapi.errors.rejected", "useapi.errors.rejected-is-a-job", "useapi.status.moderated-at-submit")
@pytest.mark.parametrize("word", ["failed", "moderated"])
def test_what_the_bot_turns_down_at_once_is_a_422_with_the_job(word: str) -> None:
    made = job(plays=states((word, "end"), error=Failure("Prompt was rejected")))

    reply, later = submitted(made), shown(shot(made, 99_000))

    assert (reply.status, reply.body["code"], reply.body["status"]) == (422, 422, word)
    assert later == {**reply.body, "code": 200}
    assert "messageId" not in later


@fact("useapi.errors.no-answer", "useapi.errors.rejected-is-a-job")
def test_a_call_that_waited_in_vain_is_a_504_with_the_job_and_stays_failed() -> None:
    made = job("picsi", plays=states(("created", "forever")), inputs=(FACE, STILL))
    made.events = (Event(GAVE_UP, made.created_at_ms + 120_000),)
    made.entries = unfold(made.plan, made.created_at_ms, made.events)

    reply, later = submitted(made, 120_000), shown(shot(made, 200_000))

    assert (reply.status, reply.body["code"], reply.body["status"]) == (504, 504, "failed")
    assert reply.body["error"] == later["error"] == "No answer from InsightFaceSwap"
    assert (later["status"], later["code"]) == ("failed", 200)


@fact("useapi.status.final", "useapi.status.transitions")
def test_every_unfinished_status_may_end_in_every_way_and_ends_stay() -> None:
    lifecycle = VENDOR.kind("headshot").lifecycle
    ends = {"completed", "failed", "moderated", "cancelled"}

    assert all(ends <= set(lifecycle[word].next) for word in ("created", "started", "progress"))
    assert all(not lifecycle[word].next for word in ends)
    assert lifecycle.reachable_from("created") == {"started", "progress", *ends}


@fact("useapi.status.pollable")
def test_only_what_clients_poll_again_can_still_change() -> None:
    lifecycle = VENDOR.kind("headshot").lifecycle

    assert [row.word for row in lifecycle if row.next] == ["created", "started", "progress"]


def test_a_usual_job_ends_completed() -> None:
    assert shown(shot(job(plays=USUAL), 112_000))["status"] == "completed"
