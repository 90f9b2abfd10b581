#!/usr/bin/env python3
"""Writes the SRTP vectors of this folder: `python3 make.py`, with the package `cryptography`.

An implementation of RFC 3711 and RFC 7714 that shares nothing with libsrtp2. It checks itself first, by the key derivation
of RFC 3711 B.3, by the packets of RFC 7714 sections 16 and 17 (which start from session keys, as no public API does), and
by the reference packets of libsrtp2's own test/srtp_driver.c.
"""
import hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def h(text):
    return bytes.fromhex(text)


def ctr(key, iv, data):
    return Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor().update(data)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def derive(master, salt, label, size):
    """RFC 3711 section 4.3.1, key derivation rate 0; a 96-bit salt is padded on the right (RFC 7714 section 11)."""
    salt = salt.ljust(14, b"\0")
    x = xor(salt, bytes(7) + bytes([label]) + bytes(6))
    return ctr(master, x + b"\0\0", bytes(size))


def header_size(packet):
    size = 12 + 4 * (packet[0] & 15)
    if packet[0] & 0x10:
        size += 4 + 4 * int.from_bytes(packet[size + 2:size + 4], "big")
    return size


class GCM:
    def __init__(self, keys):  # session keys: (RTP key, RTP salt, RTCP key, RTCP salt)
        self.key, self.salt, self.control_key, self.control_salt = keys

    @classmethod
    def master(cls, key, salt):
        return cls([derive(key, salt, 0, len(key)), derive(key, salt, 2, 12),
                    derive(key, salt, 3, len(key)), derive(key, salt, 5, 12)])

    def rtp(self, packet, roll_over):
        size = header_size(packet)
        iv = xor(self.salt, b"\0\0" + packet[8:12] + roll_over.to_bytes(4, "big") + packet[2:4])
        return packet[:size] + AESGCM(self.key).encrypt(iv, packet[size:], packet[:size])

    def rtcp(self, packet, index, encrypted=True):
        iv = xor(self.control_salt, b"\0\0" + packet[4:8] + b"\0\0" + index.to_bytes(4, "big"))
        word = (index | (0x80000000 if encrypted else 0)).to_bytes(4, "big")
        clear = 8 if encrypted else len(packet)
        return packet[:clear] + AESGCM(self.control_key).encrypt(iv, packet[clear:], packet[:clear] + word) + word


class CounterMode:
    def __init__(self, key, salt):
        self.keys = [derive(key, salt, label, size) for label, size in enumerate([16, 20, 14, 16, 20, 14])]

    def iv(self, salt, ssrc, index):
        return xor(xor((salt + b"\0\0"), (b"\0" * 4 + ssrc + b"\0" * 8)), (index << 16).to_bytes(16, "big"))

    def rtp(self, packet, roll_over):
        key, auth, salt = self.keys[:3]
        size = header_size(packet)
        index = roll_over << 16 | int.from_bytes(packet[2:4], "big")
        out = packet[:size] + ctr(key, self.iv(salt, packet[8:12], index), packet[size:])
        return out + hmac.digest(auth, out + roll_over.to_bytes(4, "big"), "sha1")[:10]

    def rtcp(self, packet, index, encrypted=True):
        key, auth, salt = self.keys[3:]
        out = packet
        if encrypted:
            out = packet[:8] + ctr(key, self.iv(salt, packet[4:8], index), packet[8:])
        out += (index | (0x80000000 if encrypted else 0)).to_bytes(4, "big")
        return out + hmac.digest(auth, out, "sha1")[:10]


