"""A limit of calls that a test has set, as every vendor tells it."""

import json
import re
from collections.abc import Iterator

import pytest

from simulator import vendors
from simulator.assembly import Background
from simulator.sandbox.accounts import AccountChange, RateLimit
from simulator.settings import Settings
from tests.test_vendors_on_the_wire import EPOCH, fetch, with_key

NOON_S = 1_769_601_600


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="wire", epoch=EPOCH)) as running:
        yield running


@pytest.mark.fact(
    "deepswapai.error.rate-limit", "useapi.errors.rate-limit", "useapi.busy.retry-after", "a2e.error.rate-limit",
    "openshorts.error.rate-limit", "akool.error.codes",
)  # fmt: skip
@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_a_limited_account_is_refused_in_the_vendors_words_by_every_operation(server: Background, vendor: str) -> None:
    found, main = vendors.load(vendor), server.simulator.sandboxes.main
    main.reset()
    main.set_switches(
        {f"{vendor}.{switch}": choice for op in found.operations if op.switch for switch, choice in [op.switch]}
    )
    main.set_account(found, found.sample_key, AccountChange(rate_limit=RateLimit(1, 7000), has_rate_limit=True))
    main.admit(found, found.sample_key)
    main.advance(1_500)
    body = json.dumps({"clientId": "SimClientId0123456789ab=", "clientSecret": found.sample_key}).encode()

    for operation in found.operations:
        path, sent = re.sub(r"{\w+}", "64b0c0ffee", operation.path), body if operation.method == "POST" else None
        status, headers, text = fetch(
            operation.method, f"{server.url}/{vendor}{path}", sent, Content_Type="application/json", **with_key(vendor)
        )

        assert "X-Simulator-Error" not in headers, (operation.id, text)
        assert (status, "oo" in text.decode()) == (200 if vendor == "akool" else 429, True), (operation.id, text)
        if vendor == "akool":
            assert json.loads(text)["code"] == 1005
        limits = {name: said for name, said in headers.items() if name.startswith(("Retry-", "X-RateLimit-"))}
        assert limits == {
            "a2e": {"Retry-After": "6"},
            "deepswapai": {
                "Retry-After": "6", "X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(NOON_S + 7),
            },
        }.get(vendor, {})  # fmt: skip
