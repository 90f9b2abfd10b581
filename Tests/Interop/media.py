"""What the media tests share: descriptions of media, waits with a reason, and ffmpeg as the judge of stored files."""

import asyncio
import dataclasses
import json
import statistics


@dataclasses.dataclass
class Media:
    """A medium to offer; `codec` is the only one where it is given, by the name it has in SDP."""

    kind: str
    direction: str = "sendrecv"
    codec: str | None = None

    @property
    def sends(self):
        return self.direction.startswith("send")

    @property
    def receives(self):
        return self.direction.endswith("recv")


async def reach(read, holds, seconds=25):
    """Reads until the value holds, and gives it. Statistics have no event to wait for."""
    value = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                value = await read()
                if holds(value):
                    return value
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"not reached within {seconds} s; at last it was {value}") from None


async def settled(read, seconds=25):
    """The value, once it has stayed for half a second."""
    last = []

    async def next_value():
        last.append(await read())
        return last[-1]

    return await reach(next_value, lambda value: len(last) > 5 and all(each == value for each in last[-6:]), seconds)


def is_picture(luminances):
    """Neither black nor of one shade. Chromium's fake camera is dark at times."""
    return 6 < statistics.mean(luminances) < 240 and statistics.pstdev(luminances) > 12


def difference(one, other):
    """How far two pictures are apart, on average."""
    return statistics.mean(abs(a - b) for a, b in zip(one, other, strict=True))


def likeness(one, other):
    """How much two pictures look like each other: the correlation of their luminances; 1 is the same up to brightness."""
    try:
        return statistics.correlation(one, other)
    except statistics.StatisticsError:
        return 0


async def shows_a_moving_picture(session):
    """Waits until there is a picture, and then another one."""
    first = await reach(session.picture, is_picture)
    await reach(session.picture, lambda now: is_picture(now) and difference(first, now) > 1)


async def sounds(session, frequency, tolerance=25):
    """Waits until the loudest tone is that one, well above silence."""
    await reach(session.tone, lambda tone: abs(tone["frequency"] - frequency) < tolerance and tone["level"] > -60)


async def run(*command):
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0 and not errors, (command, errors.decode())
    return output


async def probe(path):
    """What ffmpeg finds in a stored file when it decodes all of it, which must go without a complaint."""
    entries = "stream=codec_name,width,height,sample_rate,channels,nb_read_frames,nb_read_packets:format=duration"
    command = ["ffprobe", "-v", "error", "-count_frames", "-count_packets", "-show_entries", entries, "-of", "json", path]
    found = json.loads(await run(*command))
    (stream,) = found["streams"]
    numbers = ("nb_read_frames", "nb_read_packets", "sample_rate")
    stream |= {name: int(stream[name]) for name in numbers if name in stream}
    # Raw video has no duration.
    return stream | {"duration": float(found["format"].get("duration", 0))}


async def pictures(path):
    """The luminances of every frame of a stored video, as `picture` of a session has them."""
    size = 32 * 24
    scaled = ["-vf", "scale=32:24:flags=area:out_range=full", "-pix_fmt", "gray", "-f", "rawvideo"]
    raw = await run("ffmpeg", "-v", "error", "-i", path, "-fps_mode", "passthrough", *scaled, "-")
    return [raw[start : start + size] for start in range(0, len(raw), size)]


async def samples(path):
    """The sound of a stored file: 16-bit samples of one channel, 48,000 a second."""
    raw = await run("ffmpeg", "-v", "error", "-i", path, "-ac", "1", "-ar", "48000", "-f", "s16le", "-")
    return memoryview(raw).cast("h")
