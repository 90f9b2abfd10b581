"""Browsers and aiortc offer to `peer serve`, which answers and echoes every message."""

from media import Media
from remote import Channel
from tool import Serve

MESSAGES = ["hello", "", "grüße, 世界 🌍", "a\0b", b"", bytes(range(256)), b"\0", "x" * 1_200, bytes(1_201)]
CHANNELS = [
    Channel("plain"),
    Channel("unordered", {"ordered": False}),
    Channel("counted", {"maxRetransmits": 3}),
    Channel("never again", {"ordered": False, "maxRetransmits": 0}),
    Channel("timed", {"maxPacketLifeTime": 500}),
    Channel("named", {"protocol": "a protocol"}),
]


async def test_every_message_comes_back_as_it_was_sent(remote, record_path):
    async with Serve() as serve:
        session = await remote()
        await session.offer(serve.endpoint, [Channel("echo")])
        await session.opened("echo")
        for message in MESSAGES:
            await session.send("echo", message)
        assert await session.receive("echo", len(MESSAGES)) == MESSAGES
        await record_path(session)


async def test_channels_of_every_kind_open_and_carry_messages(remote):
    async with Serve() as serve:
        session = await remote()
        await session.offer(serve.endpoint, CHANNELS)
        for channel in CHANNELS:
            assert channel.options.items() <= (await session.opened(channel.label)).items()
        for channel in CHANNELS:
            await session.send(channel.label, channel.label)
        for channel in CHANNELS:
            assert await session.receive(channel.label, 1) == [channel.label]


async def test_a_negotiated_channel_carries_messages_on_its_id(remote):
    async with Serve("--negotiated", "42") as serve:
        session = await remote()
        await session.offer(serve.endpoint, [Channel("agreed", {"negotiated": True, "id": 42})])
        assert (await session.opened("agreed"))["id"] == 42
        await session.send("agreed", "both knew")
        assert await session.receive("agreed", 1) == ["both knew"]


async def test_channels_that_the_server_opens_arrive_and_echo(remote):
    async with Serve("--open", "ours", "--open", "ours too") as serve:
        session = await remote()
        await session.offer(serve.endpoint, [Channel("theirs")])
        ids = [(await session.opened(label))["id"] for label in ("ours", "ours too", "theirs")]
        assert len(set(ids)) == 3 and ids[0] % 2 == ids[1] % 2 != ids[2] % 2
        for label in ("ours", "ours too", "theirs"):
            await session.send(label, label)
            assert await session.receive(label, 1) == [label]


