"""Result files: whatever is accepted has one that can be made, at an address that the contract knows."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contract.document import Document
from simulator.jobs.chance import Draws
from simulator.jobs.errors import UnfitScenario
from simulator.jobs.files import Output, imagine_input
from simulator.jobs.scenario import Result, Shape
from simulator.media.synthetic import make
from simulator.vendors.a2e import VENDOR
from simulator.vendors.vendor import Draft
from tests.vendors.a2e.house import CLIP, FACE, PICTURE, TASK_AT_MS, TASK_ID

URLS = st.one_of(
    st.text(max_size=120).map(lambda text: f"https://example.com/{text}"),
    st.from_regex(r"[a-z.]{0,8}\.(mp4|MOV|webm|gif|png|JPEG|webp|jpg|txt)(\?(width|height|duration|frames|bytes)=[0-9]{1,9})?", fullmatch=True).map(
        lambda name: f"https://example.com/{name}"
    ),
)  # fmt: skip


def planned(of: str, face: str, target: str, ended_at_ms: int | None = TASK_AT_MS, **shape: Any) -> Output:
    """Return the output planned for two URLs and what a scenario says of it."""
    inputs = imagine_input("face_url", face, "image"), imagine_input("video_url", target, "")
    result = Result(Shape(**shape)) if shape else Result()
    draft = Draft("", "sk_1", Draws("seed"), TASK_AT_MS, {}, inputs, {}, result, 0, {}, ended_at_ms)
    [output] = VENDOR.kind(of).outputs(draft, TASK_ID)
    return output


@pytest.mark.fact(
    "a2e.preview.result", "a2e.task.result", "a2e.task.stem", "a2e.preview.result-url", "a2e.task.result-url"
)
@settings(deadline=None)  # the first example reads the contract
@given(st.sampled_from(["preview", "task"]), URLS, URLS)
def test_whatever_is_accepted_has_a_result_at_an_address_of_the_vendors(kind: str, face: str, target: str) -> None:
    output = planned(kind, face, target)

    schema = {"preview": "PreviewUrl", "task": "TaskUrl"}[kind]
    assert output.size_bytes > 0
    assert validator(schema).is_valid(f"https://cdn.example/a2e/{output.path}"), output.path


@cache
def validator(schema: str) -> Any:
    """Return what judges by a schema of the contract."""
    file = Path(__file__).parents[3] / "openapi/a2e.yaml"
    document = Document("a2e", yaml.safe_load(file.read_text()))
    return document.compile(document.reference(document.root.below("components", "schemas", schema)))


@pytest.mark.parametrize(
    "target",
    [PICTURE, f"{CLIP}?duration=1&width=64&height=48", "https://example.com/dance.gif?duration=1&width=64&height=48"],
)
@pytest.mark.parametrize("kind", ["preview", "task"])
def test_a_result_is_made_as_planned(kind: str, target: str) -> None:
    output = planned(kind, FACE, target)

    assert len(make(output).read()) == output.size_bytes


def test_a_job_without_an_end_is_named_after_its_creation() -> None:
    assert re.search(rf"_{TASK_AT_MS}\.", planned("preview", FACE, PICTURE, None).path)
    assert re.search(rf"_{TASK_AT_MS}\.", planned("task", FACE, PICTURE, None).path)


def test_a_shape_of_the_other_kind_says_nothing() -> None:
    assert planned("task", FACE, CLIP, kind="image", width_px=64) == planned("task", FACE, CLIP)
    assert planned("preview", FACE, CLIP, kind="image", width_px=64).width_px == 64


@pytest.mark.parametrize(("target", "shape"), [
    (PICTURE, {"kind": "image", "format": "mp4"}),
    (PICTURE, {"kind": "image", "format": "tiff"}),
    (CLIP, {"kind": "video", "format": "webm"}),
    (CLIP, {"kind": "video", "size_bytes": 10}),
])  # fmt: skip
def test_a_scenario_cannot_ask_for_what_the_vendor_does_not_make(target: str, shape: dict[str, Any]) -> None:
    with pytest.raises(UnfitScenario):
        planned("task", FACE, target, **shape)
