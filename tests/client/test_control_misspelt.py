"""What the facade says where a test misspelt a verb, a keyword or a length of time."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulator.client import BadLength, SimulatorRefused, UnknownName
from simulator.client.simulator import AsyncSimulator, Simulator
from simulator.testing import awaited, open_sandbox, stop


@pytest.fixture(scope="module", autouse=True)
def one_server() -> Iterator[None]:
    """Stop the server of this process after the last of these tests."""
    yield
    stop()


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return a sandbox of the test's own; of no type, for that would find what is misspelt."""
    with open_sandbox(request.node.nodeid) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("clock.adance", "Clock has no 'adance'; did you mean 'advance'?"),
        ("verify.every_job_seen", "Verification has no 'every_job_seen'; did you mean 'every_job_seen_to_its_end'?"),
        ("akool.scenaro", "VendorHandle has no 'scenaro'; did you mean 'scenario'?"),
        ("jbos", "there is no vendor or part 'jbos'; did you mean 'jobs'?"),
        ("clock.zzzzzz", "Clock has no 'zzzzzz'; there are: advance, "),
    ],
)
def test_verbs(sandbox: Any, name: str, says: str) -> None:
    *parts, word = name.split(".")
    for part in parts:
        sandbox = getattr(sandbox, part)

    with pytest.raises(AttributeError) as caught:
        getattr(sandbox, word)

    assert str(caught.value).startswith(says)
    assert isinstance(caught.value, UnknownName)
    assert not hasattr(sandbox, word)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda it: it.faults.add(eror=503), "add() takes no 'eror'; did you mean 'error'? There are: error, "),
        (lambda it: it.webhooks.go_wrong(duplicat=2), "go_wrong() takes no 'duplicat'; did you mean 'duplicate'?"),
        (lambda it: it.akool.scenario("slow", tmies=2), "scenario() takes no 'tmies'; did you mean 'times'?"),
        (lambda it: it.clock.advance(), "advance() missing 1 required positional argument: 'by'"),
        (lambda it: it.verify.credits_spent("12"), "credits are a number, and '12' is none"),
    ],
)
def test_arguments(sandbox: Any, call: Callable[[Any], Any], says: str) -> None:
    with pytest.raises(TypeError) as caught:
        call(sandbox)

    assert str(caught.value).startswith(says)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_an_attribute_that_fails_by_itself_says_why() -> None:
    class Broken:
        url = "http://simulator:8080"

        def ask(self, *_: object) -> None:
            raise AttributeError("the transport is broken")

    clock = Simulator(transport=Broken()).clock  # type: ignore[arg-type]  # it is broken on purpose

    with pytest.raises(AttributeError, match=r"^the transport is broken$"):
        _ = clock.now


async def test_those_who_await_are_told_as_well(sandbox: Simulator) -> None:
    it: Any = awaited(sandbox)

    with pytest.raises(AttributeError, match="AsyncClock has no 'adance'; did you mean 'advance'"):
        _ = it.clock.adance
    with pytest.raises(TypeError, match=r"add\(\) takes no 'eror'; did you mean 'error'"):
        await it.faults.add(eror=503)


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda it: it.clock.advance("2 secs"), "2s"),
        (lambda it: it.faults.add(latency="2 secs"), "2s"),
        (lambda it: it.faults.add(latency="1s..3 seconds"), "3s"),
        (lambda it: it.faults.add(latency={"median": "2mins", "p95": "3m"}), "2m"),
        (lambda it: it.faults.add(dribble={"bytes": 10, "every": "50 millis"}), "50ms"),
        (lambda it: it.faults.add(error=503, lasts="2 Hours"), "2h"),
        (lambda it: it.webhooks.go_wrong(late="2mins"), "2m"),
        (lambda it: it.webhooks.go_wrong(stale_timestamp="2mins"), "2m"),
        (lambda it: it.webhooks.wait(timeout="2 secs"), "2s"),
        (lambda it: it.akool.account().set(rate_limit=(60, "1 min")), "1m"),
    ],
)
def test_lengths_of_time(sandbox: Any, call: Callable[[Any], Any], meant: str) -> None:
    with pytest.raises(SimulatorRefused) as caught:
        call(sandbox)

    assert "is no length of time; write for example" in str(caught.value)
    assert str(caught.value).endswith(f"; did you mean '{meant}'?")


def test_a_length_that_means_nothing_is_given_no_hint(sandbox: Simulator) -> None:
    with pytest.raises(BadLength) as caught:
        sandbox.clock.advance("soon")

    assert "did you mean" not in str(caught.value)


def test_the_nearest_of_many_scenarios_is_said_first(sandbox: Simulator) -> None:
    with pytest.raises(UnknownName) as caught:
        sandbox.akool.scenario("moderated-midwya")

    assert "no scenario 'moderated-midwya'; did you mean 'moderated-midway'? There are: moderated-" in str(caught.value)
    assert str(caught.value).count("There are: ") == 1
    assert str(caught.value).endswith(" more")


def test_a_part_of_a_name_is_near_as_well(sandbox: Simulator) -> None:
    with pytest.raises(UnknownName, match="no operation 'creat'; did you mean 'createHeadSwapTask'"):
        sandbox.akool.scenario("happy", operation="creat")


def test_one_who_awaits_elsewhere_is_told_how_to_warp() -> None:
    class Elsewhere:
        url = "http://simulator:8080"

    it: Any = AsyncSimulator(sandbox="mine", transport=Elsewhere())  # type: ignore[arg-type]  # it is never asked

    with pytest.raises(RuntimeError) as caught:
        it.warp()

    assert "`with simulator.warp():`" in str(caught.value)
    assert "`with Simulator('http://simulator:8080', sandbox='mine').warp():`" in str(caught.value)