def check():
    # RFC 3711 B.3
    key, salt = h("E1F97A0D3E018BE0D64FA32C06DE4139"), h("0EC675AD498AFEEBB6960B3AABE6")
    assert derive(key, salt, 0, 16) == h("C61E7A93744F39EE10734AFE3FF7A087")
    assert derive(key, salt, 2, 14) == h("30CBBC08863D8C85D49DB34A9AE1")
    assert derive(key, salt, 1, 94)[:32] == h("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE")
    # RFC 7714 16.1.1, 16.2.1, 17.1 to 17.4
    gallia = h("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
    report = h("81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61") + h("deadbeef") * 5
    short, long, quid = bytes(range(16)), bytes(range(32)), b"Quid pro quo"
    assert GCM([short, quid] * 2).rtp(gallia, 0) == gallia[:12] + h(
        "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
        "899d7f27beb16a9152cf765ee4390cce")
    assert GCM([long, quid] * 2).rtp(gallia, 0) == gallia[:12] + h(
        "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
        "7aa3db36dfffd6b0f9bb7878d7a76c13")
    assert GCM([short, quid] * 2).rtcp(report, 0x5D4) == report[:8] + h(
        "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b"
        "c84aa45896cf4d2fc5abf87245d9eade800005d4")
    assert GCM([long, quid] * 2).rtcp(report, 0x5D4) == report[:8] + h(
        "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad"
        "1d1eb30c4446839f57ff6f6cb26ac3be800005d4")
    assert GCM([short, quid] * 2).rtcp(report, 0x5D4, False) == report + h("841dd9683dd78ec92ae58790125f62b3000005d4")
    assert GCM([long, quid] * 2).rtcp(report, 0x5D4, False) == report + h("91db4afbfeee5a978fab4393ed2615fe000005d4")
    # libsrtp2 test/srtp_driver.c: srtp_validate(), srtp_validate_gcm()
    plain = h("800f1234decafbadcafebabe") + b"\xab" * 16
    control = h("81c8000bcafebabe") + b"\xab" * 16
    driver = CounterMode(key, salt)
    assert driver.rtp(plain, 0) == plain[:12] + h("4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb")
    assert driver.rtcp(control, 1) == control[:8] + h("7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798")
    driver = GCM.master(short, bytes(range(0xA0, 0xAC)))
    assert driver.rtp(plain, 0) == plain[:12] + h("c5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392")
    assert driver.rtcp(control, 1) == control[:8] + h(
        "c98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001")


def rtp(sequence, ssrc, payload, first=0x80, middle=b""):
    return bytes([first, 96]) + sequence.to_bytes(2, "big") + h("0001e240") + ssrc.to_bytes(4, "big") + middle + payload


def write(name, make, key_size, salt_size):
    client, server = bytes(range(1, 1 + key_size)), bytes(range(101, 101 + key_size))
    client_salt, server_salt = bytes(range(201, 201 + salt_size)), bytes(range(33, 33 + salt_size))
    sender = make(client, client_salt)
    lines = ["# Keying material as of RFC 5764 section 4.2; then, in this order, what the client sends: plain, protected.",
             "material " + (client + server + client_salt + server_salt).hex()]
    payload = b"Gallia est omnis divisa in partes tres"
    # Two SSRCs; the roll-over counter goes to 2, with a late packet of the counter before.
    for sequence, roll_over, ssrc in [
            (0xF17B, 0, 0x5501A0B2), (1, 0, 0xCAFEBABE), (0xFFFF, 0, 0x5501A0B2), (1, 1, 0x5501A0B2), (0xFFFE, 0, 0x5501A0B2),
            (0, 1, 0x5501A0B2), (0x6000, 1, 0x5501A0B2), (0xC000, 1, 0x5501A0B2), (0x2000, 2, 0x5501A0B2),
            (2, 0, 0xCAFEBABE)]:
        packet = rtp(sequence, ssrc, payload)
        lines.append(f"rtp {packet.hex()} {sender.rtp(packet, roll_over).hex()}")
    # CSRCs and a header extension; no payload; a long payload.
    for packet in [rtp(3, 0xCAFEBABE, payload, 0x92, h("0a0b0c0d01020304bede000210aa51010200 0000".replace(" ", ""))),
                   rtp(4, 0xCAFEBABE, b""), rtp(5, 0xCAFEBABE, bytes(i * 7 & 255 for i in range(1188)))]:
        lines.append(f"rtp {packet.hex()} {sender.rtp(packet, 0).hex()}")
    report = h("81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61") + h("deadbeef") * 5
    bye = h("81cb00015501a0b2")
    for index, packet in [(1, report), (2, report), (1, bye)]:
        lines.append(f"rtcp {packet.hex()} {sender.rtcp(packet, index).hex()}")
    lines.append("# To be received only: index 0, as RFC 3711 begins; an index far ahead; authenticated but not encrypted.")
    for index, encrypted in [(0, True), (0x5D4, True), (0x5D5, False)]:
        if encrypted or make is not CounterMode:
            lines.append(f"receive-rtcp {report.hex()} {sender.rtcp(report, index, encrypted).hex()}")
    with open(name + ".txt", "w") as file:
        file.write("\n".join(lines) + "\n")


check()
write("aead-aes-128-gcm", GCM.master, 16, 12)
write("aead-aes-256-gcm", GCM.master, 32, 12)
write("aes128-cm-sha1-80", CounterMode, 16, 14)
# libsrtp2's own packets as well, whose client key and salt are those of RFC 3711 B.3 and test_key_gcm.
for name, key, salt, packet, control in [
        ("libsrtp2-aes128-cm-sha1-80", "e1f97a0d3e018be0d64fa32c06de4139", "0ec675ad498afeebb6960b3aabe6", "4e55dc4ce79978d88ca4"
         "d215949d2402b78d6acc99ea179b8dbb", "7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"),
        ("libsrtp2-aead-aes-128-gcm", "000102030405060708090a0b0c0d0e0f", "a0a1a2a3a4a5a6a7a8a9aaab", "c5002ede04cfdd2eb911"
         "59e0880aa06ed2976826f796b201df3131a127e8a392", "c98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001")]:
    with open(name + ".txt", "w") as file:
        file.write("# test/srtp_driver.c of libsrtp 2.5.0; the server's key is zeros.\n"
                   f"material {key}{'00' * 16}{salt}{'00' * (len(salt) // 2)}\n"
                   f"rtp 800f1234decafbadcafebabe{'ab' * 16} 800f1234decafbadcafebabe{packet}\n"
                   f"rtcp 81c8000bcafebabe{'ab' * 16} 81c8000bcafebabe{control}\n")
