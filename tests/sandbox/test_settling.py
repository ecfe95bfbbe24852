"""What is held may be more than what is due; an output may be needed; a body may name the account."""

from typing import Any

import msgspec
import pytest

from simulator.jobs.commands import GetAccount, HasJob, HasOutput, Submit
from simulator.jobs.errors import BadKey, BlockedAccount, ExpiredKey, UnknownJob, UnknownRecord
from simulator.sandbox.accounts import AccountChange
from simulator.sandbox.packing import Packer
from simulator.sandbox.sandbox import Sandbox
from simulator.vendors.vendor import Call, Vendor
from tests.acme import ACME, kind, sandbox

SETTLING: Vendor = msgspec.structs.replace(
    ACME, kinds=(*ACME.kinds, kind("reel", charges="submit", settles=lambda draft, outputs: len(outputs)))
)


def do(box: Sandbox, command: Any, key: str = "key-1", vendor: Vendor = SETTLING) -> Any:
    said = Call("reel", "POST", {}, {}, {}, lambda path, host: path, account=key, switches=box.switches_for(vendor))
    return box.handle(vendor, said, command)


def movements(box: Sandbox) -> list[tuple[str, float]]:
    account = box.account("acme", "key-1")
    assert account
    return [(entry.what, entry.amount) for entry in account.owner("").ledger.entries]


def test_what_was_held_beyond_what_is_due_comes_back_at_the_good_end() -> None:
    box = sandbox("manual", scenario="happy")
    job = do(box, Submit("reel", "reel", {})).job

    box.advance(60_000)

    assert (job.plan.price, job.plan.settled) == (4, 1)
    assert movements(box) == [("grant", 800), ("hold", -4), ("settlement", 3)]


def test_all_that_was_held_comes_back_at_a_bad_end() -> None:
    box = sandbox("manual", scenario="fails")
    do(box, Submit("reel", "reel", {}))

    box.advance(60_000)

    assert movements(box) == [("grant", 800), ("hold", -4), ("refund", 4)]


def test_a_packed_job_still_knows_what_was_due() -> None:
    box = sandbox("manual", scenario="happy")
    job = do(box, Submit("reel", "reel", {})).job
    packer = Packer()

    assert packer.unpack(job.id, packer.pack(job)).plan.settled == 1


@pytest.mark.parametrize(("number", "is_there"), [(0, True), (2, True), (3, False), (-1, False)])
def test_a_job_can_be_needed_for_one_of_its_outputs(number: int, is_there: bool) -> None:
    box = sandbox("manual", scenario="happy")
    do(box, Submit("batch", "batch", {}, item_count=3))
    needs = (HasJob("batch", UnknownJob(""), bind="before"), HasOutput("before", number, UnknownRecord("picture")))
    wanted = Submit("reel", "reel", {}, needs=needs)

    if is_there:
        assert do(box, wanted).job.bound["before"]
    else:
        with pytest.raises(UnknownRecord):
            do(box, wanted)


def test_an_account_that_the_body_names_is_let_in_like_any_other() -> None:
    box = sandbox("manual", strict_keys=True)
    box.set_account(SETTLING, "mine", AccountChange(credits=7))
    box.set_account(SETTLING, "his", AccountChange(state="blocked"))
    box.set_account(SETTLING, "hers", AccountChange(state="expired"))

    found = do(box, GetAccount("mine"), key="")

    assert (found.id, found.balance) == ("mine", 7)
    for key, error in (("nobody", BadKey), ("his", BlockedAccount), ("hers", ExpiredKey)):
        with pytest.raises(error):
            do(box, GetAccount(key), key="")


def test_an_account_without_credit_is_let_in() -> None:
    box = sandbox("manual")

    box.admit(SETTLING, "my-no-credit-key")

    assert do(box, GetAccount(), key="my-no-credit-key").balance == 0
