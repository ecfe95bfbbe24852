"""Sets the person of a picture before a made background; coarse: hair and shoulders are told apart by colour alone."""

import colorsys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor

from simulator.jobs.chance import draw
from simulator.media.live import marks
from simulator.media.live.casting import as_batch, find_faces
from simulator.media.live.faces import Face
from simulator.media.live.failures import RenderFailure
from simulator.media.live.geometry import Similarity, fit, grid_of
from simulator.media.live.mattes import matte
from simulator.media.live.orders import Made, News, PortraitOrder, Progress
from simulator.media.live.pictures import SUFFIXES, Pixels, read_picture, write_picture
from simulator.media.live.workshop import Workshop

HEADSHOT_PX: Final = (960, 768)  # height, width
_TOP, _BOTTOM = -2.4, 4.2  # of a headshot in face space, as far as the picture reaches
_LIKELY: Final = 0.35
_WHAT: Final = {"headshot": "headshot", "background": "background"}


def portray(order: PortraitOrder, workshop: Workshop) -> Iterator[News]:
    """Do the order; the news ends with one ``Made``.

    Raises: RenderFailure, as ``no_face_in_source`` if the picture shows nobody.
    """
    yield Progress(0, 1, "searching")
    rgb = read_picture(order.picture, order.limits).rgb
    faces = find_faces(rgb, workshop)
    if not faces:
        raise RenderFailure("no_face_in_source", "nobody in the picture")
    if order.kind == "headshot":
        made = headshot(rgb, faces[0], order.text, workshop.device)
    else:
        made = before_background(rgb, faces, order.text, workshop.device)
    if order.is_marked:
        marks.stamp_picture(made)
    path = str(Path(order.into, f"result{SUFFIXES.get(order.media_type, '.png')}"))
    file = write_picture(path, made, order.media_type, marks.metadata(order.job, _WHAT[order.kind]))
    yield Progress(1, 1, "composing")
    yield Made(0, file, {"faces": len(faces)})


@torch.inference_mode()
def headshot(rgb: Pixels, face: Face, text: str, device: torch.device) -> Pixels:
    """Return head and shoulders, upright and in the middle, before a background; ``HEADSHOT_PX`` in size."""
    height, width = HEADSHOT_PX
    pose = fit(face.points[None])
    bottom = min(_BOTTOM, max(_lowest(pose, rgb), 2.5))
    tall = bottom - _TOP
    across = ((torch.arange(width) + 0.5) / width - 0.5) * tall * width / height
    places = grid_of(across, (torch.arange(height) + 0.5) / height * tall + _TOP)[None]
    there = pose.place(places)
    grid = torch.stack([2 * there.real / rgb.shape[1] - 1, 2 * there.imag / rgb.shape[0] - 1], -1).to(device)
    picture = as_batch(rgb, device)
    shrink = float(pose.eyes_px) * tall / height
    if shrink > 1:
        picture = F.interpolate(picture, scale_factor=1 / shrink, mode="area")
    seen = F.grid_sample(picture, grid, padding_mode="border", align_corners=False)
    within = (grid.abs() <= 1).all(-1)[:, None]
    prior = torch.where(within, person_prior(places.to(device))[:, None], -1.0)
    return _composed(seen, matte(seen, prior) * within, text)


@torch.inference_mode()
def before_background(rgb: Pixels, faces: list[Face], text: str, device: torch.device) -> Pixels:
    """Return the picture with everybody where they are, before another background."""
    rows, columns = (torch.arange(side, device=device) + 0.5 for side in rgb.shape[:2])
    prior = torch.full((1, 1, *rgb.shape[:2]), -1.0, device=device)
    for face in faces:
        pose = fit(face.points[None].to(device))
        prior = torch.maximum(prior, person_prior(pose.unplace(grid_of(columns, rows)[None]))[:, None])
    picture = as_batch(rgb, device)
    return _composed(picture, matte(picture, prior), text)


def person_prior(places: Tensor) -> Tensor:
    """Return where in face space a person is bound to be: 1, may be: 0 or a little more, is not: -1."""
    x, y = places.real.abs(), places.imag
    bound = (torch.hypot(x / 0.85, (y - 0.45) / 1.3) < 1) | ((y > 2.4) & (x < 0.9 + 0.3 * (y - 2.4).clamp(max=3)))
    likely = torch.hypot(x / 1.5, y / 2.0) < 1  # hair
    possible = (torch.hypot(x / 1.8, (y - 0.1) / 2.3) < 1) | ((y > 1.3) & (x < 1.5 + 1.1 * (y - 1.3).clamp(max=2.5)))
    behind = ~(bound | likely | possible)
    return torch.where(bound, 1.0, torch.where(likely, _LIKELY, 0.0)) - behind.float()


def background(height_px: int, width_px: int, text: str, device: torch.device) -> Tensor:
    """Return ``(1, 3, height, width)`` RGB 0…255: a soft light on two colours, which the text chooses by chance."""
    hue = draw(text, "background")
    near, far = (
        torch.tensor(colorsys.hsv_to_rgb(hue, 0.35, value), device=device).view(1, 3, 1, 1) * 255
        for value in (0.85, 0.4)
    )
    y = torch.linspace(-1, 1, height_px, device=device)[:, None]
    x = torch.linspace(-1, 1, width_px, device=device)
    light = torch.exp(-((x / 0.9).square() + ((y + 0.2) / 1.1).square()))
    return far + (near - far) * light


def _lowest(pose: Similarity, rgb: Pixels) -> float:
    """Return how far down the picture goes below the face, in face space."""
    middle = pose.place(torch.zeros(1, 1, dtype=torch.complex64))
    x, y = float(middle.real), float(middle.imag)
    down = pose.turn / pose.turn.abs() * 1j
    reaches = [
        (limit - start) / float(step)
        for start, step, limit in (
            (x, down.real, rgb.shape[1]),
            (y, down.imag, rgb.shape[0]),
            (x, down.real, 0),
            (y, down.imag, 0),
        )
        if abs(float(step)) > 1e-3 and (limit - start) / float(step) > 0
    ]
    return min(reaches) / float(pose.eyes_px)


def _composed(picture: Tensor, person: Tensor, text: str) -> Pixels:
    height, width = picture.shape[-2:]
    behind = background(height, width, text, picture.device)
    made = behind + (picture - behind) * person
    found: Pixels = made[0].round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy().copy()
    return found
