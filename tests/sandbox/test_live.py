"""Live jobs: no timers, a render tells how far they are, what it made and how it ended, and the clock stays real."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from simulator.jobs.commands import Happen, LookUp, Submit
from simulator.jobs.durations import read_duration
from simulator.jobs.errors import Conflict
from simulator.jobs.files import Output, plan_output
from simulator.jobs.renders import Begun, Ended, Failed, Made, Said, Swap, Told, Worked
from simulator.jobs.scenario import Expiry, Failure, Scenario, State
from simulator.jobs.snapshot import Snapshot
from simulator.sandbox import clock
from simulator.sandbox.packing import Packer
from simulator.sandbox.sandbox import Sandbox
from simulator.vendors.vendor import Call, Live, Vendor
from tests.acme import ACME, kind, sandbox, state

LIVE = Scenario(
    "live",
    (
        state("waiting", "1s", "running"),
        State("running", read_duration("6s"), until_rendered=True, then=state("running", then="succeeded").then),
        State("succeeded"),
    ),
)
KINDS = tuple(
    msgspec.structs.replace(one, live=Live(lambda job: (Swap(0, ()),))) for one in ACME.kinds if one.name != "plain"
)
STUDIO: Vendor = msgspec.structs.replace(ACME, kinds=(*KINDS, kind("plain", webhook=None)))


class World:
    """A live sandbox whose real time a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        self.real_ns = 0
        monkeypatch.setattr(clock, "_real_ns", lambda: self.real_ns)
        self.news = 0
        self.box: Sandbox = sandbox("real", LIVE, is_live=True, **{"scenario": "", **settings})
        self.box._on_live = self._hear
        self.calls: list[Call] = []

    def _hear(self, box: Sandbox) -> None:
        self.news += 1

    def wait(self, ms: int) -> None:
        self.real_ns += ms * 1_000_000

    def do(self, command: Any, key: str = "key-1") -> Any:
        said = Call(
            "x", "POST", {}, {}, {}, lambda path, host: path, account=key, switches=self.box.switches_for(STUDIO)
        )
        self.calls.append(said)
        return self.box.handle(STUDIO, said, command)

    def submit(self, kind: str, **said: Any) -> Snapshot:
        shot = self.do(Submit(kind, kind, {}, **said))
        assert isinstance(shot, Snapshot)
        return shot

    def tell(self, what: Told, job: Any) -> bool:
        return self.box.hear_render(job.id, self.box.generation, what)

    def look(self, job: Any) -> Snapshot:
        shot = self.do(LookUp((job.id,)))
        assert isinstance(shot, Snapshot)
        return shot


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def measured(job: Any, index: int = 0) -> Output:
    return msgspec.structs.replace(
        job.plan.outputs[index], width_px=640, size_bytes=4321, stored=f"/renders/{index}.png"
    )


def test_a_live_job_waits_for_its_render_however_long_that_takes(world: World) -> None:
    job = world.submit("batch", item_count=1).job
    assert world.news == 1

    world.wait(3_600_000)

    assert (world.look(job).word, world.look(job).progress) == ("new", 0)
    assert [shot.job.id for shot in world.box.take_renders()] == [job.id]
    assert world.box.take_renders() == []


def test_a_render_moves_a_job_through_the_vendors_words_with_true_numbers(world: World) -> None:
    job = world.submit("batch", item_count=1).job
    world.box.take_renders()

    assert world.tell(Begun(), job)
    begun = world.look(job)
    world.wait(2_000)
    assert world.tell(Worked(25, 100), job)
    working = world.look(job)
    left_ms = [working.work_left_ms]
    world.wait(1_000)
    later = world.look(job)
    left_ms.append(later.work_left_ms)
    assert world.tell(Made(0, measured(job), {"note": "x"}), job)
    assert world.tell(Ended(), job)
    ended = world.look(job)

    assert [begun.word, working.word, later.word, ended.word] == ["drawing", "inking", "inking", "done"]
    assert left_ms == [6_000, 5_000]
    assert (ended.outputs[0].size_bytes, ended.outputs[0].stored) == (4321, "/renders/0.png")
    assert ended.job.rendering is not None
    assert ended.job.rendering.about == ({"note": "x"},)
    assert not world.tell(Worked(99, 100), job)


