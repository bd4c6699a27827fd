#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the records of a SlotStore: slot, sequence, content in hex. Written from docs/formats.md."""
import struct
import sys

from read_log import crc32c


def header(data, at):
    copy = data[at : at + 32]
    magic, version, crc, ident, slot_bytes, slots = struct.unpack("<8sIIQII", copy)
    if magic != b"p4jSlot1" or crc != crc32c(copy[:12] + copy[16:]):
        return None
    assert version == 1, version
    return ident, slot_bytes, slots


with open(sys.argv[1], "rb") as store:
    content = store.read()
found = header(content, 0) or header(content, 4096)
if not found:
    sys.exit("no header")
store_id, size, count = found
stride = (16 + size + 63) // 64 * 64
for slot in range(count):
    place = 8192 + slot * stride
    length, checksum, sequence = struct.unpack_from("<IIQ", content, place)
    if length == 0 or length - 1 > size:
        continue
    record = content[place : place + 16 + length - 1]
    if checksum == crc32c(struct.pack("<QQ", store_id, slot) + record[:4] + record[8:]):
        print(slot, sequence, record[16:].hex())
