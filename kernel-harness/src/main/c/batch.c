// SPDX-License-Identifier: Apache-2.0
#include "batch.h"
#include "exec.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

/* What a frame can carry of answers, each with its length. */
#define ROOM (WIRE_MAX_PAYLOAD - WIRE_RESPONSE_FIXED_BYTES - 8)

static size_t encoded_size(const struct reply *reply)
{
	return 4 + WIRE_RESPONSE_FIXED_BYTES + 8 + reply->data.length + reply->events.length;
}

/* An answer that cannot be sent says so in place of what it found. */
static void shorten(struct reply *reply, size_t room)
{
	if (encoded_size(reply) <= room)
		return;
	bytes_clear(&reply->data);
	bytes_clear(&reply->events);
	errno = EMSGSIZE;
	reply_errno(reply);
}

/* The next request in the blob, or false: no more, or *ok is false. */
static bool next(const struct request *r, size_t *at, struct request *inner, bool *ok)
{
	size_t left = r->blob_length - *at;

	if (left == 0)
		return false;
	*ok = left >= 4 && get_u32(r->blob + *at) <= left - 4 &&
	      request_decode(inner, r->blob + *at + 4, get_u32(r->blob + *at));
	if (*ok)
		*at += 4 + (size_t)get_u32(r->blob + *at);
	return *ok;
}

static bool well_formed(const struct request *r)
{
	struct request inner;
	size_t at = 0;
	bool ok = r->argc == 0 && r->blob_length > 0;

	while (ok && next(r, &at, &inner, &ok))
		;
	return ok;
}

void batch_run(const struct request *r, struct reply *reply,
	       void (*one)(void *server, const struct request *r, struct reply *reply), void *server)
{
	struct reply answer = { 0 };
	struct request inner;
	char before[16], name[16];
	size_t at = 0;
	bool ok;

	/* All of it or nothing: half a batch would leave the host guessing. */
	if (!well_formed(r)) {
		reply_bad_arguments(reply);
		return;
	}
	prctl(PR_GET_NAME, before);
	while (reply->data.length < ROOM - WIRE_BATCH_RESERVE && next(r, &at, &inner, &ok)) {
		reply_reset(&answer);
		/* A kernel that dies names its task: that says which one it died of. */
		snprintf(name, sizeof(name), "op %u", (unsigned)reply->result);
		prctl(PR_SET_NAME, name);
		one(server, &inner, &answer);
		shorten(&answer, ROOM - reply->data.length);
		bytes_u32(&reply->data, (uint32_t)encoded_size(&answer) - 4);
		reply_encode(&reply->data, &answer);
		reply->result++;
	}
	prctl(PR_SET_NAME, before);
	bytes_free(&answer.data);
	bytes_free(&answer.events);
}
