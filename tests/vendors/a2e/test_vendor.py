"""The vendor as a whole: routes, hosts, keys, ids and switches."""

import re
from typing import Any

import pytest

from simulator.jobs.chance import Draws
from simulator.jobs.errors import BadKey, NoKey
from simulator.vendors.a2e import VENDOR
from simulator.vendors.a2e.ids import object_id, user_id
from simulator.vendors.a2e.lifecycle import LIFECYCLE
from simulator.vendors.a2e.switches import SWITCHES
from tests.vendors.a2e.house import TASK_AT_MS, House, contract

ROOT = "/api/v1/"


@pytest.mark.fact(
    "a2e.base.url",
    "a2e.image.add",
    "a2e.image.list",
    "a2e.image.delete",
    "a2e.preview.add",
    "a2e.preview.status",
    "a2e.preview.not-listed",
    "a2e.task.add",
    "a2e.task.status",
    "a2e.task.records",
    "a2e.task.detail",
    "a2e.task.delete",
    "a2e.coins.remaining",
)
def test_these_routes_and_no_others() -> None:
    assert VENDOR.url == "https://video.a2e.ai"
    assert [f"{found.method} {found.path.removeprefix(ROOT)}" for found in VENDOR.operations] == [
        "POST userFaceSwapImage/add",
        "GET userFaceSwapImage/records",
        "DELETE userFaceSwapImage/{_id}",
        "POST userFaceSwapPreview/add",
        "GET userFaceSwapPreview/status",
        "POST userFaceSwapTask/add",
        "GET userFaceSwapTask/status",
        "GET userFaceSwapTask/records",
        "GET userFaceSwapTask/{_id}",
        "DELETE userFaceSwapTask/{_id}",
        "GET user/remainingCoins",
    ]


@pytest.mark.fact("a2e.base.makefun", "a2e.base.china", "a2e.file.host", "a2e.file.no-key")
def test_the_hosts() -> None:
    assert VENDOR.other_hosts == ("makefun.ai", "video.a2e.com.cn")
    assert VENDOR.media_hosts == ("dh24as48lv9ce.cloudfront.net",)


def test_the_contract_compiles_and_describes_what_is_served() -> None:
    contract().compile_all()
    served = {operation.id: (operation.method, operation.path) for operation in VENDOR.operations}
    files = {checks.operation_id for checks in contract().media_operations()}

    described = {id: contract().checks(id) for id in contract().operation_ids}
    assert set(described) == set(served) | files
    assert served == {id: (checks.method, checks.path) for id, checks in described.items() if id in served}


@pytest.mark.fact("a2e.auth.bearer", "a2e.auth.token-form")
@pytest.mark.parametrize("header", ["Bearer sk_1", "bearer sk_1", "Bearer   sk_1 "])
def test_a_bearer_token_is_the_key(header: str) -> None:
    assert VENDOR.authenticate(House().call("getRemainingCoins", headers={"authorization": header})) == "sk_1"


@pytest.mark.fact("a2e.auth.bearer", "a2e.auth.page-has-no-key", "a2e.error.unauthorized")
@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, NoKey),
        ({"authorization": ""}, NoKey),
        ({"x-api-key": "sk_1"}, NoKey),
        ({"authorization": "Bearer"}, BadKey),
        ({"authorization": "Basic a2V5"}, BadKey),
        ({"authorization": "sk_1"}, BadKey),
    ],
)
def test_anything_else_is_no_key(headers: dict[str, str], refused: type[Exception]) -> None:
    with pytest.raises(refused):
        VENDOR.authenticate(House().call("getRemainingCoins", headers=headers))


@pytest.mark.fact(
    "a2e.status.course",
    "a2e.status.initialized",
    "a2e.status.documented-words",
    "a2e.status.first",
    "a2e.status.moderated",
)
def test_the_course_of_a_job() -> None:
    assert {row.word: row.next for row in LIFECYCLE} == {
        "sent": ("initialized", "failed"),
        "initialized": ("processing", "failed"),
        "processing": ("completed", "failed"),
        "completed": (),
        "failed": (),
    }
    assert [row.word for row in LIFECYCLE if row.share == 0] == ["sent"]


@pytest.mark.fact("a2e.id.object-id", "a2e.id.time")
def test_an_id_holds_the_second_of_its_creation() -> None:
    ids = {object_id(TASK_AT_MS, Draws(seed)) for seed in range(50)}

    assert len(ids) == 50
    assert all(re.fullmatch("6674f176[0-9a-f]{16}", id) for id in ids)


@pytest.mark.fact("a2e.preview.user-id")
def test_a_user_is_the_same_for_the_same_token() -> None:
    assert re.fullmatch("6[1-5][0-9a-f]{22}", user_id("sk_1"))
    assert user_id("sk_1") == user_id("sk_1") != user_id("sk_2")
    assert user_id(VENDOR.sample_key) == "637498294abbb165572d5dbe"


@pytest.mark.fact("a2e.file.three-days", "a2e.file.record-stays", "a2e.coins.when", "a2e.polling.as-needed")
def test_every_kind_keeps_its_files_for_three_days_and_its_records_for_ever() -> None:
    for kind in VENDOR.kinds:
        assert kind.file_expiry is not None
        assert (kind.file_expiry.after_ms, kind.file_expiry.since) == (259_200_000, "ended")
        assert kind.job_expiry is None
        assert kind.refresh is None


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_every_switch_has_its_fact_and_a_default_among_its_choices(switch: Any, checkout: Any) -> None:
    facts = (checkout / "openapi/a2e.facts.yaml").read_text()

    assert switch.default == switch.choices[0]
    assert f"- id: {switch.fact}\n" in facts
    assert f"switch: {switch.name}\n" in facts


def test_the_first_call_and_the_tour() -> None:
    assert "{base}" in VENDOR.first_call
    assert "{key}" in VENDOR.first_call
    assert VENDOR.tour is not None
    assert set(VENDOR.tour.running_words) | {VENDOR.tour.good_word, "failed"} == set(LIFECYCLE.words())
