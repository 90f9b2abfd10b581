"""Remotes against a C program that was written for esp_peer's interface."""

import pytest

from c_endpoint import CEndpoint
from media import Media, reach, shows_a_moving_picture
from remote import Channel
from test_media_echo import hears_itself, sees_itself
from test_they_offer import CHANNELS, MESSAGES


async def test_messages_come_back_from_the_program_that_answers(remote, hub):
    session = await remote()
    async with CEndpoint("channel") as endpoint:
        await session.offer(hub.endpoint(endpoint).url, [Channel("echo")])
        await session.opened("echo")
        for message in MESSAGES:
            await session.send("echo", message)
        assert await session.receive("echo", len(MESSAGES)) == MESSAGES
        assert (await endpoint.said("opened")).endswith(" echo")


async def test_messages_come_back_from_the_program_that_offers(remote):
    session = await remote(echoes=True)
    async with CEndpoint("controlling", "channel", "hold") as endpoint:
        await endpoint.take(await session.answer(await endpoint.offer()))
        await endpoint.said("state channels-connected")
        await endpoint.order("open mine")
        assert (await endpoint.said("opened")).endswith(" mine")
        await endpoint.order("send and back")
        assert (await endpoint.said("text")).endswith(" and back")


async def test_channels_of_every_kind_and_trickled_candidates(remote, hub):
    session = await remote()
    async with CEndpoint("channel") as endpoint:
        await session.offer(hub.endpoint(endpoint).url, CHANNELS, trickle=True)
        for channel in CHANNELS:
            assert channel.options.items() <= (await session.opened(channel.label)).items()
            await session.send(channel.label, channel.label)
        for channel in CHANNELS:
            assert await session.receive(channel.label, 1) == [channel.label]
        await session.close("plain")
        assert (await endpoint.said("closed")).endswith(" plain")


async def test_a_flood_comes_back_unharmed(remote, hub):
    session = await remote()
    async with CEndpoint("channel") as endpoint:
        await session.offer(hub.endpoint(endpoint).url, [Channel("flood")])
        await session.opened("flood")
        sent, received = await session.flood("flood", 400)
        assert sent == received


async def test_addresses_behind_names(hidden_remote, hub):
    session = await hidden_remote()
    async with CEndpoint("channel") as endpoint:
        await session.offer(hub.endpoint(endpoint).url, [Channel("echo")])
        await session.opened("echo")
        await session.send("echo", "found all the same")
        assert await session.receive("echo", 1) == ["found all the same"]


async def test_a_wrong_fingerprint_ends_the_connection(page_remote, hub):
    session = await page_remote()
    async with CEndpoint("channel") as endpoint:
        await session.offer(hub.endpoint(endpoint, spoil_offer=True).url, [Channel("never")])
        await endpoint.said("state failed")


@pytest.mark.parametrize("audio", ["pcma", "pcmu", "opus"])
async def test_chromium_hears_itself_and_sees_itself(media_remote, hub, audio):
    session = await media_remote("chromium")
    async with CEndpoint("channel", audio, "h264") as endpoint:
        media = [Media("audio", codec=audio), Media("video", codec="H264")]
        await session.offer(hub.endpoint(endpoint).url, [Channel("beside")], media=media)
        await session.opened("beside")
        await reach(lambda: session.received("video"), lambda counts: counts["frames"] >= 30)
        await shows_a_moving_picture(session)
        await sees_itself(session)
        await hears_itself(session)
        for each in ("audio", "video"):
            assert (await session.received(each))["lost"] == 0
        assert (await endpoint.said("video 1 ")).startswith("video 1 ")


async def test_chromium_answers_audio_and_video_and_gets_them_back(media_remote):
    session = await media_remote("chromium")
    async with CEndpoint("controlling", "channel", "pcma", "h264") as endpoint:
        offer = await endpoint.offer()
        assert "a=setup:actpass" in offer and "PCMA/8000" in offer and "H264/90000" in offer
        await session.attach("audio")
        await session.attach("video")
        await endpoint.take(await session.answer(offer))
        await reach(lambda: session.received("video"), lambda counts: counts["frames"] >= 30)
        await sees_itself(session)
        await hears_itself(session)
