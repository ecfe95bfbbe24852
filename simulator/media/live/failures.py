"""Why a render can fail: one exception, and the reasons that vendors have words for."""

from typing import Final

REASONS: Final = (
    "no_face_in_source",
    "no_face_in_target",
    "unreadable_source",  # damaged, too large, or no picture at all
    "no_such_face",  # there are faces in the target, but not the one that was named
    "too_many_faces",
    "undecodable",  # damaged, cut off, or no media at all
    "no_video",  # a sound file, or a container without pictures
    "wrong_codec",
    "too_long",
    "too_large",  # more pixels than are taken
    "too_many_bytes",
    "out_of_memory",
    "crashed",
    "cancelled",
)


class RenderFailure(Exception):
    """A job that cannot be done. ``reason`` is one of ``REASONS``; ``detail`` says more, for logs and people."""

    def __init__(self, reason: str, detail: str = "") -> None:
        if reason not in REASONS:
            raise AssertionError(f"{reason!r} is no reason of a render's failure; there are {', '.join(REASONS)}")
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type["RenderFailure"], tuple[str, str]]:
        return RenderFailure, (self.reason, self.detail)  # that it travels between processes whole
