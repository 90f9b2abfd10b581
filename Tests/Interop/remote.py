"""Peers that are not ours, behind one interface: a page of a browser, or aiortc."""

import asyncio
import base64
import dataclasses
import hashlib
import itertools
import random
import re

import aiohttp
import yarl
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from aiortc_media import Picture, Sink, Sound


@dataclasses.dataclass
class Channel:
    """A channel to open. The options are those of RTCDataChannelInit."""

    label: str
    options: dict = dataclasses.field(default_factory=dict)


def spoil(sdp):
    """A description whose every fingerprint is of no certificate."""
    return re.sub(r"(a=fingerprint:\S+ )(..)", lambda m: m[1] + ("11" if m[2] == "00" else "00"), sdp)


def as_json(message):
    return {"text": message} if isinstance(message, str) else {"base64": base64.b64encode(message).decode()}


class PageSession:
    """A connection in a browser's page; page.js does the work."""

    _ids = itertools.count(1)

    def __init__(self, browser):
        self.kind = browser.kind
        self._browser = browser
        self._id = next(self._ids)

    @classmethod
    async def create(cls, browser, echoes=False):
        session = cls(browser)
        await session._do("create", echoes)
        return session

    async def _do(self, verb, *arguments):
        return await self._browser.run(f"(...all) => rtc.{verb}(...all)", self._id, *arguments)

    async def offer(self, endpoint, channels=(), media=(), trickle=False, spoil_offer=False, spoil_answer=False):
        """Offers to an HTTP endpoint and takes its answer; both, as text."""
        options = {
            "channels": [dataclasses.asdict(each) for each in channels],
            "media": [dataclasses.asdict(each) for each in media],
            "trickle": trickle,
            "spoilOffer": spoil_offer,
            "spoilAnswer": spoil_answer,
        }
        result = await self._do("offer", endpoint, options)
        self.location = result["location"]
        return result["offer"], result["answer"]

    async def answer(self, offer):
        """The answer to an offer, with all candidates in it."""
        return await self._do("answer", offer)

    async def add_candidate(self, candidate, mid):
        await self._do("addCandidate", {"candidate": candidate, "sdpMid": mid})

    async def trickled(self):
        """Once all candidates were sent: the status of each PATCH."""
        return await self._do("trickled")

    async def delete(self):
        return await self._do("delete")

    async def open(self, label, options):
        await self._do("open", label, options)

    async def opened(self, label):
        """Once the channel exists and is open: its properties."""
        return await self._do("opened", label)

    async def send(self, label, message):
        await self._do("send", label, as_json(message))

    async def receive(self, label, count):
        messages = await self._do("receive", label, count)
        return [each["text"] if "text" in each else base64.b64decode(each["base64"]) for each in messages]

    async def close(self, label):
        await self._do("close", label)

    async def closed(self, label):
        await self._do("closed", label)

    async def state(self, *wanted):
        return await self._do("state", list(wanted))

    async def pair(self):
        return await self._do("pair")

    async def flood(self, label, count):
        """Sends messages, takes the echoes: the hash of what was sent, and that of what came."""
        digests = await self._do("flood", label, count)
        return digests["sent"], digests["received"]

    async def maximum_message_size(self):
        return await self._do("maximumMessageSize")

    async def delivered(self):
        """Labels of channels that were ever open or got a message."""
        return await self._do("delivered")

    async def add(self, medium):
        """Has a medium in the next offer."""
        await self._do("add", dataclasses.asdict(medium))

    async def direct(self, kind, direction):
        """Wants another direction in the next offer."""
        await self._do("direct", kind, direction)

    async def stop(self, kind):
        """Ends a medium for good."""
        await self._do("stop", kind)

    async def offer_again(self):
        """Offers anew at the session's own address; both descriptions."""
        both = await self._do("offerAgain")
        return both["offer"], both["answer"]

    async def attach(self, kind):
        """Has a medium to send when it answers."""
        await self._do("attach", kind)

    async def received(self, kind):
        """What came of a medium: "codec", "packets", "lost", and of video "frames" that were decoded."""
        return await self._counts(kind, "inbound-rtp", packetsReceived="packets", packetsLost="lost", framesDecoded="frames")

    async def sent(self, kind):
        """What went of a medium: "codec", "packets", and of video "frames"."""
        return await self._counts(kind, "outbound-rtp", packetsSent="packets", framesSent="frames")

    async def _counts(self, kind, report, **names):
        reports = [each for each in await self._do("statistics", [report]) if each["kind"] == kind]
        # A stream that ended stays in the statistics; the last one is the one that runs.
        latest = reports[-1] if reports else {}
        return {"codec": latest.get("codec")} | {name: latest.get(key, 0) for key, name in names.items()}

    async def picture(self):
        """What is shown now: luminances of 32 times 24 points."""
        return await self._do("picture")

    async def own_picture(self):
        return await self._do("ownPicture")

    async def tone(self):
        """The loudest frequency and its level in decibels."""
        return await self._do("tone")

    async def pause(self):
        """Sends no more frames."""
        await self._do("pause")

    async def end(self):
        await self._do("end")


