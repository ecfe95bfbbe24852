from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from simulator.media.live.casting import find_faces
from simulator.media.live.faces import Face
from simulator.media.live.failures import RenderFailure
from simulator.media.live.geometry import as_complex, face_mask, fit, grid_of, head_mask
from simulator.media.live.orders import NO_LIMITS_GIVEN, Limits, Made, Pairing, Progress, SwapOrder
from simulator.media.live.render import render
from simulator.media.live.workshop import Workshop
from tests.media.live.scenes import Rgb, write_png


def swapped(
    workshop: Workshop,
    into: Path,
    target: Path,
    *pairings: Pairing,
    kind: str = "face",
    limits: Limits = NO_LIMITS_GIVEN,
    **more: object,
) -> Made:
    order = SwapOrder("job-1", str(target), pairings, str(into), kind=kind, is_marked=False, limits=limits, **more)
    *before, made = render(order, workshop)
    assert isinstance(made, Made)
    assert all(isinstance(news, Progress) for news in before)
    return made


def pixels(made: Made) -> Rgb:
    return np.array(Image.open(made.file.path).convert("RGB"))


def seen_in_face_space(rgb: Rgb, face: Face) -> torch.Tensor:
    """The face as 48 by 64 pixels RGB, upright and of one size."""
    places = grid_of(torch.linspace(-0.75, 0.75, 48), torch.linspace(-0.3, 1.5, 64))[None]
    there = fit(face.points[None]).place(places)
    x, y = (part[0].long().clamp(0) for part in (there.real, there.imag))
    return torch.from_numpy(rgb)[y, x].float()


def likeness(one: torch.Tensor, other: torch.Tensor) -> float:
    """The correlation of two faces' brightness, which light and skin do not change."""
    flat = [(face.mean(2) - face.mean()).flatten() for face in (one, other)]
    return float(torch.nn.functional.cosine_similarity(*flat, dim=0))


def apart(one: Face, other: Face) -> float:
    """How far two faces' proportions are apart: of their points, once both are upright and of one size."""
    shapes = [fit(face.points[None]).unplace(as_complex(face.points[None])) for face in (one, other)]
    return float((shapes[0] - shapes[1]).abs().mean())


@pytest.mark.parametrize(("target", "source"), [("collins", "hopper"), ("hopper", "collins")])
def test_the_swapped_face_is_found_in_the_same_place_and_looks_like_the_source(
    workshop: Workshop, photos: Path, tmp_path: Path, request: pytest.FixtureRequest, target: str, source: str
) -> None:
    before, giver = request.getfixturevalue(target), request.getfixturevalue(source)

    made = swapped(workshop, tmp_path, photos / f"{target}.png", Pairing(str(photos / f"{source}.png")))

    after = pixels(made)
    [old], [new], [wanted] = (find_faces(rgb, workshop) for rgb in (before, after, giver))
    assert float((old.points - new.points).norm(dim=1).mean()) / old.eyes_px < 0.08

    # Its proportions and its looks have moved toward the source's, its colours have not.
    assert apart(new, wanted) < 0.8 * apart(old, wanted)
    old_look, new_look, wanted_look = (
        seen_in_face_space(rgb, face) for rgb, face in ((before, old), (after, old), (giver, wanted))
    )
    assert likeness(old_look, wanted_look) < 0.45
    assert likeness(new_look, wanted_look) > 0.65
    assert likeness(new_look, wanted_look) > likeness(new_look, old_look) + 0.1
    old_skin, new_skin, wanted_skin = (look.mean((0, 1)) for look in (old_look, new_look, wanted_look))
    assert float((new_skin - old_skin).norm()) < 0.5 * float((new_skin - wanted_skin).norm())


@pytest.mark.parametrize(("kind", "mask"), [("face", face_mask), ("head", head_mask)])
def test_outside_the_mask_nothing_changes_by_a_single_bit(
    workshop: Workshop, photos: Path, tmp_path: Path, collins: Rgb, kind: str, mask: object
) -> None:
    made = swapped(workshop, tmp_path, photos / "collins.png", Pairing(str(photos / "hopper.png")), kind=kind)

    [face] = find_faces(collins, workshop)
    rows, columns = (torch.arange(side) + 0.5 for side in collins.shape[:2])
    inside = mask(fit(face.points[None]).unplace(grid_of(columns, rows)[None]))
    grown = torch.nn.functional.max_pool2d(inside[None], 13, 1, 6)[0, 0].numpy() > 0
    changed = (pixels(made) != collins).any(2)
    assert not changed[~grown].any()
    assert changed[inside[0].numpy() > 0.5].mean() > 0.9


def test_two_people_are_swapped_each_by_their_own_pairing(
    workshop: Workshop, photos: Path, tmp_path: Path, collins: Rgb, hopper: Rgb
) -> None:
    target = photos / "both.png"  # Hopper, the larger, is face 0

    made = swapped(
        workshop,
        tmp_path,
        target,
        Pairing(str(photos / "collins.png"), target_face=0),
        Pairing(str(photos / "hopper.png"), target_face=1),
    )

    assert made.about == {"faces": 2, "swapped": 2}
    faces = find_faces(pixels(made), workshop)
    givers = [(collins, find_faces(collins, workshop)[0]), (hopper, find_faces(hopper, workshop)[0])]
    looks = [seen_in_face_space(pixels(made), face) for face in faces]
    for look, mine, others in zip(looks, givers, reversed(givers), strict=True):
        assert likeness(look, seen_in_face_space(*mine)) > likeness(look, seen_in_face_space(*others)) + 0.1


