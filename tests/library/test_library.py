"""Which scenario a name means, and how the library follows the user's files."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from simulator.jobs.errors import Conflict, UnfitScenario, UnknownScenario
from simulator.jobs.scenario import Script
from simulator.library import BadScenarios, Library, check_paths, scenario_files
from simulator.library.terms import terms_of
from simulator.vendors.vendor import Webhook
from tests.acme import ACME

TERMS = {"acme": terms_of(ACME)}
FILM, PLAIN, BATCH = ACME.kind("film"), ACME.kind("plain"), ACME.kind("batch")
UNSIGNED = Webhook("told", lambda fields, details: "", lambda shot: True, lambda shot, call: {}, ("id",))
SIGNED = msgspec.structs.replace(UNSIGNED, signature_at="X-Signature")
DATED = msgspec.structs.replace(UNSIGNED, has_timestamp=True)
Write = Callable[..., Path]


def text(name: str, summary: str = "", **more: str) -> str:
    """Return a scenario in neutral words, or in Acme's where it says so."""
    states = "{drawing: {for: 5s, then: done}}" if "vendor" in more else "{running: {for: 5s, then: succeeded}}"
    head = {"scenario": name, **({"summary": summary} if summary else {}), **more}
    return "".join(f"{key}: {value}\n" for key, value in head.items()) + f"states: {states}\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what writes a file, each time a second later than the time before, whatever the clock says."""
    instant = 1_700_000_000

    def write(path: str, content: str) -> Path:
        nonlocal instant
        instant += 1
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        os.utime(file, (instant, instant))
        return file

    (tmp_path / "mine").mkdir()
    (tmp_path / "data/scenarios").mkdir(parents=True)
    return write


@pytest.fixture
def library(write: Write, tmp_path: Path) -> Library:
    """Return a library with an empty folder of the user and nothing shipped; both are there to be written to."""
    return Library([tmp_path / "mine"], data_folder=tmp_path / "data", terms=TERMS)


def summary(library: Library, name: str = "x", kind: str = "film") -> str:
    return library.script(name, ACME, ACME.kind(kind)).scenario.summary


def test_the_kind_beats_the_vendor_beats_neutral(library: Library, write: Write) -> None:
    write("data/scenarios/x.yaml", text("x", "neutral"))
    write("data/scenarios/acme/x.yaml", text("x", "vendor", vendor="acme"))
    write("data/scenarios/acme/film/x.yaml", text("x", "kind", vendor="acme", kind="film"))
    write("data/scenarios/acme/plain/y.yaml", text("y", "kind", vendor="acme", kind="plain"))

    assert summary(library) == "kind"
    assert summary(library, kind="plain") == "vendor"
    with pytest.raises(UnknownScenario):
        library.script("y", ACME, FILM)


def test_added_beats_folders_in_their_order_beats_shipped(write: Write, tmp_path: Path) -> None:
    write("data/scenarios/acme/film/x.yaml", text("x", "shipped", vendor="acme", kind="film"))
    write("mine/deep/down/x.yml", text("x", "mine"))
    write("yours/x.yaml", text("x", "yours"))
    write("yours/y.yaml", text("y", "yours"))

    library = Library([tmp_path / "mine", tmp_path / "yours"], data_folder=tmp_path / "data", terms=TERMS)

    assert (summary(library), summary(library, "y")) == ("mine", "yours")
    library.add(text("x", "added"))
    assert summary(library) == "added"
    library.add(text("x", "added again"))
    assert summary(library) == "added again"


def test_shipped_files_are_read_when_they_are_asked_for(library: Library, write: Write) -> None:
    write("data/scenarios/x.yaml", text("x"))
    write("data/scenarios/broken.yaml", "scenario: broken\n")

    assert library.script("x", ACME, FILM)
    with pytest.raises(BadScenarios, match=r"^scenarios/broken.yaml:1:1: the key 'states' is missing"):
        library.script("broken", ACME, FILM)


