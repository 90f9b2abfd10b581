"""GStreamer's webrtcbin, behind the interface of remote.py as far as media need it."""

import asyncio
import dataclasses
import itertools
import json
import pathlib

import aiohttp
import yarl

CHILD = pathlib.Path(__file__).with_name("gst_peer.py")


class GStreamerSession:
    kind = "gstreamer"

    @classmethod
    async def create(cls):
        session = cls()
        session._process = await asyncio.create_subprocess_exec(
            "/usr/bin/python3", CHILD, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        session._ids = itertools.count(1)
        session._answers = {}
        session._reader = asyncio.create_task(session._read())
        return session

    async def _read(self):
        async for line in self._process.stdout:
            message = json.loads(line)
            answer = self._answers.pop(message["id"])
            if not answer.done():
                answer.set_result(message["result"])
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(RuntimeError("GStreamer has gone"))

    async def _do(self, verb, *arguments):
        request = {"id": next(self._ids), "verb": verb, "arguments": arguments}
        answer = self._answers[request["id"]] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        return await answer

    async def offer(self, endpoint, channels=(), media=()):
        """Offers to an HTTP endpoint and takes its answer; both, as text."""
        offer = await self._do("offer", [dataclasses.asdict(each) for each in media])
        async with aiohttp.ClientSession() as client:
            headers = {"Content-Type": "application/sdp"}
            async with client.post(endpoint, data=offer, headers=headers) as response:
                answer = await response.text()
                assert response.status == 201, f"{response.status} {answer} to {offer}"
                self.location = str(response.url.join(yarl.URL(response.headers["Location"])))
        await self._do("answered", answer)
        return offer, answer

    async def delete(self):
        async with aiohttp.ClientSession() as client, client.delete(self.location) as response:
            return response.status

    async def received(self, kind):
        counts = await self._do("counts")
        reports = await self._do("statistics")
        lost = sum(each.get("packets-lost", 0) for each in reports if each.get("kind") == kind)
        return {"frames": counts["received"].get(kind, 0), "lost": lost}

    async def sent(self, kind):
        frames = (await self._do("counts"))["sent"].get(kind, 0)
        # Of audio, each is a packet.
        return {"frames": frames} | ({"packets": frames} if kind == "audio" else {})

    async def picture(self):
        return await self._do("picture")

    async def tone(self):
        return await self._do("tone")

    async def pause(self):
        await self._do("pause")

    async def state(self):
        return await self._do("state")

    async def end(self):
        self._process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        finally:
            if self._process.returncode is None:
                self._process.kill()
            self._reader.cancel()