def test_progress_is_that_of_the_frames_and_never_falls(world: World) -> None:
    job = world.submit("film").job
    world.box.take_renders()
    world.tell(Begun(), job)

    shares = []
    for done, total in ((30, 120), (10, 120), (60, 120), (120, 120), (130, 120)):
        assert world.tell(Worked(done, total), job)
        shares.append(world.look(job).progress)

    assert shares == [0.25, 0.25, 0.5, 0.999, 0.999]


def test_a_video_has_as_many_frames_as_its_render_counts(world: World) -> None:
    job = world.submit("film").job
    job.plan = msgspec.structs.replace(
        job.plan, outputs=(plan_output("out/x.mp4", "video/mp4", 64, 64, seed="x", duration_ms=4000),)
    )
    world.box.take_renders()
    world.tell(Begun(), job)
    world.tell(Worked(24, 96), job)

    assert job.plan.outputs[0].frames == 96


def test_a_render_that_cannot_be_done_fails_the_job_in_its_own_words(world: World) -> None:
    world.submit("picture", needs=())
    job = world.submit("batch", item_count=1).job
    world.box.take_renders()
    world.tell(Begun(), job)

    assert world.tell(Failed(Failure("no face found", code="face")), job)

    shot = world.look(job)
    assert (shot.word, shot.failure) == ("error", Failure("no face found", code="face"))


def test_the_log_of_a_render_is_kept_with_its_instants(world: World) -> None:
    job = world.submit("batch", item_count=1).job
    world.box.take_renders()
    for number in range(600):
        world.tell(Said(f"line {number}" + "." * 2000), job)

    assert job.rendering is not None
    assert len(job.rendering.lines) == 500
    assert (job.rendering.lines[-1][1][:9], len(job.rendering.lines[-1][1])) == ("line 599.", 1000)


def test_a_render_may_fail_before_it_began(world: World) -> None:
    job = world.submit("batch", item_count=1).job

    assert world.tell(Failed(Failure("input gone")), job)
    assert world.look(job).failure == Failure("input gone")


def test_items_end_one_after_the_other_and_are_there_as_they_end(world: World) -> None:
    job = world.submit("batch", item_count=3).job
    world.box.take_renders()
    world.tell(Begun(), job)
    world.wait(1_000)
    world.tell(Made(2, measured(job, 2), {}), job)
    world.wait(1_000)
    world.tell(Made(0, Failure("no face"), {}), job)

    shot = world.look(job)

    assert [(item.index, item.lasts_ms, item.error) for item in shot.finished_items()] == [
        (0, 1_000, Failure("no face")),
        (2, 0, None),
    ]
    assert world.box.find_file("acme", job.plan.outputs[2].path).stored == "/renders/2.png"
    assert shot.progress == pytest.approx(2 / 3)


def test_a_render_that_found_fewer_items_than_planned_ends_with_those(world: World) -> None:
    job = world.submit("batch", item_count=3).job
    world.box.take_renders()
    world.tell(Begun(), job)
    world.tell(Made(1, measured(job, 1), {}), job)

    world.tell(Ended(), job)

    shot = world.look(job)
    assert (shot.word, len(shot.outputs), [item.index for item in shot.finished_items()]) == ("done", 1, [0])
    with pytest.raises(Exception, match="_0"):
        world.box.find_file("acme", f"out/{job.id}_0.png")


def test_outputs_that_nobody_made_are_none(world: World) -> None:
    job = world.submit("film", item_count=3).job
    world.box.take_renders()
    world.tell(Made(0, measured(job)), job)
    world.tell(Made(1, measured(job, 1)), job)
    world.tell(Ended(), job)

    assert [output.stored for output in job.plan.outputs] == ["/renders/0.png", "/renders/1.png"]


