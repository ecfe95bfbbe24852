from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from simulator.media.live.casting import find_faces
from simulator.media.live.failures import RenderFailure
from simulator.media.live.geometry import fit
from simulator.media.live.mattes import matte
from simulator.media.live.orders import Made, PortraitOrder
from simulator.media.live.portraits import HEADSHOT_PX
from simulator.media.live.render import render
from simulator.media.live.workshop import Workshop
from tests.media.live.scenes import Rgb, write_png


def portrait(workshop: Workshop, picture: Path, into: Path, kind: str, text: str = "a beach") -> tuple[Made, Rgb]:
    order = PortraitOrder("job-1", str(picture), str(into), kind=kind, text=text, is_marked=False)
    *_, made = render(order, workshop)
    assert isinstance(made, Made)
    return made, np.array(Image.open(made.file.path))


def test_a_headshot_has_the_face_upright_in_the_middle_before_a_background(
    workshop: Workshop, tmp_path: Path, hopper: Rgb
) -> None:
    write_png(tmp_path / "tilted.png", np.array(Image.fromarray(hopper).rotate(15, fillcolor=(90, 90, 90))))

    _, made = portrait(workshop, tmp_path / "tilted.png", tmp_path, "headshot")

    assert made.shape[:2] == HEADSHOT_PX
    [face] = find_faces(made, workshop)
    assert face.middle[0] == pytest.approx(HEADSHOT_PX[1] / 2, abs=0.06 * HEADSHOT_PX[1])
    assert float(fit(face.points[None]).turn.angle()) == pytest.approx(0, abs=0.05)
    assert made[:60, :60].std(axis=(0, 1)).max() < 8  # a smooth background


def test_a_background_is_changed_around_the_person_who_stays(
    workshop: Workshop, photos: Path, tmp_path: Path, hopper: Rgb
) -> None:
    _, made = portrait(workshop, photos / "hopper.png", tmp_path, "background")

    assert made.shape == hopper.shape
    assert np.array_equal(made[180:300, 220:310], hopper[180:300, 220:310])
    assert (np.abs(made[:100, 400:].astype(int) - hopper[:100, 400:]).max(axis=2) > 10).mean() > 0.9


def test_another_text_gives_another_background_and_the_same_text_the_same(
    workshop: Workshop, photos: Path, tmp_path: Path
) -> None:
    beach, again, office = (
        portrait(workshop, photos / "collins.png", tmp_path, "background", text)[1]
        for text in ("a beach", "a beach", "an office")
    )

    assert np.array_equal(beach, again)
    assert not np.array_equal(beach[0, 0], office[0, 0])


def test_a_picture_of_nobody_fails(workshop: Workshop, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RenderFailure) as failure:
        portrait(workshop, photos / "nobody.png", tmp_path, "headshot")

    assert failure.value.reason == "no_face_in_source"


def test_a_matte_follows_the_colours_from_where_the_person_is_bound_to_be() -> None:
    rgb = torch.full((1, 3, 90, 120), 60.0)
    rgb[:, :, 20:70, 30:90] = torch.tensor([200.0, 120.0, 90.0]).view(3, 1, 1)
    rgb += torch.rand(rgb.shape, generator=torch.Generator().manual_seed(1)) * 8
    prior = torch.full((1, 1, 90, 120), -1.0)
    prior[..., 10:80, 20:100] = 0
    prior[..., 35:55, 50:70] = 1

    person = matte(rgb, prior)[0, 0]

    assert float(person[25:65, 35:85].mean()) > 0.97
    assert float(person[:12].mean()) < 0.02
    assert float(person[12:17, 22:98].mean()) < 0.1  # the prior does not know; the colours do
