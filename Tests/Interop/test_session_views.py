"""What `peer replay` makes of recordings, read by tshark and by a browser."""

import asyncio
import struct
import subprocess

import pytest

from media import reach
from tool import ROOT, binary

# A Decryption Secrets Block.
SECRETS = struct.pack("<I", 10)
SESSIONS = ["chromium", "firefox", "aiortc", "chromium-media"]
CHECKSUMS = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "sctp.checksum:CRC-32c"]

# Every plot with what is drawn in it: shapes that have a size and a colour.
PLOTS = """() => Array.from(document.querySelectorAll(".plots svg"), (svg) => ({
  title: svg.getAttribute("aria-label"),
  shapes: Array.from(svg.querySelectorAll("path, rect.span, rect.bar, circle")).filter((shape) => {
    const box = shape.getBoundingClientRect(), style = getComputedStyle(shape);
    return box.width + box.height > 2 && style.visibility === "visible" && (style.fill !== "none" || style.stroke !== "none");
  }).length,
  width: svg.getBoundingClientRect().width,
}))"""
RANGE = """() => document.getElementById("range").textContent"""
COLOURS = """() => [document.body, document.querySelector(".curve")].map((each) => {
  const style = getComputedStyle(each);
  return style.backgroundColor + style.stroke;
})"""
# Where to point at: the first plot, at a share of its width.
PLACE = """(share) => {
  const svg = document.querySelector("svg.time");
  svg.scrollIntoView({ block: "end" });
  const box = svg.getBoundingClientRect();
  return [box.left + box.width * share, box.top + 18];
}"""
TIP = """() => { const tip = document.getElementById("tip"); return tip.hidden ? "" : tip.innerText; }"""
CLICK = "(selector) => { document.querySelector(selector).click(); }"


