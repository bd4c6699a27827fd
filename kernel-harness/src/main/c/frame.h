// SPDX-License-Identifier: Apache-2.0
/* Frames, requests and replies as bytes: see wire.h. No input or output here. */
#ifndef PMEM4J_FRAME_H
#define PMEM4J_FRAME_H

#include "bytes.h"
#include "wire.h"

#include <stdbool.h>

/* A request as it came in; `blob` points into the frame it was decoded from. */
struct request {
	uint16_t op;
	uint16_t argc;
	int64_t clock;
	int64_t args[WIRE_MAX_ARGS];
	const uint8_t *blob;
	size_t blob_length;
};

struct reply {
	int64_t result;
	int32_t error;
	int32_t signo;
	int32_t sicode;
	int32_t status;
	uint64_t fault_address;
	struct bytes data;
	struct bytes events;
};

struct frame {
	uint32_t seq;
	uint16_t type;
	const uint8_t *payload; /* valid until the decoder is touched again */
	uint32_t length;
};

/* Bytes received and not yet understood. `in.length` of them are buffered. */
struct decoder {
	struct bytes in;
	size_t taken;   /* length of the frame handed out last, dropped at the next step */
	size_t skipped; /* bytes thrown away since decoder_forgive */
	const char *complaint;
};

enum decoder_step {
	DECODER_FRAME,     /* *out is a frame with a good checksum */
	DECODER_NEED_MORE, /* decoder_wants() more bytes before anything can be said */
};

uint32_t crc32_ieee(uint32_t crc, const void *data, size_t length);

/* Appends a whole frame. */
void frame_encode(struct bytes *out, uint32_t seq, uint16_t type, const void *payload,
		  uint32_t length);

enum decoder_step decoder_next(struct decoder *d, struct frame *out);

/*
 * How many bytes complete the current header or frame; never more, so that a
 * reader who takes exactly these leaves the next frame in the channel for
 * the next server.
 */
size_t decoder_wants(const struct decoder *d);

/* The frame under construction will not be completed: skip its magic and go on. */
void decoder_abandon(struct decoder *d, const char *why);

static inline void decoder_forgive(struct decoder *d)
{
	d->skipped = 0;
	d->complaint = NULL;
}

/* False when the payload is not a request of the declared shape. */
bool request_decode(struct request *r, const uint8_t *payload, size_t length);

/* The i-th NUL-separated string of the blob, copied; NULL when there is none. */
char *request_string(const struct request *r, unsigned int index);

/* Forgets the last answer but keeps the memory. */
void reply_reset(struct reply *r);

/* Appends the payload; events are cut when data and events exceed a frame. */
void reply_encode(struct bytes *out, const struct reply *r);

void event_encode(struct bytes *out, uint32_t kind, uint32_t detail, const char *text,
		  size_t length);

#endif