async def test_messages_of_a_quarter_mebibyte_come_back_whole(remote):
    async with Serve() as serve:
        session = await remote()
        await session.offer(serve.endpoint, [Channel("large")])
        await session.opened("large")
        size = min(256 * 1024, await session.maximum_message_size())
        assert size >= 65_536
        binary = (bytes(range(251)) * (size // 251 + 1))[:size]
        text = binary[: size // 2].hex()[:size]
        await session.send("large", binary)
        await session.send("large", text)
        assert await session.receive("large", 2) == [binary, text]


async def test_ten_thousand_messages_come_back_unharmed_and_in_order(remote):
    async with Serve() as serve:
        session = await remote()
        await session.offer(serve.endpoint, [Channel("flood")])
        await session.opened("flood")
        sent, received = await session.flood("flood", 10_000)
        assert received == sent


async def test_a_channel_that_they_close_is_closed_and_the_others_go_on(remote):
    async with Serve() as serve:
        session = await remote()
        await session.offer(serve.endpoint, [Channel("short"), Channel("long")])
        await session.opened("short")
        await session.close("short")
        await session.closed("short")
        await session.opened("long")
        await session.send("long", "still here")
        assert await session.receive("long", 1) == ["still here"]


async def test_a_channel_that_the_server_closes_is_closed_and_the_others_go_on(remote):
    async with Serve() as serve:
        session = await remote()
        await session.offer(serve.endpoint, [Channel("short"), Channel("long")])
        await session.opened("short")
        await session.send("short", "close-me")
        await session.closed("short")
        await session.opened("long")
        await session.send("long", "still here")
        assert await session.receive("long", 1) == ["still here"]


async def test_candidates_may_follow_the_offer(remote, record_path):
    async with Serve() as serve:
        session = await remote()
        offer, _ = await session.offer(serve.endpoint, [Channel("echo")], trickle=True)
        statuses = await session.trickled()
        assert len(statuses) >= 2 and set(statuses) == {204}
        await session.opened("echo")
        await session.send("echo", "later")
        assert await session.receive("echo", 1) == ["later"]
        await record_path(session)


async def test_media_of_no_codec_in_common_are_rejected_and_the_channels_work(page_remote):
    # aiortc cannot take a rejected section: it wants ICE credentials in each.
    async with Serve() as serve:
        session = await page_remote()
        media = [Media("audio", "recvonly", "G722"), Media("video", "recvonly", "VP9")]
        _, answer = await session.offer(serve.endpoint, [Channel("echo")], media)
        assert [line.split()[1] == "0" for line in answer.splitlines() if line.startswith("m=")] == [True, True, False]
        await session.opened("echo")
        await session.send("echo", "without media")
        assert await session.receive("echo", 1) == ["without media"]


async def test_a_browser_that_hides_its_addresses_connects(hidden_remote, record_path):
    async with Serve() as serve:
        session = await hidden_remote()
        offer, _ = await session.offer(serve.endpoint, [Channel("echo")])
        assert ".local " in offer and "10.77.0.1" not in offer
        await session.opened("echo")
        await record_path(session)


async def test_deleting_the_session_ends_it(remote):
    async with Serve() as serve:
        session = await remote()
        await session.offer(serve.endpoint, [Channel("echo")])
        await session.opened("echo")
        assert await session.delete() in (200, 204)
        await session.closed("echo")


async def test_connections_are_independent_of_each_other(remote):
    async with Serve() as serve:
        sessions = [await remote() for _ in range(3)]
        for number, session in enumerate(sessions):
            await session.offer(serve.endpoint, [Channel("echo")])
            await session.opened("echo")
            await session.send("echo", str(number))
        for number, session in enumerate(sessions):
            assert await session.receive("echo", 1) == [str(number)]
        await sessions[0].delete()
        await sessions[0].closed("echo")
        await sessions[1].send("echo", "unmoved")
        assert await sessions[1].receive("echo", 1) == ["unmoved"]


async def test_they_refuse_us_when_the_answer_has_another_fingerprint(remote):
    async with Serve() as serve:
        session = await remote()
        await session.offer(serve.endpoint, [Channel("echo")], spoil_answer=True)
        assert await session.state("failed", "closed", "connected") != "connected"
        assert await session.delivered() == []


async def test_we_refuse_them_when_the_offer_has_another_fingerprint(remote):
    async with Serve("--open", "ours") as serve:
        session = await remote()
        await session.offer(serve.endpoint, [Channel("echo")], spoil_offer=True)
        await session.state("failed", "closed", "disconnected")
        assert await session.delivered() == []
        # The server has not suffered.
        other = await remote()
        await other.offer(serve.endpoint, [Channel("echo")])
        await other.opened("echo")


async def test_the_tool_has_a_page_of_its_own(browser):
    async with Serve() as serve:
        await browser.open(serve.url + "/")
        assert await browser.run("() => document.readyState") == "complete"
        assert await browser.run("() => document.body.innerText.length") > 0


async def test_a_person_can_connect_and_chat_on_that_page(browser):
    async with Serve() as serve:
        await browser.open(serve.url + "/")
        await browser.run("() => { document.querySelector('#connect').click(); }")
        shown = "(selector, text) => document.querySelector(selector).innerText.includes(text)"
        while not await browser.run(shown, "#log", "channel open"):
            pass
        await browser.run(
            "() => { document.querySelector('#text').value = 'hello there';"
            " document.querySelector('#chat').requestSubmit(); document.querySelector('#burst').click(); }"
        )
        said = "() => [...document.querySelectorAll('#log .in')].map(e => e.textContent)"
        while await browser.run(said) != ["hello there"]:
            pass
        # Both sides' numbers are on show, and the path is the one in use.
        while not await browser.run(shown, "#theirs", "→"):
            pass
        assert await browser.run(shown, "#state", "connected")
        await browser.run("() => { document.querySelector('#disconnect').click(); }")
        assert await browser.run(shown, "#summary", "not connected")