async def replay(name, *options):
    process = await asyncio.create_subprocess_exec(
        binary(), "replay", ROOT / f"Vectors/sessions/{name}.rtcrec", *options, stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


def tshark(file, wanted, *options, fields=("frame.number",)):
    """The fields of the frames that the filter lets through, a list for each frame."""
    columns = [option for field in fields for option in ("-e", field)]
    command = ["tshark", "-r", file, "-Y", wanted, "-T", "fields", *columns, *options]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
    return [line.split("\t") for line in output.splitlines()]


def blocks(capture):
    """The blocks of a pcapng file, which begin with their type and length."""
    while capture:
        (length,) = struct.unpack_from("<I", capture, 4)
        yield capture[:length]
        capture = capture[length:]


@pytest.mark.parametrize("name", SESSIONS)
async def test_tshark_reads_the_capture_and_decrypts_it(name, tmp_path):
    file = tmp_path / "session.pcapng"
    await replay(name, "--pcapng", file)
    assert file.stat().st_mode & 0o777 == 0o600
    # Both Finished messages, which are the first thing under the keys.
    assert len(tshark(file, "dtls.handshake.type == 20")) >= 2
    # The decrypted contents of every record of application data.
    records = tshark(file, "dtls.record.content_type == 23", fields=["dtls.record.content_type", "data.data"])
    assert len(records) >= 6
    assert all(contents.startswith("1388") for _, contents in records)
    # And the same once more, as packets.
    assert len(tshark(file, "sctp")) == sum(each.count(",") + 1 for each, _ in records)
    assert tshark(file, "sctp.chunk_type == 1") and tshark(file, "sctp.chunk_type == 0")
    if name != "chromium-media":
        assert tshark(file, 'sctp contains "both knew"')
    assert tshark(file, "_ws.malformed") == []
    bad = ["ip.checksum.status", "udp.checksum.status", "sctp.checksum.status"]
    for field in bad:
        assert tshark(file, f'{field} == "Bad"', *CHECKSUMS) == []
        assert tshark(file, f'{field} == "Good"', *CHECKSUMS)
    # It is the secrets in the file that decrypt.
    without = tmp_path / "without.pcapng"
    without.write_bytes(b"".join(block for block in blocks(file.read_bytes()) if block[:4] != SECRETS))
    assert len(tshark(without, "dtls")) == len(tshark(file, "dtls"))
    assert tshark(without, "dtls.handshake.type == 20") == []


async def test_tshark_knows_the_media(tmp_path):
    file = tmp_path / "session.pcapng"
    await replay("chromium-media", "--pcapng", file)
    # Opus and VP8, both ways.
    sources = {tuple(each) for each in tshark(file, "rtp", fields=["rtp.ssrc", "rtp.p_type"])}
    kinds = [kind for _, kind in sources]
    assert kinds.count("111") == 2 and kinds.count("96") == 2
    assert {kind for (kinds,) in tshark(file, "rtcp", fields=["rtcp.pt"]) for kind in kinds.split(",")} >= {"200", "201", "202", "205"}


@pytest.mark.parametrize("name", SESSIONS)
async def test_the_report_is_drawn(name, browsers, tmp_path):
    file = tmp_path / "report.html"
    await replay(name, "--report", file)
    browser = await browsers("chromium")
    await browser.watch()
    browser.problems.clear()
    await browser.open(file.as_uri())
    plots = await browser.run(PLOTS)
    titles = [each["title"] for each in plots]
    assert titles[:6] == ["States", "ICE checks and answers", "DTLS flights", "Bit rate", "Datagrams a second", "Round trip"]
    assert "SCTP windows" in titles
    assert ("Jitter and buffer" in titles) == (name == "chromium-media")
    assert [each for each in plots if each["shapes"] == 0 or each["width"] <= 500] == []
    assert browser.problems == []


async def test_a_damaged_recording_is_shown_up_to_the_damage(browsers, tmp_path):
    whole = (ROOT / "Vectors/sessions/chromium.rtcrec").read_bytes()
    damaged = tmp_path / "<b>damaged.rtcrec"
    damaged.write_bytes(whole[:5000] + b"\xff" * 8 + whole[5008:])
    file = tmp_path / "report.html"
    process = await asyncio.create_subprocess_exec(binary(), "replay", damaged, "--report", file, stderr=subprocess.PIPE)
    _, errors = await process.communicate()
    assert process.returncode != 0
    assert b"what follows it is not shown" in errors
    browser = await browsers("chromium")
    await browser.watch()
    browser.problems.clear()
    await browser.open(file.as_uri())
    assert "<b>damaged.rtcrec" in await browser.run("() => document.querySelector('h1').innerText")
    assert "what follows it is not shown" in await browser.run("() => document.querySelector('.problem').innerText")
    assert all(each["shapes"] > 0 for each in await browser.run(PLOTS))
    assert browser.problems == []


async def test_the_report_can_be_looked_around_in(browsers, tmp_path):
    file = tmp_path / "report.html"
    await replay("chromium-media", "--report", file)
    browser = await browsers("chromium")
    await browser.watch()
    browser.problems.clear()
    await browser.open(file.as_uri())
    whole = await browser.run(RANGE)
    assert whole.startswith("0 –")

    await browser.mouse("mouseMoved", *await browser.run(PLACE, 0.6))
    assert "connected" in await reach(lambda: browser.run(TIP), lambda text: text != "")
    # Drawing over a stretch zooms into it; a double click leads back.
    await browser.mouse("mousePressed", *await browser.run(PLACE, 0.5))
    await browser.mouse("mouseMoved", *await browser.run(PLACE, 0.6))
    await browser.mouse("mouseReleased", *await browser.run(PLACE, 0.6))
    zoomed = await reach(lambda: browser.run(RANGE), lambda text: text != whole)
    assert all(each["width"] > 500 for each in await browser.run(PLOTS))
    for clicks in (1, 2):
        await browser.mouse("mousePressed", *await browser.run(PLACE, 0.6), clicks)
        await browser.mouse("mouseReleased", *await browser.run(PLACE, 0.6), clicks)
    await reach(lambda: browser.run(RANGE), lambda text: text == whole)
    await browser.run(CLICK, "[data-view=setup]")
    await reach(lambda: browser.run(RANGE), lambda text: text not in (whole, zoomed))
    await browser.run(CLICK, "details summary")
    await reach(lambda: browser.run("() => document.querySelectorAll('.log div').length"), lambda count: count > 20)

    await browser.scheme("light")
    light = await browser.run(COLOURS)
    await browser.scheme("dark")
    assert all(a != b for a, b in zip(light, await browser.run(COLOURS)))
    assert browser.problems == []