class AiortcSession:
    """A connection of aiortc's."""

    kind = "aiortc"

    def __init__(self, echoes=False):
        self._echoes = echoes
        # Without a configuration aiortc asks a public STUN server, and waits.
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._channels = {}
        self._received = {}
        self._delivered = set()
        self._waiting = []
        self.location = None
        self._statuses = []
        self._sources = {}
        self._sinks = {}
        self._connection.on("datachannel", self._adopt)
        self._connection.on("track", self._watch)
        self._connection.on("connectionstatechange", self._notify)

    def _notify(self, *_):
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def _until(self, predicate):
        while not predicate():
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    def _watch(self, track):
        self._sinks[track.kind] = Sink(track)
        self._notify()

    def _add(self, medium):
        source = Picture() if medium.kind == "video" else Sound()
        if medium.sends:
            self._sources[medium.kind] = source
        transceiver = self._connection.addTransceiver(source if medium.sends else medium.kind, direction=medium.direction)
        if medium.codec:
            names = [f"{medium.kind}/{each}".lower() for each in (medium.codec, "rtx")]
            codecs = RTCRtpSender.getCapabilities(medium.kind).codecs
            transceiver.setCodecPreferences([each for each in codecs if each.mimeType.lower() in names])

    def _adopt(self, channel):
        self._channels[channel.label] = channel
        self._received[channel.label] = asyncio.Queue()

        def message(data):
            self._delivered.add(channel.label)
            if self._echoes:
                channel.send(data)
            else:
                self._received[channel.label].put_nowait(data)

        def opened():
            self._delivered.add(channel.label)
            self._notify()

        channel.on("message", message)
        channel.on("open", opened)
        channel.on("close", self._notify)
        channel.on("bufferedamountlow", self._notify)
        if channel.readyState == "open":
            opened()
        self._notify()

    async def offer(self, endpoint, channels=(), media=(), trickle=False, spoil_offer=False, spoil_answer=False):
        for medium in media:
            self._add(medium)
        for each in channels:
            self._adopt(self._connection.createDataChannel(each.label, **each.options))
        await self._connection.setLocalDescription(await self._connection.createOffer())
        offer = self._connection.localDescription.sdp
        # aiortc gathers everything first; its candidates can be held back all the same.
        posted = re.sub(r"a=(candidate|end-of-candidates).*\r\n", "", offer) if trickle else offer
        if trickle:
            posted = posted.replace("a=setup", "a=ice-options:trickle\r\na=setup")
        async with aiohttp.ClientSession() as client:
            headers = {"Content-Type": "application/sdp"}
            data = spoil(posted) if spoil_offer else posted
            async with client.post(endpoint, data=data, headers=headers) as response:
                answer = await response.text()
                assert response.status == 201, f"{response.status} {answer}"
                assert response.content_type == "application/sdp"
                self.location = str(response.url.join(yarl.URL(response.headers["Location"])))
                tag = response.headers.get("ETag")
            spoiled = spoil(answer) if spoil_answer else answer
            await self._connection.setRemoteDescription(RTCSessionDescription(spoiled, "answer"))
            if trickle:
                lines = offer.split("\r\n")
                head = [next(l for l in lines if l.startswith(p)) for p in ("a=ice-ufrag", "a=ice-pwd", "m=", "a=mid")]
                for line in lines:
                    if line.startswith(("a=candidate", "a=end-of-candidates")):
                        headers = {"Content-Type": "application/trickle-ice-sdpfrag"} | ({"If-Match": tag} if tag else {})
                        body = "\r\n".join([*head, line, ""])
                        async with client.patch(self.location, data=body, headers=headers) as response:
                            self._statuses.append(response.status)
        return offer, answer

    async def answer(self, offer):
        await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return self._connection.localDescription.sdp

    async def add_candidate(self, candidate, mid):
        if not candidate:
            await self._connection.addIceCandidate(None)
            return
        parsed = candidate_from_sdp(candidate.removeprefix("candidate:"))
        parsed.sdpMid = mid
        await self._connection.addIceCandidate(parsed)

    async def trickled(self):
        return self._statuses

    async def delete(self):
        async with aiohttp.ClientSession() as client, client.delete(self.location) as response:
            return response.status

    async def opened(self, label):
        await self._until(lambda: label in self._channels and self._channels[label].readyState == "open")
        channel = self._channels[label]
        return {
            "ordered": channel.ordered,
            "maxRetransmits": channel.maxRetransmits,
            "maxPacketLifeTime": channel.maxPacketLifeTime,
            "protocol": channel.protocol,
            "negotiated": channel.negotiated,
            "id": channel.id,
        }

    async def send(self, label, message):
        self._channels[label].send(message)

    async def receive(self, label, count):
        return [await self._received[label].get() for _ in range(count)]

    async def close(self, label):
        self._channels[label].close()

    async def closed(self, label):
        await self._until(lambda: self._channels[label].readyState == "closed")

    async def state(self, *wanted):
        await self._until(lambda: self._connection.connectionState in wanted)
        return self._connection.connectionState

    async def pair(self):
        # Not public, and there is no other way: the statistics have no candidate pairs.
        pair = self._connection.sctp.transport.transport._connection._nominated[1]
        return [f"{each.type} udp {each.host}:{each.port}" for each in (pair.local_candidate, pair.remote_candidate)]

    async def flood(self, label, count):
        channel = self._channels[label]
        channel.bufferedAmountLowThreshold = 1 << 20
        source = random.Random(1)
        sent, received = hashlib.sha256(), hashlib.sha256()

        def add(digest, message):
            data = message.encode() if isinstance(message, str) else message
            digest.update(bytes([isinstance(message, str)]) + len(data).to_bytes(4, "big") + data)

        for number in range(count):
            message = source.randbytes(source.randrange(1500))
            if number % 2 == 0:
                message = message.hex()[:1500]
            add(sent, message)
            await self._until(lambda: channel.bufferedAmount < 4 << 20)
            channel.send(message)
        for message in await self.receive(label, count):
            add(received, message)
        return sent.hexdigest(), received.hexdigest()

    async def maximum_message_size(self):
        return self._connection.sctp._remote_max_message_size or 1 << 30

    async def delivered(self):
        return sorted(self._delivered)

    async def attach(self, kind):
        self._sources[kind] = Picture() if kind == "video" else Sound()
        self._connection.addTrack(self._sources[kind])

    async def _report(self, kind, name):
        all = (await self._connection.getStats()).values()
        return next((each for each in all if each.type == name and each.kind == kind), None)

    async def received(self, kind):
        report = await self._report(kind, "inbound-rtp")
        if report is None or kind not in self._sinks:
            return {"packets": 0, "lost": 0, "frames": 0}
        return {"packets": report.packetsReceived, "lost": report.packetsLost, "frames": self._sinks[kind].frames}

    async def sent(self, kind):
        report = await self._report(kind, "outbound-rtp")
        return {"packets": report.packetsSent if report else 0, "frames": self._sources[kind].frames}

    async def own_picture(self):
        return self._sources["video"].shown()

    async def picture(self):
        await self._until(lambda: "video" in self._sinks)
        return self._sinks["video"].picture()

    async def tone(self):
        await self._until(lambda: "audio" in self._sinks)
        return self._sinks["audio"].tone()

    async def pause(self):
        for source in self._sources.values():
            source.paused = True

    async def end(self):
        await self._connection.close()