def test_a_script_is_shared_until_its_file_changes(library: Library, write: Write) -> None:
    write("mine/x.yaml", text("x", "old"))
    library.refresh()

    script = library.script("x", ACME, FILM)

    assert library.script("x", ACME, FILM) is script
    assert library.fork().script("x", ACME, FILM) is script
    assert library.script("x", ACME, PLAIN) is not script
    write("mine/x.yaml", text("x", "new"))
    assert library.refresh() == []
    assert library.script("x", ACME, FILM).scenario.summary == "new"
    assert script.scenario.summary == "old"


def test_a_bad_change_keeps_the_last_good_one_and_is_told_once(library: Library, write: Write) -> None:
    write("mine/x.yaml", text("x", "good"))
    library.refresh()

    file = write("mine/x.yaml", text("x", "bad").replace("succeeded", "suceeded"))
    told = [str(problem) for problem in library.refresh()]

    assert told == [
        f"{file}:3:35: states.running.then: 'suceeded' is no state here; "
        "legal: succeeded, failed, moderated, cancelled (did you mean 'succeeded'?)"
    ]
    assert summary(library) == "good"
    assert library.refresh() == []
    assert [str(problem) for problem in library.problems] == told
    write("mine/x.yaml", text("x", "mended"))
    assert library.refresh() == library.problems == []
    assert summary(library) == "mended"


def test_new_files_come_and_deleted_ones_go(library: Library, write: Write) -> None:
    file = write("mine/x.yaml", text("x"))
    hidden = write("mine/.git/y.yaml", "no scenario")

    assert library.refresh() == []
    assert library.names(ACME, FILM) == ["x"]
    file.rename(file.with_name("z.yaml"))
    [problem] = library.refresh()
    assert "the file is called 'z' and the scenario 'x'" in str(problem)
    assert library.names(ACME, FILM) == []
    assert hidden.exists()


def test_a_change_within_the_same_second_is_seen_by_the_size(library: Library, write: Write) -> None:
    file = write("mine/x.yaml", text("x", "old"))
    library.refresh()
    before = file.stat()

    file.write_text(text("x", "newer"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    library.refresh()

    assert summary(library) == "newer"


def test_of_two_files_with_the_same_name_the_first_counts(library: Library, write: Write) -> None:
    first = write("mine/a/x.yaml", text("x", "first"))
    second = write("mine/b/x.yaml", text("x", "second"))

    [problem] = library.refresh()

    assert str(problem) == f"{second}:1:1: scenario: there is a scenario 'x' for the same jobs already, in {first}"
    assert summary(library) == "first"
    first.unlink()
    assert library.refresh() == library.problems == []
    assert summary(library) == "second"


def test_the_users_folders_are_checked_whole_at_once(write: Write, tmp_path: Path) -> None:
    one = write("mine/one.yaml", "scenario: one\n")
    two = write("mine/two.yaml", text("two") + "sumary: x\n")

    with pytest.raises(BadScenarios) as caught:
        Library([tmp_path / "mine", tmp_path / "nowhere"], data_folder=tmp_path / "data", terms=TERMS)

    lines = caught.value.message.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [f"{tmp_path / 'nowhere'}:1:1", f"{one}:1:1", f"{two}:3:1"]


def test_a_folder_that_vanishes_takes_its_scenarios_along(library: Library, write: Write) -> None:
    file = write("mine/x.yaml", text("x"))
    library.refresh()

    file.unlink()
    file.parent.rmdir()

    assert library.refresh() == []
    assert library.names(ACME, FILM) == []


def test_an_unknown_name_is_answered_with_the_known_ones(library: Library, write: Write) -> None:
    write("data/scenarios/happy.yaml", text("happy"))
    write("mine/slow.yaml", text("slow"))
    library.refresh()

    with pytest.raises(UnknownScenario) as caught:
        library.script("hapy", ACME, FILM)

    assert caught.value.message == (
        "acme film: there is no scenario 'hapy'; there are: happy, slow (did you mean 'happy'?)"
    )


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("", ""),
        (
            "{running: {items: {fail: [0]}, then: succeeded}}",
            "it plays a batch, and a job of kind 'plain' has no items",
        ),
        ("expires: {job: {after: 1s}}", "it lets the job expire, and a job of kind 'plain' never does"),
        ("{running: {for: 1s, then: failed}}", ""),
    ],
)
def test_what_a_kind_lacks_is_why_it_cannot_play(library: Library, more: str, why: str) -> None:
    source = f"scenario: x\nstates: {more}\n" if more.startswith("{") else text("x") + more
    library.add(source)

    [about] = library.describe(ACME, PLAIN)

    assert about.unfit == (f"x: {why}" if why else "")
    assert library.names(ACME, PLAIN) == ([] if why else ["x"])
    if why:
        with pytest.raises(UnfitScenario, match=why):
            library.script("x", ACME, PLAIN)


