"""The ledger's sum is the balance, whatever jobs come to."""

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.jobs.errors import ApiError, Conflict, UnfitScenario
from tests.acme import EPOCH_MS, call, sandbox

steps = st.lists(
    st.tuples(
        st.sampled_from(["film", "batch", "clip", "cancel", "delete", "advance", "picture", "force"]),
        st.integers(0, 9),
        st.sampled_from(["happy", "stuck", "fails", "refused", "some"]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(steps, st.sampled_from(["manual", "skip"]))
def test_the_sum_of_the_ledger_is_the_balance_and_nothing_stays_reserved(
    steps: list[tuple[str, int, str]], mode: str
) -> None:
    box = sandbox(mode)
    ids: list[str] = []
    for what, number, scenario in steps:
        try:
            if what == "advance":
                box.advance(number * 7_000)
            elif what in ("cancel", "delete") and ids:
                call(box, what, id=ids[number % len(ids)])
            elif what == "force" and ids:
                box.force(ids[number % len(ids)], to="done")
            elif what in ("film", "batch", "clip", "picture"):
                ids.append(call(box, what, scenario=scenario).job.id)
        except (ApiError, Conflict, UnfitScenario):
            continue
    for snapshot in box.jobs():
        if not snapshot.is_final and snapshot.job.deleted_at_ms is None:
            box.force(snapshot.job.id, to="error")
    box.advance(120_000)

    account = box.life.accounts.get("acme", "key-1")
    for owner in account.owners.values() if account else ():
        ledger = owner.ledger
        assert sum(entry.amount for entry in ledger.entries) == ledger.balance
        assert ledger.reserved == 0
        assert ledger.balance >= 0
        assert all(not pool.holders and not pool.row for pool in owner.pools.values())
        spent = -sum(entry.amount for entry in ledger.entries if entry.what != "grant")
        paid = [shot for shot in box.jobs() if shot.succeeded and shot.job.owner == _name(account, owner)]
        assert spent == sum(shot.plan.price for shot in paid)
    assert box.clock.now_ms() >= EPOCH_MS


def _name(account: object, owner: object) -> str:
    return next(name for name, kept in account.owners.items() if kept is owner)  # type: ignore[attr-defined]
