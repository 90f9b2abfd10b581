"""Records Vectors/sessions anew, after a change of the format or of what the engine sends: `Tests/Interop/run record_sessions.py`."""

import pytest

from media import Media, reach
from remote import Channel
from tool import ROOT, Serve

SESSIONS = ROOT / "Vectors/sessions"


@pytest.mark.parametrize("kind", ["chromium", "firefox", "aiortc"])
async def test_a_negotiated_channel(media_remote, kind):
    path = SESSIONS / f"{kind}.rtcrec"
    path.unlink(missing_ok=True)
    async with Serve("--negotiated", "42", "--record", path) as serve:
        session = await media_remote(kind)
        await session.offer(serve.endpoint, [Channel("agreed", {"negotiated": True, "id": 42})])
        await session.opened("agreed")
        await session.send("agreed", "both knew")
        assert await session.receive("agreed", 1) == ["both knew"]
        await session.delete()


async def test_audio_and_video_and_a_channel(media_remote):
    path = SESSIONS / "chromium-media.rtcrec"
    path.unlink(missing_ok=True)
    async with Serve("--record", path) as serve:
        session = await media_remote("chromium")
        await session.offer(serve.endpoint, [Channel("chat")], [Media("audio", codec="opus"), Media("video", codec="VP8")])
        await session.opened("chat")
        await session.send("chat", "hello")
        assert await session.receive("chat", 1) == ["hello"]
        await reach(lambda: session.received("video"), lambda counts: counts["frames"] >= 30)
        await session.delete()
    assert path.stat().st_size <= 400_000