@pytest.mark.parametrize(
    ("said", "webhook", "why"),
    [
        ("{retries: []}", None, "it is about webhooks, and a job of kind 'plain' sends none"),
        ("{truncated: true}", None, "it is about webhooks, and a job of kind 'plain' sends none"),
        ("{accepts: [201]}", UNSIGNED, ""),
        ("{truncated: true}", UNSIGNED, ""),
        ("{wrong_signature: true}", UNSIGNED, "it signs wrongly, and a webhook of kind 'plain' is not signed"),
        ("{wrong_signature: true}", SIGNED, ""),
        ("{stale_timestamp: 10m}", SIGNED, "it dates back, and a webhook of kind 'plain' has no timestamp"),
        ("{stale_timestamp: 10m}", DATED, ""),
    ],
)
def test_what_a_kinds_webhook_lacks_is_why_it_cannot_play(
    library: Library, said: str, webhook: Webhook | None, why: str
) -> None:
    kind = msgspec.structs.replace(PLAIN, webhook=webhook)
    library.add(text("x") + f"webhook: {said}\n")

    [about] = library.describe(ACME, kind)

    assert about.unfit == (f"x: {why}" if why else "")
    assert library.names(ACME, kind) == ([] if why else ["x"])
    if why:
        with pytest.raises(UnfitScenario, match=why):
            library.script("x", ACME, kind)


def test_a_scenario_that_is_like_another_takes_its_course_as_each_kind_has_it(library: Library) -> None:
    library.add("scenario: base\nstates: {running: {for: 1s, then: succeeded}}\nresult: {count: 2}\n")
    library.add("scenario: mine\nlike: base\nsummary: Mine.\nhold: true\n")

    base, mine = library.script("base", ACME, FILM), library.script("mine", ACME, FILM)

    assert mine.states == base.states
    assert (mine.scenario.name, mine.scenario.summary, mine.scenario.hold) == ("mine", "Mine.", True)
    assert mine.scenario.result.count == 2
    assert library.script("mine", ACME, FILM) is mine


def test_a_scenario_that_is_like_another_follows_its_changes(library: Library) -> None:
    library.add("scenario: base\nstates: {running: {for: 1s, then: succeeded}}\n")
    library.add("scenario: mine\nlike: base\n")
    before = library.script("mine", ACME, FILM)

    library.add("scenario: base\nstates: {running: {for: 9s, then: succeeded}}\n")

    assert library.script("mine", ACME, FILM).states != before.states


@pytest.mark.parametrize(
    ("like", "why"),
    [("nobody", "there is no scenario of that name here"), ("other", "which is like 'happy'; name that one")],
)
def test_a_scenario_like_none_or_like_a_like_one_is_unfit(library: Library, like: str, why: str) -> None:
    library.add("scenario: other\nlike: happy\n")
    library.add(f"scenario: mine\nlike: {like}\n")

    with pytest.raises(UnfitScenario, match=why):
        library.script("mine", ACME, FILM)


def test_moderation_becomes_a_failure_where_there_is_none(library: Library) -> None:
    library.add("scenario: x\nstates: {running: {for: 1s, then: moderated}, moderated: {error: no}}\n")

    script: Script = library.script("x", ACME, FILM)

    assert [state.word for state in script.states[:3]] == ["drawing", "inking", "error"]


