"""What remotes send to `peer serve` at /whip is stored, every frame of it, and ffmpeg decodes it."""

import asyncio
import functools

import pytest

from media import Media, difference, is_picture, pictures, probe, reach, samples, settled
from sound import tone
from tool import Serve

ENDINGS = {"H264": "h264", "VP8": "ivf", "opus": "ogg", "PCMU": "wav", "PCMA": "wav"}
NAMES = {"H264": "h264", "VP8": "vp8", "opus": "opus", "PCMU": "pcm_mulaw", "PCMA": "pcm_alaw"}
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
async def test_all_that_they_send_is_stored_and_decodes(media_remote, tmp_path, kind, video, audio):
    async with Serve("--save", tmp_path) as serve:
        session = await media_remote(kind)
        await session.offer(serve.whip, media=[Media("audio", "sendonly", audio), Media("video", "sendonly", video)])
        await reach(lambda: session.sent("video"), lambda counts: counts["frames"] >= 40)
        await session.pause()
        video_sent, audio_sent = await asyncio.gather(*(settled(functools.partial(session.sent, each)) for each in ("video", "audio")))
        # A sender starts when the connection is there, so that nothing is lost at the beginning either.
        medium = await reach(
            lambda: serve.medium(session, "video"), lambda medium: medium["framesReceived"] == video_sent["frames"]
        )
        assert (medium["packetsLost"], medium["nackSent"]) == (0, 0)
        medium = await reach(
            lambda: serve.medium(session, "audio"), lambda medium: medium["packetsReceived"] == audio_sent["packets"]
        )
        assert (medium["packetsLost"], medium["nackSent"]) == (0, 0)
        name = session.location.rpartition("/")[2]
        assert await session.delete() == 200
        # Files are complete when the server has ended.
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {f"{name}-video.{ENDINGS[video]}", f"{name}-audio.{ENDINGS[audio]}"}

    path = tmp_path / f"{name}-video.{ENDINGS[video]}"
    found = await probe(path)
    assert found["codec_name"] == NAMES[video]
    assert (found["width"], found["height"]) == (320, 240)
    assert found["nb_read_frames"] == video_sent["frames"]
    shown = await pictures(path)
    assert len(shown) == video_sent["frames"]
    assert all(is_picture(each) for each in shown)
    # It moves; the first and the last may look alike, for the sources repeat themselves.
    assert max(difference(shown[0], each) for each in shown) > 1

    path = tmp_path / f"{name}-audio.{ENDINGS[audio]}"
    found = await probe(path)
    assert found["codec_name"] == NAMES[audio]
    heard = await samples(path)
    seconds = audio_sent["packets"] * 0.02
    # An encoder's first samples are skipped (RFC 7845 section 4.2), of which there are fewer than a packet holds.
    assert abs(len(heard) / 48_000 - seconds) <= 0.02, (len(heard), audio_sent)
    assert tone(heard, 48_000)["level"] > -50
