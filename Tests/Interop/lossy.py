"""A bad network between a client and `peer serve`: a relay that holds back datagrams and loses some.

It stands in the HTTP exchange, too: the server learns no address of the client's, and the client only the relay's."""

import asyncio
import random
import re

import aiohttp
from aiohttp import web

from tool import ADDRESS


def at_random(share, source):
    """Loses each with the same probability."""
    while True:
        yield source.random() < share


def in_bursts(share, mean, source):
    """Gilbert's and Elliott's model: a bad state that loses all, of `mean` datagrams on average, for this share of them."""
    is_bad = False
    while True:
        leave = 1 / mean if is_bad else share / (1 - share) / mean
        is_bad ^= source.random() < leave
        yield is_bad


def regularly(length, of, _):
    """Loses the last `length` of each `of`: with as many good ones between bursts, what is asked for again does come."""
    while True:
        yield from [False] * (of - length)
        yield from [True] * length


class Pipe(asyncio.DatagramProtocol):
    """A socket. What comes is handed on after the delay, unless it is lost."""

    def __init__(self, link, hand_on):
        self._link = link
        self._hand_on = hand_on
        self._losses = link.losses()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        self._link.carried += 1
        if self._link.is_cut or self._link.is_losing and next(self._losses):
            self._link.lost += 1
        else:
            asyncio.get_running_loop().call_later(self._link.delay, self._pass, data, sender)

    def _pass(self, data, sender):
        # What is under way when the link ends goes nowhere.
        if not self.transport.is_closing():
            self._hand_on(data, sender)


class LossyLink:
    """`async with LossyLink(serve, model) as link`: its `url` stands for the server's.

    `model` makes losses from a random source. While `is_cut` nothing passes, and while not `is_losing` nothing is lost.
    """

    def __init__(self, serve, model, delay=0.05):
        self._serve = serve
        self._model = model
        self._source = random.Random(7)
        self._relays = []
        self.delay = delay
        self.is_losing = True
        self.is_cut = False
        self.carried = 0
        self.lost = 0

    def losses(self):
        return self._model(random.Random(self._source.random()))

    async def __aenter__(self):
        application = web.Application()
        application.router.add_route("OPTIONS", "/{path:.*}", self._forward)
        application.router.add_route("*", "/session/{id}", self._session)
        application.router.add_post("/{path}", self._offer)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = "http://127.0.0.1:%d" % self._runner.addresses[0][1]
        self._client = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_):
        await self._client.close()
        await self._runner.cleanup()
        for each in self._relays:
            each.abort()

    async def _forward(self, request, change=lambda text: text):
        headers = {name: request.headers[name] for name in ("Content-Type", "If-Match") if name in request.headers}
        body = change(await request.text())
        async with self._client.request(request.method, self._serve.url + request.path, data=body, headers=headers) as response:
            kept = ("Content-Type", "Location", "ETag")
            headers = {k: v for k, v in response.headers.items() if k in kept or k.startswith("Access-Control")}
            return web.Response(status=response.status, body=await response.read(), headers=headers)

    async def _session(self, request):
        # The client's candidates are not for the server.
        return web.Response(status=204) if request.method == "PATCH" else await self._forward(request)

    async def _offer(self, request):
        response = await self._forward(request, lambda offer: re.sub(r"a=candidate:.*\r\n", "", offer))
        answer = response.text
        if response.status == 201:
            found = re.search(rf"a=candidate:.* {re.escape(ADDRESS)} (\d+) typ host", answer)
            port = await self._relay((ADDRESS, int(found[1])))
            line = f"a=candidate:1 1 udp 2130706431 {ADDRESS} {port} typ host\r\na=end-of-candidates"
            answer = re.sub(r"a=candidate:.*\r\n", "", answer).replace("a=end-of-candidates", line, 1)
            response.text = answer
        return response

    async def _relay(self, server):
        """A socket for clients, whose port it gives, and one for each client towards the server."""
        loop = asyncio.get_running_loop()
        towards_server = {}

        async def begin(client):
            _, pipe = await loop.create_datagram_endpoint(
                lambda: Pipe(self, lambda data, _: front.transport.sendto(data, client)), local_addr=(ADDRESS, 0)
            )
            self._relays.append(pipe.transport)
            return pipe

        def to_server(data, client):
            if client not in towards_server:
                towards_server[client] = asyncio.create_task(begin(client))
            towards_server[client].add_done_callback(lambda task: task.result().transport.sendto(data, server))

        _, front = await loop.create_datagram_endpoint(lambda: Pipe(self, to_server), local_addr=(ADDRESS, 0))
        self._relays.append(front.transport)
        return front.transport.get_extra_info("sockname")[1]
