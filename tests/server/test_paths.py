"""The tree of paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.jobs.errors import SimulatorError
from simulator.server.paths import Paths, clean, split

SEGMENTS = st.sampled_from(["a", "b", "{x}", "{y}", ""])
TEMPLATES = st.lists(SEGMENTS, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
PATHS = st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


def fits(template: str, path: str) -> bool:
    words, parts = template.split("/"), path.split("/")
    return len(words) == len(parts) and all(
        word == part or (word.startswith("{") and part != "") for word, part in zip(words, parts, strict=True)
    )


@given(st.lists(st.tuples(st.sampled_from(["GET", "POST"]), TEMPLATES), max_size=6), PATHS)
def test_a_path_finds_just_the_methods_of_the_templates_that_fit(routes: list[tuple[str, str]], path: str) -> None:
    found = Paths((method, template, template) for method, template in routes).find(split(path))

    assert set(found or {}) == {method for method, template in routes if fits(template, path)}
    for leaf in (found or {}).values():
        assert fits(leaf.target, path)
        assert "" not in leaf.values(split(path)).values()


def test_a_word_beats_a_hole() -> None:
    paths = Paths([("GET", "/{a}/x", 1), ("GET", "/jobs/{b}", 2), ("GET", "/jobs/x", 3)])

    assert [paths.find(split(path))["GET"].target for path in ("/1/x", "/jobs/1", "/jobs/x")] == [1, 2, 3]  # type: ignore[index]


def test_a_hole_beside_other_letters_is_refused_at_load() -> None:
    with pytest.raises(SimulatorError, match="whole segment"):
        Paths([("GET", "/{id}.mp4", 1)])


def test_parts_are_decoded_after_they_are_parted() -> None:
    assert split("/a%2Fb/%C3%A4") == ["", "a/b", "ä"]
    assert split("/%ff\udcff") == ["", "��"]
    assert clean("\udcc3\udca4") == "ä"
