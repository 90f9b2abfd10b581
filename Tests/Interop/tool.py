"""The tool under test, as a process."""

import asyncio
import itertools
import json
import os
import pathlib
import signal

import aiohttp

ROOT = pathlib.Path(__file__).resolve().parents[2]
MEDIA = ROOT / "Vectors/media"
ADDRESS = "10.77.0.1"  # see `run`
PORTS = itertools.count(20_000)  # the namespace is ours alone


def binary():
    """$PEER, else the build that was made last."""
    if "PEER" in os.environ:
        return os.environ["PEER"]
    built = [ROOT / ".build" / each / "peer" for each in ("debug", "release")]
    built = [each for each in built if each.exists()]
    if not built:
        raise RuntimeError("no tool: run `swift build --product peer`, or set PEER")
    return max(built, key=lambda each: each.stat().st_mtime)


class Serve:
    """`async with Serve(options...) as serve`: `peer serve` until the end of the block."""

    def __init__(self, *options):
        self._options = options
        self.port = next(PORTS)
        self.url = f"http://127.0.0.1:{self.port}"
        self.endpoint = f"{self.url}/echo"
        self.whip = f"{self.url}/whip"
        self.whep = f"{self.url}/whep"

    async def __aenter__(self):
        listen = ["--host", "127.0.0.1", "--port", str(self.port), "--advertise", ADDRESS]
        self._process = await asyncio.create_subprocess_exec(
            binary(), "serve", *listen, *self._options, stdin=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(20):
            while not await self._accepts():
                if self._process.returncode is not None:
                    raise RuntimeError(f"peer serve ended with {self._process.returncode}")
        return self

    async def media(self, session):
        """The server's own numbers of a remote's media."""
        async with aiohttp.ClientSession() as client, client.get(session.location) as response:
            assert response.status == 200
            return (await response.json())["media"]

    async def medium(self, session, kind):
        """Those of the first medium of that kind."""
        return next((each for each in await self.media(session) if each["kind"] == kind), None)

    async def _accepts(self):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            # There is nothing to wait on until the port exists.
            await asyncio.sleep(0.02)
            return False
        writer.close()
        return True

    async def __aexit__(self, *_):
        if self._process.returncode is not None:
            raise RuntimeError(f"peer serve ended early with {self._process.returncode}")
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise RuntimeError("peer serve did not end on SIGTERM") from None


async def client(verb, url, *options):
    """Runs `peer connect`, `publish` or `play`: its exit status, and the last line that it printed, decoded."""
    process = await asyncio.create_subprocess_exec(
        binary(), verb, url, "--json", *options, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = [line for line in output.decode().splitlines() if line.startswith("{")]
    return process.returncode, json.loads(lines[-1]) if lines else None


async def connect(url, *options):
    return await client("connect", url, *options)
