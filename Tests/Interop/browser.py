"""A real browser with one page, driven over a WebSocket: Chromium by DevTools, Firefox by WebDriver BiDi."""

import asyncio
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import tempfile

import websockets

CHROMIUM = [
    "chromium",
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--mute-audio",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
]
# A page that may use the camera is told the addresses, which this interface without a face always grants.
SHOW_ADDRESSES = ["--disable-features=WebRtcHideLocalIpsWithMdns", "--use-fake-ui-for-media-stream"]

FIREFOX = ["firefox-esr", "--headless", "--no-remote", "--remote-debugging-port", "0"]
FIREFOX_PREFERENCES = {
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "media.autoplay.blocking_policy": 0,
    "media.autoplay.default": 0,
    "media.gmp-manager.updateEnabled": False,
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "remote.active-protocols": 1,  # BiDi alone
}

PAGE_SCRIPT = pathlib.Path(__file__).with_name("page.js").read_text()


class PageError(Exception):
    """A script in the page threw."""


class Browser:
    """Use `await Browser.launch(kind)` with "chromium" or "firefox"."""

    def __init__(self, kind, directory, process, log):
        self.kind = kind
        self._directory = directory
        self._process = process
        self._log = log
        self._ids = itertools.count(1)
        self._answers = {}
        self._loads = asyncio.Queue()
        # What the page wrote as errors, and what it threw, from `watch` on.
        self.problems = []

    @classmethod
    async def launch(cls, kind, hide_addresses=False):
        directory = tempfile.mkdtemp(prefix=f"{kind}-")
        if kind == "chromium":
            command = [*CHROMIUM, f"--user-data-dir={directory}", "about:blank"]
            if not hide_addresses:
                command[-1:-1] = SHOW_ADDRESSES
            listening = rb"DevTools listening on (ws://\S+)"
        else:
            preferences = FIREFOX_PREFERENCES | {"media.peerconnection.ice.obfuscate_host_addresses": hide_addresses}
            lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in preferences.items()]
            pathlib.Path(directory, "user.js").write_text("".join(lines))
            command = [*FIREFOX, "--profile", directory, "about:blank"]
            listening = rb"WebDriver BiDi listening on (ws://\S+)"
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"HOME": directory},
            start_new_session=True,
        )
        url = None
        async with asyncio.timeout(60):
            while url is None:
                line = await process.stderr.readline()
                if not line:
                    raise RuntimeError(f"{kind} ended before it listened")
                found = re.search(listening, line)
                url = found and found[1].decode()
        # A full pipe would stop the browser.
        browser = cls(kind, directory, process, asyncio.create_task(process.stderr.read()))
        await browser._connect(url)
        return browser

    async def _connect(self, url):
        suffix = "/session" if self.kind == "firefox" else ""
        self._socket = await websockets.connect(url + suffix, max_size=None, ping_interval=None)
        self._reader = asyncio.create_task(self._read())
        if self.kind == "chromium":
            targets = (await self._call("Target.getTargets"))["targetInfos"]
            target = next(each["targetId"] for each in targets if each["type"] == "page")
            attached = await self._call("Target.attachToTarget", targetId=target, flatten=True)
            self._session = attached["sessionId"]
            await self._call("Page.enable")
        else:
            await self._call("session.new", capabilities={})
            self._context = (await self._call("browsingContext.getTree"))["contexts"][0]["context"]

    async def _read(self):
        async for text in self._socket:
            message = json.loads(text)
            if "id" in message:
                answer = self._answers.pop(message["id"])
                if not answer.done():
                    answer.set_result(message)
            elif message.get("method") == "Page.loadEventFired":
                self._loads.put_nowait(None)
            elif message.get("method") == "Runtime.exceptionThrown":
                self.problems.append(message["params"]["exceptionDetails"])
            elif message.get("method") == "Runtime.consoleAPICalled":
                self.problems.append(message["params"]["args"])
            elif message.get("method") == "Log.entryAdded":
                self.problems.append(message["params"]["entry"])
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(RuntimeError(f"{self.kind} has gone"))

    async def _call(self, method, **parameters):
        message = {"id": next(self._ids), "method": method, "params": parameters}
        if self.kind == "chromium" and not method.startswith("Target."):
            message["sessionId"] = self._session
        answer = self._answers[message["id"]] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps(message))
        reply = await answer
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply}")
        return reply["result"]

    async def watch(self):
        """Chromium alone: notes what goes wrong in its pages from now on."""
        await self._call("Runtime.enable")
        await self._call("Log.enable")

    async def scheme(self, name):
        """Chromium alone: "light" or "dark", as the system would tell."""
        await self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    async def mouse(self, kind, x, y, clicks=1):
        """Chromium alone: "mousePressed", "mouseMoved" or "mouseReleased"."""
        held = {} if kind == "mouseMoved" else {"button": "left", "clickCount": clicks}
        await self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **held)

    async def open(self, url):
        """Leaves the page, and with it every connection of it, for another one with the page script in it."""
        if self.kind == "chromium":
            while not self._loads.empty():
                self._loads.get_nowait()
            await self._call("Page.navigate", url=url)
            await self._loads.get()
        else:
            await self._call("browsingContext.navigate", context=self._context, url=url, wait="complete")
        await self.run("async () => {" + PAGE_SCRIPT + "; window.rtc = rtc; }")

    async def run(self, function, *arguments):
        """Calls a JavaScript function (its source) with JSON arguments; its JSON result, awaited."""
        call = f"({function})({', '.join(json.dumps(each) for each in arguments)})"
        expression = f"(async () => JSON.stringify(await {call}))()"
        if self.kind == "chromium":
            result = await self._call(
                "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
            )
            if "exceptionDetails" in result:
                details = result["exceptionDetails"]
                raise PageError(details.get("exception", {}).get("description") or details["text"])
            value = result["result"].get("value")
        else:
            result = await self._call(
                "script.evaluate",
                expression=expression,
                target={"context": self._context},
                awaitPromise=True,
                userActivation=True,
            )
            if result["type"] == "exception":
                raise PageError(result["exceptionDetails"]["text"])
            value = result["result"].get("value")
        return None if value is None else json.loads(value)

    async def close(self):
        await self._socket.close()
        self._reader.cancel()
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                break
            try:
                async with asyncio.timeout(5):
                    await self._process.wait()
                    break
            except TimeoutError:
                continue
        self._log.cancel()
        shutil.rmtree(self._directory, ignore_errors=True)
