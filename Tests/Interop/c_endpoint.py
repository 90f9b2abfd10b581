"""Tests/C/endpoint.c as a process: a peer behind esp_peer's interface, which sends back what it receives."""

import asyncio
import functools
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).parents[2]


def library():
    """Where libESPPeer.so is: $ESP_PEER_LIBRARY, or the newer of the debug and the release build."""
    if named := os.environ.get("ESP_PEER_LIBRARY"):
        return pathlib.Path(named)
    built = [ROOT / ".build" / each for each in ("debug", "release")]
    return max((each for each in built if (each / "libESPPeer.so").exists()), key=lambda each: (each / "libESPPeer.so").stat().st_mtime)


@functools.cache
def program():
    """$ESP_PEER_ENDPOINT, or the program as it is built here upon the library."""
    if named := os.environ.get("ESP_PEER_ENDPOINT"):
        return pathlib.Path(named).resolve()
    path = pathlib.Path(tempfile.mkdtemp(prefix="endpoint-"), "endpoint")
    headers, source = ROOT / "Sources/CESPPeer/include", ROOT / "Tests/C/endpoint.c"
    subprocess.run(
        ["cc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-g", "-fsanitize=address,undefined"]
        + [f"-I{headers}", source, "-o", path, f"-L{library()}", "-lESPPeer", f"-Wl,-rpath,{library()}"],
        check=True,
    )
    return path


class CEndpoint:
    """Use as `async with CEndpoint("channel", "pcma") as endpoint`. It ends in order, and must not leak."""

    def __init__(self, *words):
        self._words = words
        self._changed = asyncio.Condition()
        # What it said, its descriptions aside.
        self.lines = []
        self._descriptions = asyncio.Queue()

    async def __aenter__(self):
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(program(), *self._words, stdin=pipe, stdout=pipe)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, kind, *_):
        if self._process.returncode is None:
            self._process.stdin.write(b"quit\n")
        async with asyncio.timeout(10):
            status = await self._process.wait()
        await self._reader
        if kind is None:
            assert status == 0
            assert not [each for each in self.lines if each.startswith("error")]

    async def _read(self):
        while line := (await self._process.stdout.readline()).decode().rstrip("\n"):
            if line.startswith("sdp "):
                text = await self._process.stdout.readexactly(int(line.split()[1]))
                await self._descriptions.put(text.decode())
                continue
            async with self._changed:
                self.lines.append(line)
                self._changed.notify_all()

    async def _tell(self, kind, text):
        data = text.encode()
        self._process.stdin.write(f"{kind} {len(data)}\n".encode() + data)
        await self._process.stdin.drain()

    async def order(self, line):
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def said(self, start, count=1):
        """Once it has said so many lines that begin so: the last of them."""

        def found():
            return [each for each in self.lines if each.startswith(start)]

        async with self._changed:
            await self._changed.wait_for(lambda: len(found()) >= count)
        return found()[count - 1]

    # What `hub.Endpoint` asks of a session.

    async def answer(self, offer):
        await self._tell("sdp", offer)
        return await self._descriptions.get()

    async def add_candidate(self, candidate, _):
        await self._tell("candidate", candidate)

    # The other way round.

    async def offer(self):
        return await self._descriptions.get()

    async def take(self, answer):
        await self._tell("sdp", answer)
