"""aiortc's sources of pictures and sound, and what watches those that come."""

import array
import asyncio
import fractions
import math

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

from sound import tone


class Source(MediaStreamTrack):
    """Frames at their times, until it is paused; `frames` is how many were taken."""

    def __init__(self, interval):
        super().__init__()
        self._interval = interval
        self._began = None
        self.frames = 0
        self.paused = False

    async def recv(self):
        now = asyncio.get_running_loop().time()
        self._began = self._began or now
        await asyncio.sleep(self._began + self.frames * self._interval - now)
        if self.paused:
            # Ends when the connection does, which cancels the sender.
            await asyncio.get_running_loop().create_future()
        frame = self.frame(self.frames)
        self.frames += 1
        return frame


class Picture(Source):
    """A slope of grey that moves."""

    kind = "video"

    def __init__(self):
        super().__init__(1 / 15)
        self._row = bytes(16 + each * 7 // 5 % 220 for each in range(640))

    def shown(self):
        """What was taken last, as Sink.picture() has it."""
        return list(self._row[self._start(self.frames) :][:320:10]) * 24

    def _start(self, number):
        return number * 4 % 320

    def frame(self, number):
        frame = VideoFrame(320, 240, "yuv420p")
        start = self._start(number)
        luminance, *chroma = frame.planes
        assert luminance.line_size == 320
        luminance.update(self._row[start : start + 320] * 240)
        for plane in chroma:
            plane.update(bytes([128]) * plane.buffer_size)
        frame.pts = number * 6_000
        frame.time_base = fractions.Fraction(1, 90_000)
        return frame


class Sound(Source):
    """440 Hz."""

    kind = "audio"

    def __init__(self):
        super().__init__(0.02)
        # A tenth of a second is a whole number of periods.
        wave = [round(8_000 * math.sin(2 * math.pi * 440 * each / 48_000)) for each in range(4_800)]
        self._blocks = [array.array("h", wave[start : start + 960]).tobytes() for start in range(0, 4_800, 960)]

    def frame(self, number):
        frame = AudioFrame("s16", "mono", 960)
        frame.planes[0].update(self._blocks[number % 5])
        frame.sample_rate = 48_000
        frame.pts = number * 960
        frame.time_base = fractions.Fraction(1, 48_000)
        return frame


class Sink:
    """Takes every frame of a track, and keeps the last picture or the last half second."""

    def __init__(self, track):
        self.frames = 0
        self._last = None
        self._samples = array.array("h")
        self._rate = 48_000
        self._task = asyncio.create_task(self._run(track))

    async def _run(self, track):
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            self.frames += 1
            if track.kind == "video":
                self._last = frame
            else:
                channels = len(frame.layout.channels)
                block = array.array("h", bytes(frame.planes[0])[: frame.samples * channels * 2])
                self._rate = frame.sample_rate
                self._samples = (self._samples + block[::channels])[-self._rate // 2 :]

    def picture(self):
        if self._last is None:
            return [0] * (32 * 24)
        plane = self._last.reformat(width=32, height=24, format="gray").planes[0]
        rows = bytes(plane)
        return [each for row in range(24) for each in rows[row * plane.line_size :][:32]]

    def tone(self):
        return tone(self._samples, self._rate)
