"""Remotes see and hear what `peer serve` plays them at /whep."""

import pytest

from media import Media, reach, shows_a_moving_picture, sounds
from tool import MEDIA, Serve

CLIPS = {"H264": "h264.h264", "VP8": "vp8.ivf", "opus": "opus.ogg", "PCMU": "pcmu.wav", "PCMA": "pcma.wav"}
CASES = [
    ("chromium", "H264", "opus"),
    ("chromium", "VP8", "PCMU"),
    ("firefox", "VP8", "opus"),
    ("firefox", "VP8", "PCMA"),
    ("aiortc", "VP8", "opus"),
    ("aiortc", "H264", "PCMU"),
    ("aiortc", "VP8", "PCMA"),
    ("gstreamer", "H264", "opus"),
    ("gstreamer", "H264", "PCMU"),
    ("gstreamer", "VP8", "PCMA"),
]


@pytest.mark.parametrize("kind, video, audio", CASES)
async def test_our_pictures_are_seen_and_our_sound_is_heard(media_remote, kind, video, audio):
    options = ["--video", MEDIA / CLIPS[video], "--audio", MEDIA / CLIPS[audio]]
    async with Serve(*options) as serve:
        session = await media_remote(kind)
        media = [Media("audio", "recvonly", audio), Media("video", "recvonly", video)]
        await session.offer(serve.whep, media=media)
        await reach(lambda: session.received("video"), lambda counts: counts["frames"] >= 45)
        await shows_a_moving_picture(session)
        await sounds(session, 440)
        assert (await session.received("video"))["lost"] == 0
        assert (await session.received("audio"))["lost"] == 0
