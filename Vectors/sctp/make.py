#!/usr/bin/env python3
"""make.py PEER: what Chromium (dcSCTP), Firefox (usrsctp) and aiortc sent and got in the recorded sessions, one packet for each
combination of chunks. A line is the packet's chunk types, as tshark sees them, and the packet. Needs tshark."""
import pathlib
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
SCTP = 1


def packets(capture):
    """The IP packets of the interface with decrypted SCTP, with their frame numbers."""
    frame = 0
    while capture:
        kind, length = struct.unpack_from("<II", capture)
        if kind == 6:
            frame += 1
            interface, _, _, size = struct.unpack_from("<IIII", capture, 8)
            if interface == SCTP:
                yield frame, capture[28 : 28 + size]
        capture = capture[length:]


def main(peer):
    for session in sorted((HERE / "../sessions").glob("*.rtcrec")):
        with tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
            subprocess.run([peer, "replay", session, "--pcapng", file.name], check=True, stdout=subprocess.DEVNULL)
            fields = ["-e", "frame.number", "-e", "sctp.chunk_type"]
            said = subprocess.run(["tshark", "-r", file.name, "-Y", "sctp", "-T", "fields", *fields],
                                  check=True, capture_output=True, text=True).stdout
            types = dict(line.split("\t") for line in said.splitlines())
            capture = pathlib.Path(file.name).read_bytes()
        seen, lines = set(), []
        for frame, packet in packets(capture):
            header = 40 if packet[0] >> 4 == 6 else (packet[0] & 15) * 4
            chunks = types.get(str(frame))
            if chunks is None or (packet[12 : header], chunks) in seen or len(packet) > 700:
                continue
            seen.add((packet[12 : header], chunks))
            lines.append(f"{chunks} {packet[header:].hex()}")
        (HERE / f"{session.stem}.txt").write_text("\n".join(lines) + "\n")


main(sys.argv[1])