def test_only_the_face_that_is_named_is_swapped(workshop: Workshop, photos: Path, tmp_path: Path, hopper: Rgb) -> None:
    by_number = swapped(workshop, tmp_path, photos / "both.png", Pairing(str(photos / "hopper.png"), target_face=1))
    picture = pixels(by_number)
    by_points = swapped(
        workshop, tmp_path, photos / "both.png", Pairing(str(photos / "hopper.png"), target_points=((730.0, 110.0),))
    )

    assert by_number.about["swapped"] == by_points.about["swapped"] == 1
    assert np.array_equal(pixels(by_points), picture)
    assert np.array_equal(picture[:, :512], hopper[:512])


def test_without_a_name_everybody_is_swapped(workshop: Workshop, photos: Path, tmp_path: Path) -> None:
    made = swapped(workshop, tmp_path, photos / "both.png", Pairing(str(photos / "hopper.png")))

    assert made.about == {"faces": 2, "swapped": 2}


def test_a_source_with_two_faces_gives_the_one_that_is_chosen(
    workshop: Workshop, photos: Path, tmp_path: Path, collins: Rgb
) -> None:
    both = str(photos / "both.png")
    target = photos / "hopper.png"

    of_one = pixels(swapped(workshop, tmp_path, target, Pairing(str(photos / "collins.png"))))
    second = pixels(swapped(workshop, tmp_path, target, Pairing(both, source_face=1)))
    pointed = pixels(swapped(workshop, tmp_path, target, Pairing(both, source_points=((730.0, 110.0),))))
    first = pixels(swapped(workshop, tmp_path, target, Pairing(both)))

    assert np.array_equal(second, pointed)
    assert np.abs(second.astype(int) - of_one).mean() < 1
    assert np.abs(first.astype(int) - of_one).mean() > 1


def test_a_picture_on_its_side_is_swapped_as_it_lies(
    workshop: Workshop, photos: Path, tmp_path: Path, collins: Rgb
) -> None:
    write_png(tmp_path / "lying.png", np.rot90(collins))

    lying = pixels(swapped(workshop, tmp_path, tmp_path / "lying.png", Pairing(str(photos / "hopper.png"))))

    upright = pixels(swapped(workshop, tmp_path, photos / "collins.png", Pairing(str(photos / "hopper.png"))))
    turned_back = np.rot90(lying, -1).astype(int)
    assert np.abs(turned_back - collins).mean() > 0.4
    assert np.abs(turned_back - upright).mean() < 0.1


def test_a_face_at_the_edge_is_swapped_as_far_as_it_is_there(
    workshop: Workshop, photos: Path, tmp_path: Path, hopper: Rgb
) -> None:
    write_png(tmp_path / "edge.png", hopper[140:400, 160:400])

    made = swapped(workshop, tmp_path, tmp_path / "edge.png", Pairing(str(photos / "collins.png")))

    assert made.about["swapped"] == 1
    assert (made.file.width_px, made.file.height_px) == (240, 260)


@pytest.mark.parametrize(
    ("target", "source", "reason"),
    [
        ("collins.png", "nobody.png", "no_face_in_source"),
        ("nobody.png", "collins.png", "no_face_in_target"),
        ("collins.png", "missing.png", "unreadable_source"),
        ("missing.png", "collins.png", "undecodable"),
    ],
)
def test_what_cannot_be_done_fails_for_its_reason(
    workshop: Workshop, photos: Path, tmp_path: Path, target: str, source: str, reason: str
) -> None:
    with pytest.raises(RenderFailure) as failure:
        swapped(workshop, tmp_path, photos / target, Pairing(str(photos / source)))

    assert failure.value.reason == reason
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pairing", "limits", "reason"),
    [
        ({"source_face": 4}, Limits(), "no_face_in_source"),
        ({"target_face": 4}, Limits(), "no_such_face"),
        ({}, Limits(most_faces=1), "too_many_faces"),
        ({}, Limits(most_px=1000), "too_large"),
    ],
)
def test_what_is_asked_beyond_what_is_there_fails_for_its_reason(
    workshop: Workshop, photos: Path, tmp_path: Path, pairing: dict[str, int], limits: Limits, reason: str
) -> None:
    with pytest.raises(RenderFailure) as failure:
        swapped(workshop, tmp_path, photos / "both.png", Pairing(str(photos / "collins.png"), **pairing), limits=limits)

    assert failure.value.reason == reason


def test_the_same_order_gives_the_same_bytes(workshop: Workshop, photos: Path, tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = swapped(workshop, tmp_path / name, photos / "collins.png", Pairing(str(photos / "hopper.png")))
        files.append(Path(made.file.path).read_bytes())

    assert files[0] == files[1]


def test_the_type_of_the_picture_is_the_targets_or_the_one_asked_for(
    workshop: Workshop, photos: Path, tmp_path: Path, collins: Rgb
) -> None:
    Image.fromarray(collins).save(tmp_path / "target.jpg", quality=95)

    same = swapped(workshop, tmp_path, tmp_path / "target.jpg", Pairing(str(photos / "hopper.png")))
    asked = swapped(
        workshop, tmp_path, tmp_path / "target.jpg", Pairing(str(photos / "hopper.png")), media_type="image/webp"
    )

    assert (same.file.media_type, Path(same.file.path).name) == ("image/jpeg", "result.jpg")
    assert (asked.file.media_type, Path(asked.file.path).name) == ("image/webp", "result.webp")
