"""`peer connect` offers to browsers and aiortc, which answer and echo every message."""

import asyncio

import pytest

from tool import connect


async def test_our_messages_come_back(remote, hub, record_path):
    session = await remote(echoes=True)
    endpoint = hub.endpoint(session)
    running = asyncio.create_task(connect(endpoint.url))
    await session.state("connected")
    await record_path(session)
    status, report = await running
    assert status == 0, report
    assert await session.delivered() != []


@pytest.mark.parametrize("size", [0, 1, 1_200, 65_536, 262_144])
async def test_messages_of_every_size_come_back(remote, hub, size):
    session = await remote(echoes=True)
    endpoint = hub.endpoint(session)
    status, report = await connect(endpoint.url, "--messages", "10", "--size", str(size))
    assert status == 0, report


async def test_ten_thousand_messages_come_back(remote, hub):
    session = await remote(echoes=True)
    endpoint = hub.endpoint(session)
    status, report = await connect(endpoint.url, "--messages", "10000", "--size", "700")
    assert status == 0, report


async def test_a_browser_that_hides_its_addresses_is_reached(hidden_remote, hub):
    session = await hidden_remote(echoes=True)
    endpoint = hub.endpoint(session)
    status, report = await connect(endpoint.url)
    assert status == 0, report
    assert ".local " in endpoint.answer


async def test_we_end_what_we_began(remote, hub):
    session = await remote(echoes=True)
    endpoint = hub.endpoint(session)
    status, report = await connect(endpoint.url)
    assert status == 0, report
    await endpoint.deleted.wait()


async def test_we_refuse_them_when_the_answer_has_another_fingerprint(remote, hub):
    session = await remote(echoes=True)
    endpoint = hub.endpoint(session, spoil_answer=True)
    status, _ = await connect(endpoint.url)
    assert status != 0
    assert await session.delivered() == []


async def test_they_refuse_us_when_the_offer_has_another_fingerprint(remote, hub):
    session = await remote(echoes=True)
    endpoint = hub.endpoint(session, spoil_offer=True)
    running = asyncio.create_task(connect(endpoint.url))
    await session.state("failed", "closed", "disconnected")
    status, _ = await running
    assert status != 0
    assert await session.delivered() == []
