"""Accounts, records and switches by the control API, and what vendors then say."""

from typing import Any

import pytest

from tests.server.control.conftest import EPOCH_MS, Server


async def test_an_account_is_listed_once_it_has_changed_anything(server: Server) -> None:
    before = (await server.call("GET", "accounts"))[1]
    await server.submit(**{"X-Simulator-Job-Id": "vjob_xyz789abc"})
    await server.call("POST", "clock/advance", {"by": "1h"})

    [account] = (await server.call("GET", "accounts?vendor=deepswapai"))[1]["accounts"]

    assert before == {"accounts": []}
    assert (account["key"], account["state"], account["credits"]) == ("…", "active", 952)
    assert [(line["kind"], line["amount"], line["job_id"]) for line in account["ledger"]] == [
        ("grant", 1000, None),
        ("debit", -48, "vjob_xyz789abc"),
    ]
    assert account["details"] == {"webhook_secret": "…"}
    assert (await server.call("GET", "accounts/deepswapai/test-key"))[1] == {
        **account,
        "key": "test-key",
        "details": {"webhook_secret": "test-key"},
    }
    assert (await server.call("GET", "accounts?vendor=useapi"))[1] == {"accounts": []}


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"state": "blocked"}, 401),
        ({"state": "expired"}, 401),
        ({"state": "no-credit"}, 402),
        ({"credits": 0}, 402),
        ({"credits": 47}, 402),
        ({"credits": 48}, 202),
        ({"plan": "trial"}, 202),
    ],
)
async def test_what_is_set_up_decides_what_the_vendor_says(
    server: Server, settings: dict[str, Any], status: int
) -> None:
    first, account = await server.call("PUT", "accounts/deepswapai/test-key", settings)
    second, again = await server.call("PUT", "accounts/deepswapai/test-key", settings)

    assert (first, second) == (201, 200)
    assert {name: account[name] for name in settings} == settings
    assert sum(line["amount"] for line in again["ledger"]) == again["credits"]
    assert (await server.submit())[0] == status


async def test_a_state_can_be_taken_back(server: Server) -> None:
    await server.call("PUT", "accounts/deepswapai/a%20key%2F1", {"state": "no-credit"})
    _, paid = await server.call("PUT", "accounts/deepswapai/a%20key%2F1", {"credits": 100})
    await server.call("PUT", "accounts/deepswapai/test-key", {"state": "blocked"})
    await server.call("PUT", "accounts/deepswapai/test-key", {"state": "active"})

    assert (paid["key"], paid["state"], paid["credits"]) == ("a key/1", "active", 100)
    assert (await server.submit())[0] == 202


async def test_a_rate_limit_refuses_until_it_opens(server: Server) -> None:
    await server.call("PUT", "accounts/deepswapai/test-key", {"rate_limit": {"calls": 2, "per": "1m"}})

    first = [(await server.submit())[0] for _ in range(3)]
    await server.call("POST", "clock/advance", {"by": 59_999})
    still = (await server.submit())[0]
    await server.call("POST", "clock/advance", {"by": 1})
    then = (await server.submit())[0]
    _, freed = await server.call("PUT", "accounts/deepswapai/test-key", {"rate_limit": None})

    assert (first, still, then) == ([202, 202, 429], 429, 202)
    assert freed["rate_limit"] is None


async def test_slots_and_details_are_shown_as_set(server: Server) -> None:
    _, said = await server.call(
        "PUT",
        "accounts/useapi/key-1",
        {"slots": {"slot": 3}, "details": {"note": "mine"}, "rate_limit": {"calls": 60, "per": "1h30m"}},
    )

    assert said["slots"]["slot"] == {"size": 3, "taken": 0}
    assert said["details"]["note"] == "mine"
    assert said["rate_limit"] == {"calls": 60, "per": "5400000ms"}


async def test_the_credits_of_useapi_are_those_of_its_channel(server: Server) -> None:
    _, account = await server.call("PUT", "accounts/useapi/key-1", {"credits": 5})

    assert (account["credits"], [line["amount"] for line in account["ledger"]]) == (5, [800, -795])


async def test_records_are_listed_by_vendor_type_and_account(server: Server) -> None:
    await server.call("PUT", "accounts/useapi/key-1", {"plan": "a"})
    await server.call("PUT", "accounts/useapi/key-2", {"plan": "a"})

    _, faces = await server.call("GET", "records?type=idname&account=key-2")
    _, everything = await server.call("GET", "records?limit=3")
    _, none = await server.call("GET", "records?vendor=deepswapai")

    assert faces["records"] == [
        {
            "vendor": "useapi",
            "type": "idname",
            "id": "me",
            "account": "…",
            "created_at_ms": EPOCH_MS,
            "updated_at_ms": EPOCH_MS,
            "job_id": None,
            "data": {},
        }
    ]
    assert (len(everything["records"]), none) == (3, {"records": []})


async def test_switches_are_set_shown_and_put_back(server: Server) -> None:
    _, listed = await server.call("GET", "switches")
    _, changed = await server.call("PATCH", "switches", {"deepswapai.submit_status": "200"})
    submitted = (await server.submit())[0]
    shown = (await server.call("GET", "sandboxes/main"))[1]["switches"]
    _, back = await server.call("PATCH", "switches", {"deepswapai.submit_status": None})

    values = [{one["name"]: one["value"] for one in said["switches"]} for said in (listed, changed, back)]
    assert [value["deepswapai.submit_status"] for value in values] == ["202", "200", "202"]
    assert (submitted, shown) == (200, {"deepswapai.submit_status": "200"})
    assert values[0] == values[2]
    assert (await server.submit())[0] == 202


async def test_a_key_that_plays_a_state_shows_it(server: Server) -> None:
    _, said = await server.call("PUT", "accounts/deepswapai/no-credit-1", {"plan": "trial"})

    assert (said["state"], said["credits"]) == ("no-credit", 0)
    assert (await server.submit(key="no-credit-1"))[0] == 402
