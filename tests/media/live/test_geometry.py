import cmath

import pytest
import torch

from simulator.media.live.geometry import (
    MODEL,
    MOST_ODD,
    as_complex,
    carry,
    face_mask,
    fit,
    grid_of,
    head_mask,
    oddness,
)


def placed(turn: complex, shift: complex) -> torch.Tensor:
    there = as_complex(MODEL) * turn + shift
    return torch.view_as_real(there)[None]


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.6, -3.0])
def test_a_moved_turned_and_scaled_model_is_fitted_exactly(angle: float) -> None:
    turn, shift = cmath.rect(57.0, angle), 120 + 88j

    pose = fit(placed(turn, shift))

    assert pose.turn.item() == pytest.approx(turn, abs=1e-3)
    assert pose.shift.item() == pytest.approx(shift, abs=1e-3)
    assert pose.eyes_px.item() == pytest.approx(57.0, abs=1e-3)


def test_places_go_to_the_picture_and_back() -> None:
    pose = fit(placed(40 + 9j, 10 - 3j))
    places = grid_of(torch.linspace(-1, 1, 5), torch.linspace(-1, 2, 7))[None]

    assert torch.allclose(pose.unplace(pose.place(places)), places, atol=1e-5)


def test_the_model_is_not_odd_and_a_face_in_profile_or_mixed_up_is() -> None:
    front = placed(50 + 5j, 0j)
    profile = front.clone()
    profile[0, 2] += torch.tensor([45.0, 0.0])  # the nose is beside an eye
    mixed_up = front[:, [2, 0, 4, 1, 3]]

    assert oddness(front).item() < 1e-5
    assert oddness(profile).item() > MOST_ODD
    assert oddness(mixed_up).item() > MOST_ODD


def test_bending_brings_points_where_they_are_to_go_and_leaves_what_is_far() -> None:
    here = as_complex(MODEL)[None]
    there = here + torch.tensor([[0.05 + 0.02j, -0.03j, 0.06, -0.04 + 0.05j, 0.01 - 0.06j]])

    assert torch.allclose(carry(here, here, there), there, atol=1e-4)
    far = torch.tensor([[5 + 5j, -4 - 3j]])
    assert torch.allclose(carry(far, here, there), far, atol=1e-4)


def test_masks_are_one_in_the_middle_and_exactly_zero_outside() -> None:
    places = grid_of(torch.linspace(-3, 3, 61), torch.linspace(-3, 3, 61))

    for mask in (face_mask(places), head_mask(places)):
        assert mask.max() == 1
        assert bool((mask[places.abs() > 2.6] == 0).all())
    assert bool((face_mask(places) <= head_mask(places) + 1e-6)[places.imag < 1.4].all())
