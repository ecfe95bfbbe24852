import numpy as np
import pytest
import torch

from simulator.media.live.planes import PICTURE, Colour, Squares, as_bytes, cut, planes_of, put, split

RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)


def one(colour: tuple[int, int, int]) -> torch.Tensor:
    return torch.tensor(colour, dtype=torch.float32).view(1, 3, 1, 1).expand(1, 3, 4, 4)


@pytest.mark.parametrize(
    ("colour", "rgb", "expected"),
    [
        (Colour("bt601"), RED, (81, 90, 240)),  # the values that every table of video levels gives
        (Colour("bt709"), RED, (63, 102, 240)),
        (Colour("bt2020"), RED, (74, 97, 240)),
        (Colour("bt601", is_full=True), RED, (76, 85, 256)),
        (Colour("bt709"), WHITE, (235, 128, 128)),
        (Colour("bt709"), BLACK, (16, 128, 128)),
        (Colour("bt709", is_full=True), WHITE, (255, 128, 128)),
    ],
)
def test_colours_have_the_levels_of_their_standard(
    colour: Colour, rgb: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    planes = planes_of(one(rgb), colour)

    found = planes.luma[0, 0, 0, 0].item(), *planes.colours[0, :, 0, 0].tolist()
    assert [round(value) for value in found] == list(expected)


@pytest.mark.parametrize("colour", [PICTURE, Colour("bt601"), Colour("bt709"), Colour("bt2020")])
def test_planes_lead_back_to_the_same_colours(colour: Colour) -> None:
    rgb = torch.tensor([10.0, 140.0, 210.0]).view(1, 3, 1, 1).expand(1, 3, 6, 8)

    assert torch.allclose(planes_of(rgb, colour).rgb(colour), rgb, atol=0.01)


def frames() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (3, 48 * 3 // 2, 64), dtype=np.uint8)


@pytest.mark.parametrize("middle", [(32.0, 24.0), (2.0, 3.0), (63.0, 47.0), (-40.0, 24.0)])
def test_what_is_cut_out_and_put_back_changes_nothing(middle: tuple[float, float]) -> None:
    before = frames()
    after = before.copy()
    squares, at = Squares.around(torch.tensor([middle, middle]), 30), np.array([0, 2])

    put(after, at, squares, *cut(after, at, squares))

    assert squares.side_px == 32
    assert np.array_equal(after, before)


def test_only_the_square_in_its_frame_is_written() -> None:
    before = frames()
    after = before.copy()
    squares, at = Squares.around(torch.tensor([[20.0, 20.0]]), 16), np.array([1])
    luma, colours = cut(after, at, squares)

    put(after, at, squares, 255 - luma, 255 - colours)

    (x, y), side = squares.origins[0], squares.side_px
    old, new = split(before)[0], split(after)[0]
    assert np.array_equal(new[1, y : y + side, x : x + side], 255 - old[1, y : y + side, x : x + side])
    new[1, y : y + side, x : x + side] = old[1, y : y + side, x : x + side]
    assert np.array_equal(new, old)
    assert np.array_equal(after[[0, 2]], before[[0, 2]])


def test_bytes_are_rounded_and_held_within_their_range() -> None:
    assert as_bytes(torch.tensor([-3.0, 0.4, 0.6, 254.7, 300.0])).tolist() == [0, 0, 1, 255, 255]


def test_parts_are_all_squares_in_order_and_bounded_on_a_cpu() -> None:
    origins = np.arange(20).reshape(10, 2)

    for side_px, most in ((16, 10), (1024, 2), (4096, 1)):
        squares = Squares(origins, side_px)
        parts = list(squares.parts(torch.device("cpu")))
        assert max(len(part.origins) for _, part in parts) == most
        assert np.array_equal(np.concatenate([origins[some] for some, _ in parts]), origins)
        assert all(np.array_equal(part.origins, origins[some]) and part.side_px == side_px for some, part in parts)
        assert len(list(squares.parts(torch.device("cuda")))) == 1
