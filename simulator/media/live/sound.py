"""A video's sound on its way into an MP4: packets as they are where MP4 carries them, else encoded anew as AAC."""

import io
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, Final, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from numpy.typing import NDArray

from simulator.media.live.reading import open_media, start_of

if TYPE_CHECKING:
    from av.packet import Packet

    Heard = Packet[AudioStream]  # only a checker can read it so

CARRIED: Final = ("aac", "mp3", "ac3", "eac3", "opus", "flac", "alac")
"""The codecs that MP4 carries in a way that players know."""

_TENTH: Final = 800  # samples in a tenth of a second, at a rate that is enough to tell how loud something is
_SILENCE: Final = 1e-10  # that its logarithm exists
_HEADED: Final = ("opus", "flac", "alac")  # nobody can play these without the head before their packets
_RATES_HZ: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_LAYOUTS: Final = ("mono", "stereo", "3.0", "4.0", "5.0", "5.1")


class Sound:
    """The first sound track of a file, from ``start_ms`` to ``end_ms``, read in step with the video that is written.

    Damaged sound never fails a job: it ends early, or is left out, and ``note`` says so.
    """

    def __init__(self, path: str, start_ms: int = 0, end_ms: int | None = None) -> None:
        self.note = ""
        self._path = path
        self._start_s = Fraction(start_ms, 1000)
        self._end_s = None if end_ms is None else Fraction(end_ms, 1000)
        self._container: InputContainer | None = None
        self._waiting: Heard | None = None
        self._packets: Iterator[Heard] = iter(())

    def add_to(self, output: OutputContainer) -> None:
        """Give the output a sound track, if the file has one that can be used; before anything is written."""
        try:
            self._container = container = open_media(self._path)
            track = next(iter(container.streams.audio), None)
            if track is None:
                return
            codec = _codec_of(track)
            if codec in CARRIED:
                _try_out(track)
                self._packets = self._copied(container, track, output.add_stream_from_template(track))
            elif codec:
                self._packets = self._encoded(container, track, _add_aac(output, track))
                self.note = f"sound encoded anew: {codec} to aac"
            else:
                self.note = "sound left out: nothing here decodes it"
        except (av.error.FFmpegError, ValueError) as error:
            self._packets, self.note = iter(()), f"sound left out: {error}"

    def until(self, time_s: Fraction | None) -> "Iterator[Heard]":
        """Yield the packets that come before a time of the output, None for all that are left."""
        while True:
            packet = self._waiting or next(self._packets, None)
            self._waiting = packet
            if packet is None:
                return
            if time_s is not None and packet.dts is not None and packet.dts * packet.time_base >= time_s:
                return
            self._waiting = None
            yield packet

    def end(self, error: Exception) -> None:
        """Give no more packets, because of this."""
        self._packets, self.note = iter(()), f"sound ends early: {error}"

    def close(self) -> None:
        """Let go of the file."""
        if self._container is not None:
            self._container.close()

    def _copied(self, container: InputContainer, track: AudioStream, into: AudioStream) -> "Iterator[Heard]":
        """Yield the packets that lie wholly or mostly in the time, moved to its beginning."""
        begins, last = start_of(container), None
        for packet in self._demuxed(container, track):
            if packet.dts is None or packet.pts is None or (last is not None and packet.dts <= last):
                continue
            time_base, last = packet.time_base, packet.dts
            middle_s = (packet.pts + Fraction(packet.duration or 0, 2)) * time_base - begins
            if self._end_s is not None and middle_s >= self._end_s:
                return
            if self._start_s and middle_s < self._start_s:
                continue
            shift = round((self._start_s + begins) / time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = into
            yield packet

    def _encoded(self, container: InputContainer, track: AudioStream, into: AudioStream) -> "Iterator[Heard]":
        context = into.codec_context
        resampler = av.AudioResampler(context.format, context.layout, context.rate, frame_size=1024)
        for frame in chain[AudioFrame | None](self._decoded(container, track), (None,)):
            for part in resampler.resample(frame):
                yield from into.encode(part)
        yield from into.encode(None)

    def _decoded(self, container: InputContainer, track: AudioStream) -> Iterator[AudioFrame]:
        begins = start_of(container)
        for packet in self._demuxed(container, track):
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                self.note = f"sound ends early: {error}"
                return
            for frame in frames:
                time_s = (frame.pts or 0) * (frame.time_base or Fraction(1, frame.sample_rate)) - begins
                if self._end_s is not None and time_s >= self._end_s:
                    return
                if time_s < self._start_s:
                    continue
                frame.time_base = Fraction(1, frame.sample_rate)
                frame.pts = round((time_s - self._start_s) * frame.sample_rate)
                yield frame

    def _demuxed(self, container: InputContainer, track: AudioStream) -> "Iterator[Heard]":
        try:
            if self._start_s:
                where_s = max(self._start_s - 1, Fraction(0)) + start_of(container)
                container.seek(round(where_s / (track.time_base or Fraction(1, 1000))), stream=track)
            yield from container.demux(track)
        except av.error.FFmpegError as error:
            self.note = f"sound ends early: {error}"


def loudness_of(path: str) -> NDArray[np.float32]:
    """Return how loud each tenth of a second is, in decibels below the loudest possible; none without usable sound."""
    sound, squares = Sound(path), [np.zeros(0, np.float32)]
    rest = np.zeros(0, np.float32)
    try:
        with open_media(path) as container:
            track = next(iter(container.streams.audio), None)
            if track is None or not _codec_of(track):
                return squares[0]
            resampler = av.AudioResampler("flt", "mono", 10 * _TENTH)
            for frame in chain[AudioFrame | None](sound._decoded(container, track), (None,)):
                for part in resampler.resample(frame):
                    rest = np.concatenate([rest, part.to_ndarray()[0]])
                    whole = len(rest) // _TENTH * _TENTH
                    squares.append(np.square(rest[:whole]).reshape(-1, _TENTH).mean(1))
                    rest = rest[whole:]
    except (av.error.FFmpegError, ValueError):  # what was heard until then counts
        pass
    found: NDArray[np.float32] = (10 * np.log10(np.concatenate(squares) + _SILENCE)).astype(np.float32)
    return found


def _try_out(track: AudioStream) -> None:
    """Raises: FFmpegError or ValueError, if what the track says of itself is not enough for an MP4."""
    if _codec_of(track) in _HEADED and not track.codec_context.extradata:
        raise ValueError("its head is missing")
    with av.open(io.BytesIO(), "w", "mp4") as trial:
        trial.add_stream_from_template(track)
        trial.start_encoding()


def _codec_of(track: AudioStream) -> str:
    context = cast("AudioCodecContext | None", track.codec_context)
    return "" if context is None else context.codec.canonical_name


def _add_aac(output: OutputContainer, track: AudioStream) -> AudioStream:
    """Add an AAC track as like the given one as AAC can be."""
    context = track.codec_context
    rate_hz = context.sample_rate if context.sample_rate in _RATES_HZ else 48000
    layout = context.layout.name if context.layout.name in _LAYOUTS else "stereo"
    return output.add_stream("aac", rate=rate_hz, layout=layout)
