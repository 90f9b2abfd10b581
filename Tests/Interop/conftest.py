import asyncio
import functools
import inspect

import pytest

from browser import Browser
from gstreamer import GStreamerSession
from hub import Hub
from remote import AiortcSession, PageSession

PATHS = []
# Seconds for a test without its fixtures. The slowest legitimate wait is for an ICE consent to expire.
LIMIT = 90


def pytest_collection_modifyitems(items):
    """Cancels a test that waits for something that never comes, so that its peers are put away in order."""
    for item in items:
        if inspect.iscoroutinefunction(item.obj):
            item.obj = limited(item.obj)


def limited(test):
    @functools.wraps(test)
    async def run(*arguments, **named):
        async with asyncio.timeout(LIMIT):
            await test(*arguments, **named)

    return run


@pytest.fixture(scope="session")
async def hub():
    hub = Hub()
    await hub.start()
    yield hub
    await hub.stop()


@pytest.fixture(scope="session")
async def browsers():
    """Browsers by kind, each launched when first asked for."""
    launched = {}

    async def get(kind):
        if kind not in launched:
            name, _, hidden = kind.partition("-")
            launched[kind] = await Browser.launch(name, hide_addresses=hidden == "hidden")
        return launched[kind]

    yield get
    for each in launched.values():
        await each.close()


@pytest.fixture(params=["chromium", "firefox", "aiortc"])
async def remote(request, hub, browsers):
    """Makes connections of one kind of peer. A page that is left takes its connections with it."""
    async for create in creator(request.param, hub, browsers):
        yield create


@pytest.fixture(params=["chromium", "firefox"])
async def page_remote(request, hub, browsers):
    """The same, by browsers alone."""
    async for create in creator(request.param, hub, browsers):
        yield create


@pytest.fixture(params=["chromium-hidden", "firefox-hidden"])
async def hidden_remote(request, hub, browsers):
    """The same, by a browser that shows mDNS names in place of its addresses, as it does to pages by default."""
    async for create in creator(request.param, hub, browsers):
        yield create


@pytest.fixture(params=["chromium", "firefox"])
async def browser(request, browsers):
    return await browsers(request.param)


@pytest.fixture
async def media_remote(hub, browsers):
    """Makes a connection of the kind of peer that a test names; those that were made are put away after it."""
    creators = []

    async def create(kind):
        each = creator(kind, hub, browsers)
        creators.append(each)
        return await (await anext(each))()

    yield create
    for each in creators:
        async for _ in each:
            raise AssertionError("a creator makes one remote")


async def creator(kind, hub, browsers):
    if kind == "gstreamer":
        session = await GStreamerSession.create()

        async def create():
            return session

        yield create
        await session.end()
        return
    if kind == "aiortc":
        sessions = []

        async def create(echoes=False):
            sessions.append(AiortcSession(echoes))
            return sessions[-1]

        yield create
        for session in sessions:
            await session.end()
        return
    browser = await browsers(kind)
    await browser.open(hub.url + "/")

    async def create(echoes=False):
        return await PageSession.create(browser, echoes)

    yield create
    await browser.open(hub.url + "/")


@pytest.fixture
def record_path(request):
    """Notes which candidates a connection uses, for the summary."""

    async def record(session):
        local, remote = await session.pair()
        PATHS.append(f"{request.node.name}: {local} <-> {remote}")

    return record


def pytest_terminal_summary(terminalreporter):
    if PATHS:
        terminalreporter.section("paths, as the other side saw them")
        for path in PATHS:
            terminalreporter.line(path)
