"""Analyse, create, poll: what a head swap asks for, and what it tells."""

from typing import Any

import pytest

from simulator.sandbox.accounts import AccountChange
from simulator.vendors.akool import VENDOR
from simulator.vendors.akool.ids import user_of
from tests.vendors.akool.test_documented import DOCUMENTED_TASK, SOURCE
from tests.vendors.akool.wire import ANALYSIS, ANALYZE, BODIES, CLIP, CREATE, FACE, KEY, TASK, Client


@pytest.mark.fact("akool.analysis.video-info", "akool.analysis.objects", "akool.analysis.duration")
@pytest.mark.parametrize(("seconds", "people"), [(1, 1), (10, 4), (120, 2)])
def test_an_analysis_tells_what_the_url_tells(akool: Client, seconds: int, people: int) -> None:
    url = f"https://example.com/a.mp4?width=640&height=360&duration={seconds}&frames={seconds * 24}&faces={people}"

    result = akool.analyzed(url)["analysis_result"]

    assert result["video_info"] == {"width": 640, "height": 360, "fps": 24, "frame_count": 24 * seconds}
    assert result["detected_objects"] == len(result["media"]) == people


@pytest.mark.fact("akool.analysis.nobody", "akool.task.failed")
def test_a_video_without_anybody_is_analysed_in_vain(akool: Client) -> None:
    said = akool.analyzed("https://example.com/sea.mp4?faces=0")

    assert said["status"] == 4
    assert (said["error_reason"], said["error_code"]) == ("No face was detected", 1015)
    assert "analysis_result" not in said


@pytest.mark.fact("akool.task.failed", "akool.credits.refund")
def test_a_failed_task_says_why_and_costs_nothing(akool: Client) -> None:
    id = akool.submit("head-swap", "failed-midway")["_id"]
    held = akool.credit()
    akool.sandbox.advance(60_000)

    said = akool.look("head-swap", id)

    assert (said["status"], said["video_url"], said["deduction_duration"]) == (4, None, 0)
    assert (said["error_reason"], said["error_code"]) == ("Processing failed", 1015)
    assert akool.credit() == held + 100


@pytest.mark.fact("akool.task.same-keys", "akool.task.detail")
def test_the_keys_are_the_same_all_along(akool: Client) -> None:
    id = akool.submit("head-swap")["_id"]
    queued = akool.look("head-swap", id)
    akool.sandbox.advance(3_000)
    running = akool.look("head-swap", id)
    akool.sandbox.advance(30_000)
    done = akool.look("head-swap", id)

    assert list(queued) == list(running) == list(done) == list(DOCUMENTED_TASK)
    assert (queued["deduction_duration"], running["deduction_duration"]) == (0, 0)
    assert queued["progress"] == 0 < running["progress"] < 100 == done["progress"]


@pytest.mark.fact("akool.task.same-url", "akool.task.no-analysis")
@pytest.mark.parametrize("url", [CLIP + "&", CLIP.replace("https", "http"), CLIP.upper(), "https://example.com/b.mp4"])
def test_the_url_is_the_analysed_one_to_the_letter(akool: Client, url: str) -> None:
    akool.analyzed()

    refused, accepted = akool.changed(CREATE, video_url=url), akool.post(CREATE)

    assert refused.body == {"code": 1014, "msg": "Resource not found"}
    assert accepted.code == 1000


@pytest.mark.fact("akool.task.no-analysis", "akool.request.own-team", "akool.error.foreign")
def test_another_accounts_analysis_is_none(akool: Client) -> None:
    akool.analyzed()

    assert akool.post(CREATE, key="another").code == 1014


@pytest.mark.fact("akool.task.analysis-unfinished", "akool.task.analysis-failed")
@pytest.mark.parametrize(
    ("scenarios", "ending"),
    [(["stuck"], "not completed"), (["failed-midway"], "failed"), (["failed-midway", "stuck"], "not completed")],
)
def test_a_head_swap_waits_for_its_analysis(akool: Client, scenarios: list[str], ending: str) -> None:
    for scenario in scenarios:
        akool.post(ANALYZE, X_Simulator_Scenario=scenario)
        akool.sandbox.advance(60_000)

    refused = akool.post(CREATE)

    assert refused.body == {"code": 1003, "msg": f"Parameter error: the analysis of this video_url has {ending}"}
    assert akool.analyzed()["status"] == 3
    assert akool.post(CREATE).code == 1000


