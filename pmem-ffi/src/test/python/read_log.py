#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the records of a DurableLog: position and payload in hex. Written from docs/formats.md."""
import struct
import sys

TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def header(data, at):
    copy = data[at : at + 64]
    magic, version, crc, sequence, ident, capacity, head, epoch, head_epoch, _ = struct.unpack(
        "<8sIIQQQQIIQ", copy
    )
    if magic != b"p4jDLog1" or crc != crc32c(copy[:12] + copy[16:]):
        return None
    assert version == 1, version
    return sequence, ident, capacity, head, head_epoch


def records(data):
    copies = [each for each in (header(data, 0), header(data, 4096)) if each]
    if not copies:
        sys.exit("no header")
    _, ident, capacity, head, last = max(copies)
    at = head
    while at < head + capacity:
        place = 8192 + at % capacity
        crc, length, epoch, _ = struct.unpack_from("<IIII", data, place)
        filler = length >> 31
        length &= 0x7FFFFFFF
        left = min(capacity - at % capacity, head + capacity - at)
        size = (16 + length + 15) // 16 * 16
        if epoch == 0 or epoch < last or size > left:
            return
        checked = 0 if filler else length
        record = data[place : place + 16 + checked]
        if crc != crc32c(struct.pack("<QQI", ident, at, 0) + record[4:]):
            return
        last = epoch
        if not filler:
            yield at, record[16:]
        at += size


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as log:
        for position, payload in records(log.read()):
            print(position, payload.hex())
