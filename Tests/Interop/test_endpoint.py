"""What `peer serve` says to HTTP clients, good and bad; no media, no browser."""

import asyncio

import aiohttp
import pytest

from tool import ROOT, Serve

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
OFFER = (ROOT / "Vectors/sdp/chromium-data-offer.sdp").read_bytes()


@pytest.fixture
async def client():
    async with aiohttp.ClientSession() as session:
        yield session


async def test_an_offer_is_answered_and_the_session_can_be_read_and_ended(client):
    async with Serve() as serve:
        async with client.post(serve.endpoint, data=OFFER, headers=SDP) as response:
            assert response.status == 201
            assert response.content_type == "application/sdp"
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert "Location" in response.headers["Access-Control-Expose-Headers"]
            location = serve.url + response.headers["Location"]
            assert (await response.text()).startswith("v=0\r\n")
        async with client.get(location) as response:
            assert response.status == 200 and "ICE" in await response.json()
        async with client.patch(location, data=b"a=candidate:nonsense\r\n", headers=FRAGMENT) as response:
            assert response.status == 204
        async with client.patch(location, data=b"a=ice-ufrag:other\r\na=ice-pwd:" + 24 * b"x", headers=FRAGMENT) as response:
            assert response.status == 400
        async with client.delete(location) as response:
            assert response.status == 200
        for method in ("GET", "PATCH", "DELETE"):
            async with client.request(method, location, headers=FRAGMENT) as response:
                assert response.status == 404


@pytest.mark.parametrize(
    "body, says",
    [
        (b"", "v=0"),
        (b"hello", "line 1"),
        (OFFER.replace(b"a=fingerprint:sha-256 ", b"a=fingerprint:sha-256 zz:"), "fingerprint"),
        (OFFER.replace(b"a=ice-pwd:", b"a=x-pwd:"), "ice-pwd"),
        (b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "no section"),
        (bytes(range(256)), "line"),
    ],
)
async def test_a_malformed_offer_gets_one_clear_line(client, body, says):
    async with Serve() as serve:
        async with client.post(serve.endpoint, data=body, headers=SDP) as response:
            text = await response.text()
            assert response.status == 400
            assert says in text and text.count("\n") == 1 and text.endswith("\n")
        # And the server goes on.
        async with client.post(serve.endpoint, data=OFFER, headers=SDP) as response:
            assert response.status == 201


async def test_what_does_not_belong_there_is_told_so(client):
    async with Serve() as serve:
        for method, path, headers, body, status in [
            ("POST", "/echo", SDP, b"a" * 300_000, 413),
            ("POST", "/echo", {"Content-Type": "text/plain"}, OFFER, 415),
            ("POST", "/echo", {}, OFFER, 415),
            ("GET", "/echo", {}, None, 405),
            ("POST", "/", {}, OFFER, 405),
            ("GET", "/session/none", {}, None, 404),
            ("GET", "/../etc/passwd", {}, None, 404),
            ("OPTIONS", "/echo", {"Origin": "http://elsewhere", "Access-Control-Request-Method": "POST"}, None, 204),
        ]:
            async with client.request(method, serve.url + path, headers=headers, data=body) as response:
                assert response.status == status, (method, path)
                assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_sessions_are_bounded_and_those_that_never_connect_expire(client):
    async with Serve("--max-sessions", "2", "--expiry", "1") as serve:
        locations = []
        for expected in (201, 201, 503):
            async with client.post(serve.endpoint, data=OFFER, headers=SDP) as response:
                assert response.status == expected
                locations.append(response.headers.get("Location"))
        async with asyncio.timeout(20):
            while True:
                async with client.get(serve.url + locations[0]) as response:
                    if response.status == 404:
                        break
        async with client.post(serve.endpoint, data=OFFER, headers=SDP) as response:
            assert response.status == 201


async def test_addresses_that_come_and_go_are_followed(client):
    async def candidates(serve):
        async with client.post(serve.endpoint, data=OFFER, headers=SDP) as response:
            assert response.status == 201
            text = await response.text()
        async with client.delete(serve.url + response.headers["Location"]):
            return {line.split()[4] for line in text.splitlines() if line.startswith("a=candidate")}

    async def ip(*arguments):
        process = await asyncio.create_subprocess_exec("ip", "addr", *arguments)
        assert await process.wait() == 0

    async with Serve() as serve:
        assert "fd00::7" not in await candidates(serve)
        await ip("add", "fd00::7/64", "dev", "peer0", "nodad")
        while "fd00::7" not in await candidates(serve):
            pass
        await ip("del", "fd00::7/64", "dev", "peer0")
        while "fd00::7" in await candidates(serve):
            pass