def test_a_job_behind_a_slot_is_not_taken_before_its_grant(world: World) -> None:
    jobs = [world.submit("clip", takes="workers").job for _ in range(3)]
    first, second, third = jobs

    assert [shot.job.id for shot in world.box.take_renders()] == [first.id, second.id]
    assert world.box.take_renders() == []
    news = world.news
    world.tell(Begun(), first)
    world.tell(Ended(), first)
    world.wait(4_000)  # the end is seen at the next tick, and the slot is free then

    world.look(first)
    assert [shot.job.id for shot in world.box.take_renders()] == [third.id]
    assert world.news > news


@pytest.mark.parametrize("how", ["cancel", "deleted", "reset", "close"])
def test_who_ends_a_job_ends_its_render(world: World, how: str) -> None:
    job = world.submit("batch", item_count=1).job
    generation, news = world.box.generation, world.news
    world.box.take_renders()
    world.tell(Begun(), job)

    if how in ("reset", "close"):
        getattr(world.box, how)()
    else:
        world.do(Happen(job.id, how))

    assert world.news > news
    assert not world.box.wants_render(job.id, generation)
    assert not world.box.hear_render(job.id, generation, Worked(1, 2))


@pytest.mark.parametrize(
    "move",
    [
        lambda box: box.advance(1000),
        lambda box: box.advance_to(box.clock.now_ms() + 1000),
        lambda box: box.set_clock(mode="manual"),
        lambda box: box.set_clock(speed=2.0),
        lambda box: box.walk().__enter__(),
        lambda box: box.clock_in_mode("warp").__enter__(),
    ],
)
def test_an_unfinished_live_job_keeps_its_sandbox_in_real_time(world: World, move: Callable[[Sandbox], Any]) -> None:
    job = world.submit("batch", item_count=1).job

    with pytest.raises(Conflict, match=f"1 live job is being rendered in real time .*{job.id}"):
        move(world.box)
    world.box.set_clock(mode="real", speed=1.0, hold=True)  # as it is
    world.tell(Failed(Failure("x")), job)
    move(world.box)


def test_what_is_not_rendered_plays_its_scenario_and_the_journal_says_why(world: World) -> None:
    world.submit("plain")
    world.box.set_clock(speed=2.0)
    world.submit("batch", item_count=1)
    world.box.set_clock(speed=1.0)
    world.do(Submit("batch", "batch", {}, item_count=1), key="key-2")

    why = [[mark for mark in said.marks if mark.startswith("live:")] for said in world.calls]

    assert why == [
        ["live: not rendered, for this operation has no live behaviour"],
        ["live: not rendered, for the clock of this sandbox is not the real one at speed 1"],
        [],
    ]


def test_a_chosen_scenario_is_played_and_not_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, scenario="happy")

    assert not world.submit("batch", item_count=1).job.plan.is_live
    assert world.calls[0].marks[-1].endswith("its scenario has no state that lasts `until: rendered`")


def test_a_live_job_that_has_ended_is_packed_and_comes_back_equal(world: World) -> None:
    job = world.submit("batch", item_count=2).job
    world.box.take_renders()
    world.tell(Begun(), job)
    world.tell(Made(0, measured(job), {"start": 1.5}), job)
    world.tell(Failed(Failure("out of memory")), job)
    packer = Packer()

    assert packer.unpack(job.id, packer.pack(job)) == job


def test_files_are_kept_until_they_expire_though_the_job_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    world.box = sandbox(
        "real", msgspec.structs.replace(LIVE, file_expiry=Expiry(60_000, "ended")), is_live=True, scenario=""
    )
    job = world.submit("film").job
    world.tell(Begun(), job)
    world.tell(Ended(), job)
    world.wait(50_000)
    is_kept = world.box.keeps_render(job.id, 1)
    world.wait(60_000)

    assert (is_kept, world.box.keeps_render(job.id, 1)) == (True, False)
    assert world.look(job).is_final


def test_elsewhere_the_same_scenario_lasts_as_long_as_it_says() -> None:
    box = sandbox("manual", LIVE, scenario="live")
    said = Call("x", "POST", {}, {}, {}, lambda path, host: path, account="key-1", switches=box.switches_for(STUDIO))
    job = box.handle(STUDIO, said, Submit("batch", "batch", {}, item_count=1)).job  # type: ignore[union-attr]

    assert [entry.at_ms - job.created_at_ms for entry in job.entries] == [0, 1_000, 5_500, 7_000]
