"""The C program that was written for esp_peer's interface against `peer serve`."""

import aiohttp

from c_endpoint import CEndpoint
from tool import Serve


async def test_messages_come_back_from_our_server():
    async with Serve() as serve, CEndpoint("controlling", "channel", "pcma", "hold") as endpoint:
        async with aiohttp.ClientSession() as client:
            sent = client.post(serve.endpoint, data=await endpoint.offer(), headers={"Content-Type": "application/sdp"})
            async with sent as response:
                assert response.status == 201
                await endpoint.take(await response.text())
        await endpoint.said("state channels-connected")
        await endpoint.order("open mine")
        assert (await endpoint.said("opened")).endswith(" mine")
        for number in range(1, 21):
            await endpoint.order(f"send message {number}")
            assert (await endpoint.said("text", number)).endswith(f" message {number}")
