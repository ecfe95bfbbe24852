"""Takes one picture out of a video: the first in which a search sees somebody."""

import numpy as np
import torch

from simulator.media.live.crowd import Crowd
from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Limits
from simulator.media.live.pictures import Picture
from simulator.media.live.planes import Colour, split, upload
from simulator.media.live.reading import Reader
from simulator.media.live.workshop import Workshop


@torch.inference_mode()
def first_frame_with_somebody(path: str, limits: Limits, *, workshop: Workshop) -> Picture:
    """Return that frame; nothing behind it is decoded, but for the rest of its chunk.

    Raises: RenderFailure, if nobody is seen in the whole video.
    """
    reader = Reader(path, limits)
    colour = Colour(reader.video.matrix, reader.video.colours.is_full_range)
    crowd = Crowd(workshop.detector, colour, limits.most_faces)
    for chunk in reader.chunks():
        crowd.search(chunk)
        if crowd.people:
            at = min(person.first.frame for person in crowd.people) - chunk.first
            planes = upload(*split(chunk.frames[at : at + 1]), workshop.device)
            rgb = planes.rgb(colour)[0].round().byte().permute(1, 2, 0).cpu().numpy()
            return Picture(np.array(rgb, order="C"), "image/png")
    raise RenderFailure("no_face_in_target", "nobody in any frame")
