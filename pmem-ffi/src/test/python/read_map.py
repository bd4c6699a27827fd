#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the entries of a DurableMap: key and value in hex, in order. Written from docs/formats.md."""
import struct
import sys

from read_log import crc32c

PAGE = 4096


def header(data, at):
    copy = data[at : at + 32]
    magic, version, crc, ident, page_bytes = struct.unpack_from("<8sIIQI", copy)
    if magic != b"p4jDMap1" or crc != crc32c(copy[:12] + copy[16:]):
        return None
    assert version == 1 and page_bytes == PAGE, (version, page_bytes)
    return copy[16:24]


def page(word, sequence=None):
    """Returns the page that a pointer names, or None if it is not whole."""
    number, crc = word & 0xFFFFFFFF, word >> 32
    used = struct.unpack_from("<I", content, number * PAGE + 4)[0] if number else 0
    if not 32 <= used <= PAGE:
        return None
    found = content[number * PAGE : number * PAGE + used]
    whole = crc == crc32c(map_id + found)
    written = struct.unpack_from("<Q", found, 8)[0]
    return found if whole and sequence in (None, written) else None


def pointer(data, at):
    word, sequence = struct.unpack_from("<QQ", data, at)
    return word, sequence & ~(1 << 63)


def value(payload):
    word, sequence = pointer(payload, 0)
    parts = []
    while word:
        part = page(word, sequence)
        parts.append(part[48:])
        word, sequence = pointer(part, 32)
    found = b"".join(parts)
    assert len(found) == struct.unpack_from("<I", payload, 16)[0]
    return found


def entries(node):
    kind, level, count = struct.unpack_from("<BBH", node)
    starts = list(struct.unpack_from("<%dH" % count, node, 32)) + [len(node)]
    for start, end in zip(starts, starts[1:]):
        length = struct.unpack_from("<H", node, start)[0]
        key_end = start + 2 + (length & 0x7FFF)
        payload = node[key_end:end]
        if kind & 0x7F == 1:
            yield node[start + 2 : key_end], value(payload) if length & 0x8000 else payload
        else:
            yield from entries(page(*pointer(payload, 0)))


with open(sys.argv[1], "rb") as store:
    content = store.read()
map_id = header(content, 0) or header(content, PAGE)
if not map_id:
    sys.exit("no header")
roots = []
for slot in range(2):
    (root_word,) = struct.unpack_from("<Q", content, slot * PAGE + 512)
    root = page(root_word)
    if root:
        roots.append((struct.unpack_from("<Q", root, 8)[0], root))
total = 0
if roots:
    newest = max(roots)[1]
    for k, v in entries(newest):
        print(k.hex(), v.hex())
        total += 1
    assert total == struct.unpack_from("<Q", newest, 16)[0]
