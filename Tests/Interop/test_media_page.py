"""A person publishes, watches and calls on the tool's own page."""

from media import is_picture, pictures, probe, reach
from tool import MEDIA, Serve

PICTURE = """(selector) => {
  const canvas = new OffscreenCanvas(32, 24).getContext("2d");
  canvas.drawImage(document.querySelector(selector), 0, 0, 32, 24);
  const { data } = canvas.getImageData(0, 0, 32, 24);
  return Array.from({ length: 32 * 24 }, (_, i) => data[4 * i]);
}"""
CLICK = "(selector) => { document.querySelector(selector).click(); }"
TEXT = "(selector) => document.querySelector(selector).innerText"
# A plot that has more than one colour has a line in it.
IS_DRAWN = """(selector) => {
  const canvas = document.querySelector(selector);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size > 1;
}"""


async def shows(browser, selector):
    first = await reach(lambda: browser.run(PICTURE, selector), is_picture)
    await reach(lambda: browser.run(PICTURE, selector), lambda now: is_picture(now) and now != first)


async def is_idle(browser):
    await reach(lambda: browser.run(TEXT, "#summary"), lambda text: "not connected" in text)


async def test_what_the_server_plays_can_be_watched(browser):
    async with Serve("--video", MEDIA / "vp8.ivf", "--audio", MEDIA / "opus.ogg") as serve:
        await browser.open(serve.url + "/")
        await browser.run(CLICK, "#play")
        await shows(browser, "#remote")
        await reach(lambda: browser.run(IS_DRAWN, "#bits"), bool)
        await browser.run(CLICK, "#disconnect")
        await is_idle(browser)


async def test_what_is_published_is_stored(browser, tmp_path):
    async with Serve("--save", tmp_path) as serve:
        await browser.open(serve.url + "/")
        await browser.run(CLICK, "#publish")
        if browser.kind == "chromium":  # Firefox's fake camera shows one colour
            await shows(browser, "#local")
        await reach(lambda: browser.run(TEXT, "#theirs"), lambda text: "video in" in text and "audio in" in text)
        await reach(lambda: browser.run(IS_DRAWN, "#bits"), bool)
        await browser.run(CLICK, "#disconnect")
        await is_idle(browser)
    (video,) = tmp_path.glob("*-video.*")
    assert (await probe(video))["nb_read_frames"] > 0 and len(await pictures(video)) > 0
    (audio,) = tmp_path.glob("*-audio.*")
    assert (await probe(audio))["nb_read_packets"] > 0


async def test_a_call_shows_both_pictures(browser):
    async with Serve() as serve:
        await browser.open(serve.url + "/")
        assert not await browser.run(IS_DRAWN, "#bits")
        await browser.run(CLICK, "#connect")
        if browser.kind == "chromium":
            await shows(browser, "#local")
            await shows(browser, "#remote")
        await reach(lambda: browser.run(TEXT, "#theirs"), lambda text: "video in" in text and "video out" in text)
        for plot in ("#bits", "#loss", "#rtt", "#level"):
            await reach(lambda: browser.run(IS_DRAWN, plot), bool)
        await browser.run(CLICK, "#disconnect")
        await is_idle(browser)