def test_data_may_be_added_in_place_of_a_text(library: Library) -> None:
    states = {"running": {"for": "5s", "then": "succeeded", "on": {"cancel": "failed"}}}

    about = library.add({"scenario": "x", "states": states})

    assert (about.name, about.origin, about.file) == ("x", "added", "added")
    assert library.script("x", ACME, FILM)
    shown, source = library.show("x", ACME, FILM)
    assert shown == about
    assert library.check(source) == []
    assert [str(found) for found in library.check({"scenario": "x"})] == [
        "added: the key 'states' is missing: it says what the job goes through"
    ]
    with pytest.raises(BadScenarios, match="'Y' is no name"):
        library.add({"scenario": "Y", "states": states})


def test_what_is_checked_is_not_added(library: Library) -> None:
    assert library.check(text("x"), "x.yaml") == []
    assert [str(found) for found in library.check("scenario: x", "x.yaml")] == [
        "x.yaml:1:1: the key 'states' is missing: it says what the job goes through"
    ]
    assert library.names(ACME, FILM) == []


def test_each_fork_is_told_of_a_bad_change_once_for_each_version(library: Library, write: Write) -> None:
    good, bad = text("x"), text("x").replace("succeeded", "suceeded")
    write("mine/x.yaml", good)
    one, other = library.fork(), library.fork()
    one.refresh()

    write("mine/x.yaml", bad)
    first = [len(fork.refresh()) for fork in (one, one, other, other)]
    write("mine/y.yaml", text("y"))
    unchanged = [len(fork.refresh()) for fork in (one, other)]
    write("mine/x.yaml", good)
    mended = [len(fork.refresh()) for fork in (one, other)]
    write("mine/x.yaml", bad)
    again = [len(fork.refresh()) for fork in (one, other, library.fork())]

    assert (first, unchanged, mended, again) == ([1, 0, 1, 0], [0, 0], [0, 0], [1, 1, 1])


def test_an_unknown_name_is_not_answered_with_what_this_kind_cannot_play(library: Library) -> None:
    library.add(text("fit"))
    library.add("scenario: batched\nstates: {running: {items: {fail: [0]}, then: succeeded}}\n")

    with pytest.raises(UnknownScenario) as caught:
        library.script("batche", ACME, PLAIN)

    assert caught.value.message == "acme plain: there is no scenario 'batche'; there are: fit"
    assert library.knows("batched", ACME, PLAIN)
    assert not library.knows("batche", ACME, PLAIN)


def test_forks_do_not_see_what_is_added_to_one_another(library: Library, write: Write) -> None:
    library.add(text("base"))
    one, other = library.fork(), library.fork()
    one.add(text("one"))

    write("mine/shared.yaml", text("shared"))
    assert one.refresh() == []

    assert one.names(ACME, FILM) == ["one", "shared"]
    assert other.names(ACME, FILM) == ["shared"]
    assert library.names(ACME, FILM) == ["base", "shared"]


def test_everything_can_be_listed(library: Library, write: Write) -> None:
    write("data/scenarios/x.yaml", text("x", "neutral"))
    write("data/scenarios/acme/film/x.yaml", text("x", "for films", vendor="acme", kind="film"))
    write("mine/x.yaml", text("x", "mine"))
    library.refresh()

    listed = [
        (about.name, about.vendor, about.kind, about.summary, about.origin) for about, _ in library.describe_all()
    ]

    assert listed == [("x", None, None, "mine", "folder"), ("x", "acme", "film", "for films", "shipped")]
    [about] = library.describe(ACME, FILM)
    assert about.summary == "mine"


RULES = [
    ("{operation: film}", True),
    ("{operation: fil?}", True),
    ("{operation: /^(film|plain)$/}", True),
    ("{operation: plain}", False),
    ("{fields: {title: '*cat*'}}", True),
    ("{fields: {title: cat}}", False),
    ("{fields: {title: /cat/}}", True),
    ("{fields: {title: /^cat/}}", False),
    ("{fields: {absent: '*'}}", False),
    ("{fields: {style.name: noir}}", True),
    ("{fields: {style.name.deeper: '*'}}", False),
    ("{fields: {pages: 7}}", True),
    ("{fields: {colour: true}}", True),
    ("{fields: {tags: b*}}", True),
    ("{fields: {tags: c*}}", False),
    ("{fields: {nothing: '*'}}", False),
    ("{headers: {x-team: BLUE}}", True),
    ("{headers: {X-TEAM: blue}}", False),
    ("{headers: {X-Other: '*'}}", False),
    ("{operation: film, fields: {pages: 7}, headers: {x-team: '*'}}", True),
    ("{operation: film, fields: {pages: 8}}", False),
    ("{fields: {pages: 8}}, {fields: {pages: 7}}", True),
]


