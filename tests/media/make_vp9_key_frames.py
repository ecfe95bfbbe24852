"""Makes ``simulator/media/vp9_key_frames.bin`` again: one VP9 key frame for each size a WebM can have.

Run ``python -m tests.media.make_vp9_key_frames`` with PyAV installed after the picture or the sizes have changed. The
encoder's header is rewritten so that the quantizer, and with it contrast and colour, can be changed later
in place: see ``simulator/media/webm.py``, which also tells the file's format.
"""

import struct
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

from simulator.jobs.files import WEBM_SIZES_PX, Output
from simulator.media.pillow_images import draw

_FILE = Path(__file__).parents[2] / "simulator" / "media" / "vp9_key_frames.bin"
_QUANTIZER = 60  # of 255: flat bars need no more, and there is room to both sides


def main() -> None:
    """Write the file and say how large it is."""
    records = []
    for width_px, height_px in WEBM_SIZES_PX:
        frame, quantizer_at = open_header(encode(draw(Output("", "", width_px, height_px, 0, seed="webm"))))
        records.append(struct.pack(">HHHI", width_px, height_px, quantizer_at, len(frame)) + frame)
        print(f"{width_px}x{height_px}: {len(frame)} bytes")
    print(f"{_FILE.name}: {_FILE.write_bytes(b''.join(records))} bytes")


def encode(image: Image.Image) -> bytes:
    """Return the picture as one VP9 key frame."""
    context = av.CodecContext.create("libvpx-vp9", "w")
    context.width, context.height, context.pix_fmt = image.width, image.height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 30), 30
    quantizer = str(_QUANTIZER // 4)
    context.options = {"crf": quantizer, "b": "0", "qmin": quantizer, "qmax": quantizer, "cpu-used": "2",
                       "lag-in-frames": "0", "auto-alt-ref": "0", "aq-mode": "0", "frame-parallel": "1"}  # fmt: skip
    frame = av.VideoFrame.from_image(image.convert("RGB")).reformat(format="yuv420p", dst_colorspace="ITU709")
    return bytes(next(iter([*context.encode(frame), *context.encode(None)])))


def open_header(frame: bytes) -> tuple[bytes, int]:
    """Give the header places for changes of the colours' quantizers; return the frame and the quantizer's bit."""
    bits = "".join(f"{byte:08b}" for byte in frame[:64])
    assert bits[:7] == "1000001", "a shown key frame of profile 0"
    at = 8 + 24 + 4 + 32
    at += 33 if bits[at] == "1" else 1  # the size to show
    at += (0 if bits[7] == "1" else 2) + 2 + 9  # contexts; the filter's level and sharpness
    at += 1
    if bits[at - 1] == "1":  # the filter's changes by reference and by mode
        at += 1
        for _ in range(6 if bits[at - 1] == "1" else 0):
            at += 8 if bits[at] == "1" else 1
    after = at + 8
    assert bits[after : after + 4] == "0000", "no changes of the quantizer and no segments"
    end = after + 4
    columns = (int(bits[36:52], 2) + 64) // 64  # of 64 pixels; from them follows how many tile bits there are at most
    most = next(log for log in range(1, 8) if columns >> log < 4) - 1
    for _ in range(most):
        end += 1
        if bits[end - 1] == "0":
            break
    end += 2 if bits[end] == "1" else 1
    end += 16
    old_bytes = -(-end // 8)
    new = bits[:after] + "0" + "100000" * 2 + bits[after + 3 : end]
    new += "0" * (-len(new) % 8)
    return _bytes(new) + frame[old_bytes:], at


def _bytes(bits: str) -> bytes:
    return int(bits, 2).to_bytes(len(bits) // 8)


if __name__ == "__main__":
    main()
