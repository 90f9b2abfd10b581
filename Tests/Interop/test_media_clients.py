"""`peer publish` and `peer play` offer to browsers and aiortc; and what one publishes, others see live."""

import asyncio

import pytest

from media import Media, is_picture, pictures, probe, reach, samples, shows_a_moving_picture, sounds
from sound import tone
from tool import MEDIA, Serve, client

H264 = ["--video", MEDIA / "h264.h264", "--audio", MEDIA / "opus.ogg"]
VP8 = ["--video", MEDIA / "vp8.ivf", "--audio", MEDIA / "pcmu.wav"]


@pytest.mark.parametrize("kind, clips", [("chromium", H264), ("firefox", VP8), ("aiortc", VP8)])
async def test_what_we_publish_is_seen_and_heard(media_remote, hub, kind, clips):
    session = await media_remote(kind)
    endpoint = hub.endpoint(session)
    publishing = asyncio.create_task(client("publish", endpoint.url, *clips, "--duration", "5"))
    await reach(lambda: session.received("video"), lambda counts: counts["frames"] >= 30)
    await shows_a_moving_picture(session)
    await sounds(session, 440)
    assert (await session.received("video"))["lost"] == 0
    status, report = await publishing
    assert status == 0, report
    assert report["video"]["frames"] >= 140 and report["video"]["lost"] == 0
    assert report["audio"]["frames"] >= 240 and report["audio"]["lost"] == 0
    assert report["roundTripMs"] > 0
    await endpoint.deleted.wait()


@pytest.mark.parametrize("kind", ["chromium", "firefox", "aiortc"])
async def test_what_they_send_is_stored(media_remote, hub, tmp_path, kind):
    session = await media_remote(kind)
    for each in ("audio", "video"):
        await session.attach(each)
    endpoint = hub.endpoint(session)
    status, report = await client("play", endpoint.url, "--duration", "4", "--save", tmp_path)
    assert status == 0, report
    assert report["video"]["lost"] == 0 and report["audio"]["lost"] == 0
    assert report["video"]["frames"] >= 40 and report["audio"]["frames"] >= 150
    audio, video = sorted(report["files"])
    found = await probe(video)
    assert found["nb_read_frames"] == report["video"]["frames"]
    assert all(is_picture(each) for each in await pictures(video))
    heard = await samples(audio)
    assert abs(len(heard) / 48_000 - report["audio"]["frames"] * 0.02) <= 0.02
    assert tone(heard, 48_000)["level"] > -50
    await endpoint.deleted.wait()


@pytest.mark.parametrize("publisher, player, video", [("chromium", "gstreamer", "H264"), ("aiortc", "chromium", "VP8")])
async def test_what_one_publishes_another_sees_live(media_remote, publisher, player, video):
    async with Serve() as serve:
        publishing, playing = await media_remote(publisher), await media_remote(player)
        await publishing.offer(serve.whip, media=[Media("audio", "sendonly", "opus"), Media("video", "sendonly", video)])
        await reach(lambda: serve.medium(publishing, "video"), lambda medium: medium["framesReceived"] >= 10)
        await playing.offer(serve.whep, media=[Media("audio", "recvonly", "opus"), Media("video", "recvonly", video)])
        # It asks for a key frame, and does not wait for one that comes by itself.
        await reach(lambda: playing.received("video"), lambda counts: counts["frames"] >= 20)
        await shows_a_moving_picture(playing)
        await reach(playing.tone, lambda heard: heard["level"] > -50)
        assert (await playing.received("video"))["lost"] == 0