@pytest.mark.parametrize(("rules", "claims"), RULES)
def test_rules_claim_requests(library: Library, rules: str, claims: bool) -> None:
    library.add(text("x", vendor="acme") + f"when: [{rules}]")
    fields = {
        "title": "A cat film",
        "style": {"name": "noir"},
        "pages": 7,
        "colour": True,
        "tags": ["a", "bb"],
        "nothing": None,
    }

    claimed = library.claims(ACME, FILM, "film", fields, {"X-Team": "BLUE"})

    assert claimed == ("x" if claims else None)


def test_the_first_rule_in_the_order_of_precedence_claims(library: Library, write: Write) -> None:
    rule = "when: [{operation: film}]\n"
    write("data/scenarios/shipped.yaml", text("shipped") + rule)
    write("mine/a.yaml", text("a") + rule)
    write("mine/b.yaml", text("b", vendor="acme") + rule)
    write("mine/c.yaml", text("c", vendor="acme", kind="plain") + rule)
    library.refresh()

    assert library.claims(ACME, FILM, "film", {}, {}) == "b"
    library.add(text("b"))  # has no rule, and hides the one that has
    assert library.claims(ACME, FILM, "film", {}, {}) == "a"
    library.add(text("z") + rule)
    assert library.claims(ACME, FILM, "film", {}, {}) == "z"
    assert library.claims(ACME, FILM, "other", {}, {}) is None


def test_a_rule_that_might_take_for_ever_is_refused_where_it_stands(library: Library) -> None:
    [problem] = library.check(text("x") + "when: [{fields: {title: /(a+)+$/}}]", "x.yaml")

    assert str(problem).startswith("x.yaml:3:25: when[0].fields.title: '/(a+)+$/' may take for ever")


def test_a_long_text_is_looked_at_only_so_far(library: Library) -> None:
    library.add(text("x") + "when: [{fields: {title: /(a|b)*c$/}}]")

    assert library.claims(ACME, FILM, "film", {"title": "a" * 10_000_000 + "c"}, {}) is None


def test_paths_can_be_checked_without_a_library(write: Write, tmp_path: Path) -> None:
    good, bad = write("mine/good.yaml", text("good")), write("mine/sub/bad.yaml", "scenario: bad\n")
    odd = write("odd.txt", "scenario: odd\n")

    assert check_paths([good], TERMS) == []
    assert [str(found).partition(": ")[0] for found in check_paths([tmp_path / "mine", odd], TERMS)] == [
        f"{bad}:1:1",
        f"{odd}:1:1",
    ]
    assert [str(found) for found in check_paths([tmp_path / "data", tmp_path / "none"], TERMS)] == [
        f"{tmp_path / 'data'}:1:1: there is no scenario in this folder: no file ends in .yaml",
        f"{tmp_path / 'none'}:1:1: there is no such file or folder",
    ]
    assert scenario_files(tmp_path / "mine") == [good, bad]


def test_a_file_that_cannot_be_read_is_a_problem(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write("mine/x.yaml", text("x"))
    file.unlink()
    file.mkdir()  # a folder with the name of a scenario is just a folder
    assert library.refresh() == []

    (file / "loop.yaml").symlink_to(file / "loop.yaml")

    assert library.refresh() == []
    assert library.names(ACME, FILM) == []


def test_what_is_added_is_bounded(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.library.shelves.MOST_ADDED", 2)
    library.add(text("a"))
    library.add(text("b"))

    library.add(text("b", "once more"))
    with pytest.raises(Conflict, match="2 scenarios have been added already"):
        library.add(text("c"))
    assert library.fork().add(text("c"))
