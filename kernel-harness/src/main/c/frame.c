// SPDX-License-Identifier: Apache-2.0
#include "frame.h"

#include <stdlib.h>
#include <string.h>

/* One bit at a time would cost 30 ms for the largest frame under emulation. */
uint32_t crc32_ieee(uint32_t crc, const void *data, size_t length)
{
	static const uint32_t nibble[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *p = data;

	crc = ~crc;
	while (length--) {
		crc ^= *p++;
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

void frame_encode(struct bytes *out, uint32_t seq, uint16_t type, const void *payload,
		  uint32_t length)
{
	size_t start = out->length;

	bytes_u32(out, WIRE_MAGIC);
	bytes_u32(out, seq);
	bytes_u16(out, type);
	bytes_u16(out, 0);
	bytes_u32(out, length);
	bytes_append(out, payload, length);
	bytes_u32(out, crc32_ieee(0, out->at + start + 4, out->length - start - 4));
}

static void skip(struct decoder *d, size_t count, const char *why)
{
	bytes_drop_front(&d->in, count);
	d->skipped += count;
	if (!d->complaint)
		d->complaint = why;
}

/* Number of leading bytes that cannot be the start of a magic number. */
static size_t noise_before_magic(const struct bytes *in)
{
	uint8_t magic[4];
	size_t at;

	put_u32(magic, WIRE_MAGIC);
	for (at = 0; at < in->length; at++) {
		size_t left = in->length - at;

		if (!memcmp(in->at + at, magic, left < 4 ? left : 4))
			break;
	}
	return at;
}

/*
 * A damaged frame loses only its own magic: its length is as doubtful as the
 * rest, and a good frame may already be buffered after it.
 */
enum decoder_step decoder_next(struct decoder *d, struct frame *out)
{
	bytes_drop_front(&d->in, d->taken);
	d->taken = 0;
	for (;;) {
		size_t noise = noise_before_magic(&d->in);

		if (noise)
			skip(d, noise, "no frame magic");
		if (d->in.length < WIRE_HEADER_BYTES)
			return DECODER_NEED_MORE;
		const uint8_t *p = d->in.at;
		uint32_t length = get_u32(p + 12);
		size_t whole = (size_t)WIRE_HEADER_BYTES + length + WIRE_TRAILER_BYTES;

		if (length > WIRE_MAX_PAYLOAD) {
			skip(d, 1, "frame too long");
			continue;
		}
		if (d->in.length < whole)
			return DECODER_NEED_MORE;
		if (crc32_ieee(0, p + 4, whole - 8) != get_u32(p + whole - 4)) {
			skip(d, 1, "bad checksum");
			continue;
		}
		if (get_u16(p + 10)) {
			skip(d, whole, "reserved field is not zero");
			continue;
		}
		*out = (struct frame){ get_u32(p + 4), get_u16(p + 8), p + WIRE_HEADER_BYTES, length };
		d->taken = whole;
		return DECODER_FRAME;
	}
}

size_t decoder_wants(const struct decoder *d)
{
	if (d->in.length < WIRE_HEADER_BYTES)
		return WIRE_HEADER_BYTES - d->in.length;
	return (size_t)WIRE_HEADER_BYTES + get_u32(d->in.at + 12) + WIRE_TRAILER_BYTES - d->in.length;
}

void decoder_abandon(struct decoder *d, const char *why)
{
	if (d->in.length)
		skip(d, 1, why);
}

bool request_decode(struct request *r, const uint8_t *payload, size_t length)
{
	if (length < WIRE_REQUEST_FIXED_BYTES + 4)
		return false;
	r->op = get_u16(payload);
	r->argc = get_u16(payload + 2);
	r->clock = (int64_t)get_u64(payload + 8);
	if (get_u32(payload + 4) || r->argc > WIRE_MAX_ARGS)
		return false;
	size_t blob_at = WIRE_REQUEST_FIXED_BYTES + 8u * r->argc + 4;

	if (length < blob_at || length - blob_at != get_u32(payload + blob_at - 4))
		return false;
	for (int i = 0; i < WIRE_MAX_ARGS; i++)
		r->args[i] = i < r->argc
				     ? (int64_t)get_u64(payload + WIRE_REQUEST_FIXED_BYTES + 8 * i)
				     : 0;
	r->blob = payload + blob_at;
	r->blob_length = length - blob_at;
	return true;
}

char *request_string(const struct request *r, unsigned int index)
{
	const uint8_t *p = r->blob;
	const uint8_t *end = r->blob + r->blob_length;

	for (;; index--) {
		if (p >= end)
			return NULL;
		const uint8_t *nul = memchr(p, 0, (size_t)(end - p));
		const uint8_t *stop = nul ? nul : end;

		if (index == 0)
			return strndup((const char *)p, (size_t)(stop - p));
		p = stop + 1;
	}
}

void reply_reset(struct reply *r)
{
	r->result = 0;
	r->error = r->signo = r->sicode = r->status = 0;
	r->fault_address = 0;
	bytes_clear(&r->data);
	bytes_clear(&r->events);
}

void reply_encode(struct bytes *out, const struct reply *r)
{
	size_t room = WIRE_MAX_PAYLOAD - WIRE_RESPONSE_FIXED_BYTES - 8;
	size_t data = r->data.length < room ? r->data.length : room;
	size_t events = r->events.length < room - data ? r->events.length : room - data;

	bytes_u64(out, (uint64_t)r->result);
	bytes_u32(out, (uint32_t)r->error);
	bytes_u32(out, (uint32_t)r->signo);
	bytes_u32(out, (uint32_t)r->sicode);
	bytes_u32(out, (uint32_t)r->status);
	bytes_u64(out, r->fault_address);
	bytes_u32(out, (uint32_t)data);
	bytes_append(out, r->data.at, data);
	bytes_u32(out, (uint32_t)events);
	bytes_append(out, r->events.at, events);
}

void event_encode(struct bytes *out, uint32_t kind, uint32_t detail, const char *text,
		  size_t length)
{
	bytes_u32(out, kind);
	bytes_u32(out, detail);
	bytes_append(out, text, length);
}
