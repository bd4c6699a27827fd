#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the value of a DurableCell in hex. Written from docs/formats.md."""
import struct
import sys

from read_log import crc32c


def copy(data, at, room):
    magic, version, crc, sequence, length, units = struct.unpack_from("<8sIIQII", data, at)
    unset = length == 0xFFFFFFFF
    end = at + 32 + (0 if unset else length)
    if magic != b"p4jDCel1" or end > at + room:
        return None
    if crc != crc32c(data[at : at + 12] + data[at + 16 : end]):
        return None
    assert version == 1 and units * 4096 == room
    return sequence, None if unset else data[at + 32 : end]


with open(sys.argv[1], "rb") as cell:
    content = cell.read()
half = len(content) // 2 // 4096 * 4096
copies = [each for each in (copy(content, 0, half), copy(content, half, half)) if each]
if not copies:
    sys.exit("no whole copy")
value = max(copies, key=lambda each: each[0])[1]
print("unset" if value is None else value.hex())
