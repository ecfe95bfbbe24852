"""The agenda gives back what was put on it, by instant and then by turn."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.sandbox.agenda import Agenda

steps = st.lists(st.one_of(st.integers(0, 50), st.none()), max_size=200)


@given(steps)
def test_entries_come_in_the_order_of_instant_and_turn(steps: list[int | None]) -> None:
    agenda, waiting, turn = Agenda(), [], 0
    for step in steps:
        if step is not None:
            turn += 1
            agenda.add(step, str(turn))
            waiting.append((step, turn))
        elif waiting:
            first = min(waiting)
            waiting.remove(first)
            assert agenda.next_due_ms() == first[0]
            assert agenda.pop_due(first[0] - 1) is None
            assert agenda.pop_due(first[0]) == (first[0], str(first[1]))

    assert len(agenda) == len(waiting)
    assert (agenda.next_due_ms() is None) == (not waiting)


def test_what_is_done_is_cut_off_and_nothing_else() -> None:
    agenda = Agenda()
    for number in range(20_000):
        agenda.add(number, str(number))

    popped = [agenda.pop_due(20_000) for _ in range(19_990)]

    assert popped == [(number, str(number)) for number in range(19_990)]
    assert len(agenda) == 10
    assert agenda.next_due_ms() == 19_990