@pytest.mark.fact("akool.task.known-objects", "akool.task.bad-object")
def test_only_people_who_were_detected_get_another_head(akool: Client) -> None:
    akool.analyzed()  # three people

    answers = [akool.changed(CREATE, mappings=[{"obj_id": number, "img_url": FACE}]) for number in (0, 2, 3, 99)]

    assert [answer.code for answer in answers] == [1000, 1000, 1003, 1003]
    assert answers[2].body["msg"] == "Parameter error: obj_id 3 is not in the analysis of this video_url"


@pytest.mark.fact("akool.task.known-objects")
def test_what_the_newest_analysis_has_detected_counts(akool: Client) -> None:
    akool.post(ANALYZE, {"video_url": SOURCE, "type": "head"}, X_Simulator_Scenario="as-documented")
    akool.sandbox.advance(60_000)
    body = {"video_url": SOURCE, "mappings": [{"obj_id": 2, "img_url": FACE}]}

    three = akool.changed(CREATE, **body).code
    akool.analyzed(SOURCE)
    one = akool.changed(CREATE, **body).code

    assert (three, one) == (1000, 1003)


@pytest.mark.fact("akool.task.mappings", "akool.task.too-many-mappings", "akool.task.fields")
def test_there_are_one_to_five_mappings(akool: Client) -> None:
    akool.analyzed(many := "https://example.com/crowd.mp4?faces=9&duration=4")
    mappings = [{"obj_id": number, "img_url": FACE} for number in range(6)]

    answers = [akool.changed(CREATE, video_url=many, mappings=mappings[:count]) for count in range(7)]

    assert [answer.code for answer in answers] == [1003, *[1000] * 5, 1003]
    assert answers[6].body["msg"] == "Up to 5 characters can be replaced at one time."


@pytest.mark.fact("akool.task.model", "akool.task.model-unsupported")
def test_another_model_is_not_supported(akool: Client) -> None:
    akool.analyzed()

    refused = akool.changed(CREATE, model_name="akool-basic")

    assert refused.body == {"code": 1003, "msg": "Your current account does not support this feature."}


@pytest.mark.fact("akool.task.not-the-analysis", "akool.error.foreign", "akool.request.own-team", "akool.task.id-query")
def test_an_id_is_known_where_it_belongs_and_nowhere_else(akool: Client) -> None:
    analysis = akool.analyzed()["_id"]
    task = akool.post(CREATE).data["_id"]
    unknown = {"code": 1014, "msg": "Resource not found"}

    strange = [
        akool.get(f"{TASK}?_id={analysis}"), akool.get(f"{ANALYSIS}?_id={task}"),
        akool.get(f"{TASK}?_id={task}", key="another"), akool.get(f"{ANALYSIS}?_id={analysis}", key="another"),
        akool.get(f"{TASK}?_id=vjob_xyz789abc"), akool.get(f"{TASK}?_id=job:20230909-user:1-bot:faceswap"),
        akool.get(f"{TASK}?_id={'0' * 24}"), akool.get(f"{TASK}?_id=%00%F0%9F%98%80"),
    ]  # fmt: skip

    assert [answer.body for answer in strange] == [unknown] * len(strange)
    assert {answer.status for answer in strange} == {200}
    assert akool.get(f"{TASK}?_id={task}").data["_id"] == task
    assert akool.get(TASK).body == {"code": 1003, "msg": "Parameter error: _id is required"}


@pytest.mark.fact("akool.credits.lock", "akool.credits.settlement", "akool.credits.checked-on-create",
                  "akool.credits.quota", "akool.task.resolution")  # fmt: skip
