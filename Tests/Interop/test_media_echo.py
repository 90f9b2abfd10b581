"""What remotes send to `peer serve` at /echo comes back to them; directions, and changes in a live call."""

import asyncio

import pytest

from media import Media, likeness, reach, settled, shows_a_moving_picture, sounds
from remote import Channel
from tool import Serve

CASES = [
    ("chromium", "H264", "opus"),
    ("chromium", "VP8", "PCMU"),
    ("firefox", "VP8", "opus"),
    ("aiortc", "VP8", "opus"),
    ("aiortc", "H264", "PCMA"),
    ("gstreamer", "H264", "opus"),
    ("gstreamer", "VP8", "PCMU"),
]


async def sees_itself(session):
    """Waits for a moment at which what comes back is what is sent, which moves."""

    async def compare():
        return likeness(*await asyncio.gather(session.own_picture(), session.picture()))

    await reach(compare, lambda value: value > 0.9)


async def hears_itself(session):
    if session.kind in ("aiortc", "gstreamer"):
        await sounds(session, 440)
    else:
        # A browser's fake microphone beeps in its own way.
        await reach(session.tone, lambda tone: tone["level"] > -50)


def directions(description):
    """The direction of each section; None where the section is rejected."""
    result = []
    for line in description.splitlines():
        if line.startswith("m="):
            result.append(None if line.split()[1] == "0" else "sendrecv")
        elif line in ("a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive") and result and result[-1]:
            result[-1] = line.removeprefix("a=")
    return result


@pytest.mark.parametrize("kind, video, audio", CASES)
async def test_they_see_and_hear_themselves(media_remote, kind, video, audio):
    async with Serve() as serve:
        session = await media_remote(kind)
        _, answer = await session.offer(serve.endpoint, media=[Media("audio", codec=audio), Media("video", codec=video)])
        assert directions(answer) == ["sendrecv", "sendrecv"]
        await reach(lambda: session.received("video"), lambda counts: counts["frames"] >= 30)
        await shows_a_moving_picture(session)
        if kind != "gstreamer":
            await sees_itself(session)
        await hears_itself(session)
        for each in ("audio", "video"):
            assert (await session.received(each))["lost"] == 0


@pytest.mark.parametrize("kind", ["chromium", "firefox", "aiortc"])
async def test_every_direction_is_answered_by_its_counterpart_and_kept(media_remote, kind):
    offered = ["sendonly", "recvonly", "inactive"]
    async with Serve() as serve:
        session = await media_remote(kind)
        media = [Media("audio", "sendrecv", "opus")] + [Media("video", each, "VP8") for each in offered]
        _, answer = await session.offer(serve.endpoint, media=media)
        assert directions(answer) == ["sendrecv", "recvonly", "sendonly", "inactive"]
        await hears_itself(session)

        async def video():
            return [each for each in await serve.media(session) if each["kind"] == "video"]

        sending, _, _ = await reach(video, lambda media: media[0]["framesReceived"] >= 20)
        # Nothing goes where it has nowhere to go, and nothing comes that was not to be sent.
        for medium in await video():
            assert medium["packetsSent"] == 0
        for medium in (await video())[1:]:
            assert medium["packetsReceived"] == 0
        assert sending["packetsLost"] == 0


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
async def test_media_come_pause_return_and_go_in_a_live_call(media_remote, kind):
    async with Serve() as serve:
        session = await media_remote(kind)
        _, answer = await session.offer(serve.endpoint, [Channel("chat")], [Media("audio", codec="opus")])
        assert directions(answer)[0] == "sendrecv"

        async def talks_and_chats(word):
            await session.send("chat", word)
            assert await session.receive("chat", 1) == [word]
            before = (await serve.medium(session, "audio"))["packetsReceived"]
            await reach(lambda: serve.medium(session, "audio"), lambda medium: medium["packetsReceived"] > before + 10)
            assert (await session.received("audio"))["lost"] == 0

        await session.opened("chat")
        await talks_and_chats("before")

        await session.add(Media("video", codec="VP8"))
        await session.offer_again()
        await reach(lambda: session.received("video"), lambda counts: counts["frames"] >= 20)
        await sees_itself(session)
        await talks_and_chats("with pictures")

        await session.direct("video", "inactive")
        _, answer = await session.offer_again()
        assert "inactive" in directions(answer)
        await settled(lambda: serve.medium(session, "video"))
        await talks_and_chats("paused")

        await session.direct("video", "sendrecv")
        await session.offer_again()
        before = (await serve.medium(session, "video"))["framesReceived"]
        await reach(lambda: serve.medium(session, "video"), lambda medium: medium["framesReceived"] > before + 20)
        await sees_itself(session)

        await session.stop("video")
        _, answer = await session.offer_again()
        assert None in directions(answer)
        assert await serve.medium(session, "video") is None
        await talks_and_chats("after")

        # Where the one was, another has its place.
        await session.add(Media("video", "sendonly", "VP8"))
        await session.offer_again()
        await reach(lambda: serve.medium(session, "video"), lambda medium: medium and medium["framesReceived"] >= 20)
        assert await session.delete() == 200
