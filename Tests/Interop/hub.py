"""The harness's HTTP server: an empty page, and endpoints at which a remote peer answers our offers."""

import asyncio
import itertools

from aiohttp import web

from remote import spoil


class Endpoint:
    """Where one offer is answered, as in RFC 9725. `session` is the remote's connection, there from the beginning."""

    def __init__(self, session, url, spoil_offer, spoil_answer):
        self.session = session
        self.url = url
        self.spoil_offer = spoil_offer
        self.spoil_answer = spoil_answer
        self.offer = None
        self.answer = None
        self.deleted = asyncio.Event()


class Hub:
    def __init__(self):
        self._endpoints = {}
        self._ids = itertools.count(1)

    async def start(self):
        application = web.Application()
        application.router.add_get("/", self._page)
        application.router.add_post("/echo/{id}", self._offer)
        application.router.add_patch("/session/{id}", self._trickle)
        application.router.add_delete("/session/{id}", self._delete)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://127.0.0.1:%d" % self._runner.addresses[0][1]

    async def stop(self):
        await self._runner.cleanup()

    def endpoint(self, session, spoil_offer=False, spoil_answer=False):
        """A new endpoint that answers with `session`."""
        name = str(next(self._ids))
        endpoint = Endpoint(session, f"{self.url}/echo/{name}", spoil_offer, spoil_answer)
        self._endpoints[name] = endpoint
        return endpoint

    async def _page(self, _):
        return web.Response(text="<!doctype html><title>harness</title>", content_type="text/html")

    async def _offer(self, request):
        if request.content_type != "application/sdp":
            return web.Response(status=415)
        name = request.match_info["id"]
        endpoint = self._endpoints[name]
        endpoint.offer = await request.text()
        offer = spoil(endpoint.offer) if endpoint.spoil_offer else endpoint.offer
        endpoint.answer = await endpoint.session.answer(offer)
        answer = spoil(endpoint.answer) if endpoint.spoil_answer else endpoint.answer
        headers = {"Location": f"/session/{name}", "ETag": '"1"'}
        return web.Response(status=201, text=answer, content_type="application/sdp", headers=headers)

    async def _trickle(self, request):
        if request.content_type != "application/trickle-ice-sdpfrag":
            return web.Response(status=415)
        session = self._endpoints[request.match_info["id"]].session
        mid = None
        for line in (await request.text()).splitlines():
            if line.startswith("a=mid:"):
                mid = line.removeprefix("a=mid:")
            elif line.startswith("a=candidate:"):
                await session.add_candidate(line.removeprefix("a="), mid)
            elif line == "a=end-of-candidates":
                await session.add_candidate("", mid)
        return web.Response(status=204)

    async def _delete(self, request):
        self._endpoints[request.match_info["id"]].deleted.set()
        return web.Response(status=200)