@pytest.mark.parametrize(
    ("resolution", "seconds", "locked", "settled"),
    [("720p", "10", 100, 15), ("480p", "10", 100, 10), ("720p", "3.3", 33, 5), ("480p", "0.01", 1, 1)],
)
def test_credits_are_held_at_first_and_settled_at_the_end(
    akool: Client, resolution: str, seconds: str, locked: int, settled: int
) -> None:
    akool.analyzed(url := f"https://example.com/a.mp4?duration={seconds}")
    whole = akool.credit()

    made = akool.changed(CREATE, video_url=url, resolution=resolution).data
    held = akool.credit()
    akool.sandbox.advance(60_000)
    said = akool.look("head-swap", made["_id"])

    assert made["deduction_lock_duration"] == whole - held == locked
    assert said["deduction_duration"] == whole - akool.credit() == settled
    assert said["video_duration"] == float(seconds)


@pytest.mark.fact("akool.credits.checked-on-create")
def test_too_few_credits_refuse_a_head_swap(akool: Client) -> None:
    akool.analyzed()
    akool.sandbox.set_account(VENDOR, KEY, AccountChange(credits=199))

    answers = [akool.post(CREATE) for _ in range(2)]

    assert answers[0].code == 1000
    assert answers[1].body == {"code": 1104, "msg": "Credit balance is not enough"}


@pytest.mark.fact("akool.task.resolution", "akool.task.keep-sound")
@pytest.mark.parametrize(
    ("said", "size", "sound"),
    [
        ({"resolution": "720p"}, (1276, 720), True),
        ({"resolution": "480p", "keep_original_sound": False}, (850, 480), False),
        ({"keep_original_sound": None}, (1276, 720), True),
    ],
)
def test_the_video_is_as_it_was_asked_for(
    akool: Client, said: dict[str, Any], size: tuple[int, int], sound: bool
) -> None:
    akool.analyzed()
    id = akool.changed(CREATE, **said).data["_id"]

    [output] = akool.sandbox.job(id).outputs

    assert (output.width_px, output.height_px, output.has_sound) == (*size, sound)
    assert output.duration_ms == 10_000


@pytest.mark.fact(
    "akool.task.order", "akool.envelope.no-data", "akool.envelope.code-decides", "akool.envelope.http-200"
)
def test_what_is_wrong_is_told_in_order(akool: Client) -> None:
    no_analysis = {"video_url": "https://example.com/other.mp4"}
    steps = [
        akool.fetch("POST", akool.base + CREATE, {"mappings": 3}),
        akool.post(CREATE, b"{}", Content_Type="text/plain"),
        akool.post(CREATE, b"{"),
        akool.post(CREATE, {**BODIES[CREATE], **no_analysis, "resolution": "1080p"}, key="no-credit-key"),
        akool.post(CREATE, {**BODIES[CREATE], **no_analysis}, key="no-credit-key"),
    ]
    akool.post(ANALYZE, key="no-credit-key")
    akool.sandbox.advance(60_000)
    bad = {**BODIES[CREATE], "mappings": [{"obj_id": 9, "img_url": FACE}]}
    steps += [akool.post(CREATE, bad, key="no-credit-key"), akool.post(CREATE, key="no-credit-key")]

    assert [step.code for step in steps] == [1102, 1003, 1003, 1003, 1014, 1003, 1104]
    assert all(set(step.body) == {"code", "msg"} and step.status == 200 for step in steps)


def test_the_url_of_a_head_may_name_the_scenario(akool: Client) -> None:
    akool.analyzed()
    id = akool.changed(CREATE, mappings=[{"obj_id": 0, "img_url": f"{FACE}?scenario=failed-early"}]).data["_id"]

    akool.sandbox.advance(60_000)

    said = akool.look("head-swap", id)
    assert (said["status"], said["error_reason"]) == (4, "The input could not be read")


def test_a_user_is_the_same_in_every_reply(akool: Client) -> None:
    analysis = akool.analyzed()
    task = akool.post(CREATE).data
    row = akool.look("face-swap-image", akool.submit("face-swap-image")["_id"])

    user = user_of(KEY)
    assert {analysis["uid"], task["uid"], row["uid"], user.uid} == {101400}
    assert {analysis["team_id"], task["team_id"]} == {user.team_id}
