// SPDX-License-Identifier: Apache-2.0
#include "batch.h"
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Answers its own clock, as many bytes as its argument says, and the bytes of its blob as events. */
static void echo(void *server, const struct request *r, struct reply *reply)
{
	(*(int *)server)++;
	reply->result = r->clock;
	memset(bytes_extend(&reply->data, (size_t)r->args[0]), 'd', (size_t)r->args[0]);
	bytes_append(&reply->events, r->blob, r->blob_length);
}

static void add(struct bytes *batch, int64_t clock, int64_t size, const char *events)
{
	struct bytes p = { 0 };

	request_payload(&p, WIRE_OP_PING, &size, 1, events, (uint32_t)strlen(events));
	for (int i = 0; i < 8; i++)
		p.at[8 + i] = (uint8_t)((uint64_t)clock >> (8 * i));
	bytes_u32(batch, (uint32_t)p.length);
	bytes_append(batch, p.at, p.length);
	bytes_free(&p);
}

static int run_batch(struct bytes *blob, struct reply *reply)
{
	struct request r = { .op = WIRE_OP_BATCH, .blob = blob->at, .blob_length = blob->length };
	int calls = 0;

	reply_reset(reply);
	batch_run(&r, reply, echo, &calls);
	CHECK(WIRE_RESPONSE_FIXED_BYTES + 8 + reply->data.length <= WIRE_MAX_PAYLOAD);
	return calls;
}

static void each_has_its_own_answer(void)
{
	struct bytes blob = { 0 };
	struct reply reply = { 0 };

	add(&blob, 11, 3, "first\n");
	add(&blob, 12, 0, "");
	CHECK(run_batch(&blob, &reply) == 2 && reply.result == 2 && reply.status == 0);
	const uint8_t *at = reply.data.at;

	CHECK(get_u32(at) == WIRE_RESPONSE_FIXED_BYTES + 8 + 3 + 6);
	CHECK(get_u64(at + 4) == 11 && !memcmp(at + 4 + WIRE_RESPONSE_FIXED_BYTES + 4, "ddd", 3));
	at += 4 + get_u32(at);
	CHECK(get_u32(at) == WIRE_RESPONSE_FIXED_BYTES + 8 && get_u64(at + 4) == 12);
	CHECK(at + 4 + get_u32(at) == reply.data.at + reply.data.length);
	bytes_free(&blob);
	bytes_free(&reply.data);
}

static void answers_that_do_not_fit_are_left_for_the_next_frame(void)
{
	struct bytes blob = { 0 };
	struct reply reply = { 0 };

	for (int i = 0; i < 8; i++)
		add(&blob, i, 1 << 20, "");
	CHECK(run_batch(&blob, &reply) == 2 && reply.result == 2);
	blob.length = 0;
	add(&blob, 1, 1 << 20, "");
	add(&blob, 2, WIRE_MAX_PAYLOAD, "");
	CHECK(run_batch(&blob, &reply) == 2 && reply.result == 2);
	const uint8_t *at = reply.data.at + 4 + get_u32(reply.data.at);

	CHECK(get_u32(at) == WIRE_RESPONSE_FIXED_BYTES + 8);
	CHECK(get_u64(at + 4) == UINT64_MAX && get_u32(at + 12) == EMSGSIZE);
	bytes_free(&blob);
	bytes_free(&reply.data);
}

static void half_a_batch_is_none(void)
{
	struct bytes blob = { 0 };
	struct reply reply = { 0 };

	CHECK(run_batch(&blob, &reply) == 0 && reply.status == WIRE_STATUS_BAD_ARGUMENTS);
	add(&blob, 1, 0, "");
	add(&blob, 2, 0, "");
	for (size_t cut = 1; cut < 20; cut++) {
		blob.length--;
		CHECK(run_batch(&blob, &reply) == 0 && reply.status == WIRE_STATUS_BAD_ARGUMENTS);
	}
	bytes_free(&blob);
	bytes_free(&reply.data);
}

void test_batch(void)
{
	each_has_its_own_answer();
	answers_that_do_not_fit_are_left_for_the_next_frame();
	half_a_batch_is_none();
}
