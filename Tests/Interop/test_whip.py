"""What `/whip` and `/whep` say to HTTP clients (RFC 9725), and what `peer publish` and `peer play` make of each other."""

import asyncio
import json
import re

import aiohttp
import aiohttp.web
import pytest

from media import probe
from tool import MEDIA, ROOT, Serve, binary

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
SENDS_AND_RECEIVES = (ROOT / "Vectors/sdp/chromium-media-offer.sdp").read_bytes()
RECEIVES = (ROOT / "Vectors/sdp/chromium-recvonly-offer.sdp").read_bytes()
DATA = (ROOT / "Vectors/sdp/chromium-data-offer.sdp").read_bytes()
CLIPS = ("--video", str(MEDIA / "vp8.ivf"), "--audio", str(MEDIA / "opus.ogg"))


@pytest.fixture
async def client():
    async with aiohttp.ClientSession() as session:
        yield session


async def tool(*arguments):
    """Runs the tool: its exit status, and the object that it printed."""
    process = await asyncio.create_subprocess_exec(
        binary(), *arguments, "--json", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, json.loads(output.splitlines()[-1]) if output else None


def directions(answer):
    return re.findall(r"^a=(sendrecv|sendonly|recvonly|inactive)\r$", answer, re.MULTILINE)


async def test_a_session_is_created_trickled_and_ended_as_the_rfc_says(client):
    async with Serve("--stun", "192.0.2.1:3478") as serve:
        async with client.post(serve.url + "/whip", data=SENDS_AND_RECEIVES, headers=SDP) as response:
            assert response.status == 201 and response.content_type == "application/sdp"
            assert set(directions(await response.text())) == {"recvonly"}
            location, tag = serve.url + response.headers["Location"], response.headers["ETag"]
            assert response.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"
            assert response.headers["Link"] == '<stun:192.0.2.1:3478>; rel="ice-server"'
        for match, body, status in [
            ({"If-Match": tag}, b"a=candidate:nonsense\r\n", 204),
            ({"If-Match": "*"}, b"a=end-of-candidates\r\n", 204),
            ({}, b"a=end-of-candidates\r\n", 428),
            ({"If-Match": '"another"'}, b"a=end-of-candidates\r\n", 412),
            ({"If-Match": tag}, b"a=ice-ufrag:other\r\na=ice-pwd:" + 24 * b"x" + b"\r\n", 422),
            ({"If-Match": tag}, b"hello", 400),
            ({"If-Match": tag}, b"a" * 300_000, 413),
        ]:
            async with client.patch(location, data=body, headers=FRAGMENT | match) as response:
                assert response.status == status, (match, body[:40])
        async with client.patch(location, data=SENDS_AND_RECEIVES, headers=SDP | {"If-Match": tag}) as response:
            assert response.status == 415
        async with client.get(location) as response:
            media = (await response.json())["media"]
            assert {each["kind"] for each in media} == {"audio", "video"}
            assert {each["direction"] for each in media} == {"recvonly"}
        for status in (200, 404):
            async with client.delete(location) as response:
                assert response.status == status


async def test_what_cannot_be_published_or_played_is_told_so(client):
    async with Serve() as serve, Serve(*CLIPS) as playing:
        for url, body, headers, status in [
            (serve.url + "/whip", RECEIVES, SDP, 422),
            (serve.url + "/whip", DATA, SDP, 406),
            (serve.url + "/whip", re.sub(rb"(VP8|H264|opus|PCM.)/", b"none/", SENDS_AND_RECEIVES), SDP, 406),
            (serve.url + "/whip", b"hello", SDP, 400),
            (serve.url + "/whip", SENDS_AND_RECEIVES, {"Content-Type": "text/plain"}, 415),
            (serve.url + "/whep", RECEIVES, SDP, 409),
            (playing.url + "/whep", RECEIVES, SDP, 201),
            (playing.url + "/whep", SENDS_AND_RECEIVES.replace(b"a=sendrecv", b"a=sendonly"), SDP, 422),
            (playing.url + "/whep", re.sub(rb"(VP8|opus)/", b"none/", RECEIVES), SDP, 406),
        ]:
            async with client.post(url, data=body, headers=headers) as response:
                text = await response.text()
                assert response.status == status, (url, text)
                assert status == 201 or text.count("\n") == 1
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            async with client.request(method, serve.url + "/whip") as response:
                assert response.status == 405


async def test_media_take_the_server_s_token_where_there_is_one(client):
    async with Serve(*CLIPS, "--token", "secret") as serve:
        for headers, status in [({}, 401), ({"Authorization": "Bearer other"}, 401), ({"Authorization": "Bearer secret"}, 201)]:
            async with client.post(serve.url + "/whep", data=RECEIVES, headers=SDP | headers) as response:
                assert response.status == status
                assert status == 201 or response.headers["WWW-Authenticate"] == "Bearer"
        location = serve.url + response.headers["Location"]
        async with client.delete(location) as response:
            assert response.status == 401
        assert (await tool("play", serve.url + "/whep", "--duration", "1"))[0] != 0
        assert (await tool("play", serve.url + "/whep", "--duration", "1", "--token", "secret"))[0] == 0


async def test_offers_at_the_same_time_do_not_exceed_the_number_of_sessions(client):
    async with Serve("--max-sessions", "3") as serve:

        async def offer():
            async with client.post(serve.url + "/whip", data=SENDS_AND_RECEIVES, headers=SDP) as response:
                return response.status

        assert sorted(await asyncio.gather(*(offer() for _ in range(12)))) == 3 * [201] + 9 * [503]


async def test_what_is_published_can_be_played_and_both_say_what_they_measured(tmp_path):
    async with Serve("--save", str(tmp_path / "serve")) as serve:
        publishing = asyncio.create_task(tool("publish", serve.url + "/whip", *CLIPS, "--duration", "6"))
        async with asyncio.timeout(20):
            while (await tool("play", serve.url + "/whep", "--duration", "0.5"))[0] != 0:
                pass
        status, played = await tool("play", serve.url + "/whep", "--duration", "2", "--save", str(tmp_path / "play"))
        assert status == 0 and played["ok"]
        assert played["audio"]["codec"] == "opus" and 75 <= played["audio"]["frames"] <= 125
        assert played["video"]["codec"] == "VP8" and 45 <= played["video"]["frames"] <= 75
        assert played["video"]["keyFrames"] >= 1 and played["video"]["lost"] == 0
        assert played["roundTripMs"] >= 0
        status, published = await publishing
        assert status == 0 and published["ok"]
        assert published["video"]["frames"] >= 150 and published["video"]["lost"] == 0
        # Whoever begins to play asks for a key frame, which does not wait for the clip's next one.
        assert published["video"]["keyFrames"] >= 6
        endings = sorted(each.rsplit("-", 1)[1] for each in played["files"])
        assert endings == ["audio.ogg", "video.ivf"]


async def test_who_plays_goes_on_with_whoever_publishes_next(tmp_path):
    async with Serve() as serve:
        first = asyncio.create_task(tool("publish", serve.url + "/whip", *CLIPS, "--duration", "12"))
        async with asyncio.timeout(20):
            while (await tool("play", serve.url + "/whep", "--duration", "0.5"))[0] != 0:
                pass
        playing = asyncio.create_task(tool("play", serve.url + "/whep", "--duration", "6", "--save", str(tmp_path)))
        # It comes in the middle and goes again.
        second = await tool("publish", serve.url + "/whip", *CLIPS, "--duration", "2")
        assert second[0] == 0 and second[1]["video"]["frames"] > 45
        status, played = await playing
        assert status == 0
        assert 165 <= played["video"]["frames"] <= 190 and 280 <= played["audio"]["frames"] <= 310
        assert played["video"]["lost"] == 0 and played["audio"]["lost"] == 0
        # One stream, whose time goes on.
        found = [await probe(each) for each in played["files"]]
        assert [each["codec_name"] for each in found] == ["opus", "vp8"]
        assert all(5.5 < each["duration"] < 6.5 for each in found)
        assert found[1]["nb_read_frames"] == played["video"]["frames"]
        assert (await first)[0] == 0


async def test_files_are_complete_when_the_server_is_told_to_end(tmp_path):
    async with Serve("--save", str(tmp_path)) as serve:
        publishing = asyncio.create_task(tool("publish", serve.url + "/whip", *CLIPS))
        async with asyncio.timeout(20):
            while (await tool("play", serve.url + "/whep", "--duration", "1"))[0] != 0:
                pass
    status, published = await publishing
    assert status == 0 and "ended" in published["end"]
    found = {each.suffix: await probe(each) for each in tmp_path.iterdir()}
    assert found.keys() == {".ogg", ".ivf"}
    # A client that is cut off knows what it had measured a moment before.
    assert found[".ivf"]["nb_read_frames"] == pytest.approx(published["video"]["frames"], abs=20)
    assert found[".ivf"]["duration"] == pytest.approx(found[".ogg"]["duration"], abs=0.3)


async def test_clients_go_where_they_are_redirected():
    async with Serve("--token", "secret") as serve:

        async def redirect(request):
            return aiohttp.web.Response(status=307, headers={"Location": serve.url + "/whip"})

        runner = aiohttp.web.ServerRunner(aiohttp.web.Server(redirect))
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            options = ("--duration", "1", "--token", "secret")
            assert (await tool("publish", f"http://127.0.0.1:{port}/in", *CLIPS, *options))[0] == 0
            # Another host does not get to see the token.
            assert (await tool("publish", f"http://localhost:{port}/in", *CLIPS, *options))[0] == 1
        finally:
            await runner.cleanup()


async def test_without_anybody_there_a_client_fails_in_one_line():
    async with Serve() as serve:
        assert await tool("play", serve.url + "/whep", "--duration", "1") == (1, None)
        assert await tool("publish", serve.url + "/nothing", *CLIPS) == (1, None)
