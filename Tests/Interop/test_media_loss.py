"""Video through a network that loses five in a hundred datagrams each way, singly or in bursts, and takes 50 ms one way."""

import asyncio
import functools

import pytest

from lossy import LossyLink, at_random, in_bursts
from media import Media, pictures, reach, run, settled
from tool import MEDIA, Serve, client

MODELS = {
    "random": functools.partial(at_random, 0.05),
    "bursts": functools.partial(in_bursts, 0.05, 4),
}


async def delivered(path):
    """The share of frames that a stored clip of 30 frames a second has from its first to its last, all of them decoded."""
    rows = await run("ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", path)
    times = [float(each.strip(b",")) for each in rows.split()]
    assert len(await pictures(path)) == len(times)
    return len(times) / (round((times[-1] - times[0]) * 30) + 1), times[-1] - times[0]


@pytest.mark.parametrize("model", MODELS)
async def test_what_is_published_and_played_arrives_whole(tmp_path, model):
    clip = ["--video", MEDIA / "vp8.ivf"]
    async with Serve(*clip, "--save", tmp_path / "serve") as serve, LossyLink(serve, MODELS[model]) as link:
        (status, published), (other_status, played) = await asyncio.gather(
            client("publish", link.url + "/whip", *clip, "--duration", "10"),
            client("play", link.url + "/whep", "--duration", "10", "--save", tmp_path / "play"),
        )
    assert status == 0, published
    assert other_status == 0, played
    # There was loss, and it was repaired.
    assert link.lost > 0.03 * link.carried
    assert published["video"]["retransmitted"] > 0 and played["video"]["retransmitted"] > 0
    for directory in ("serve", "play"):
        (path,) = (tmp_path / directory).glob("*-video.ivf")
        share, seconds = await delivered(path)
        assert share >= 0.99 and seconds > 9, (directory, share, seconds)


@pytest.mark.parametrize("model", MODELS)
async def test_what_a_browser_publishes_arrives_whole(media_remote, tmp_path, model):
    async with Serve("--save", tmp_path) as serve, LossyLink(serve, MODELS[model]) as link:
        session = await media_remote("chromium")
        await session.offer(link.url + "/whip", media=[Media("video", "sendonly", "VP8")])
        await reach(lambda: session.sent("video"), lambda counts: counts["frames"] >= 160)
        await session.pause()
        sent = (await settled(lambda: session.sent("video")))["frames"]
        medium = await settled(lambda: serve.medium(session, "video"))
        name = session.location.rpartition("/")[2]
        await session.delete()
    assert medium["retransmittedPacketsReceived"] > 0
    assert len(await pictures(tmp_path / f"{name}-video.ivf")) >= 0.99 * sent
