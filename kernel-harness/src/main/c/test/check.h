// SPDX-License-Identifier: Apache-2.0
/* What the tests of the C parts share. */
#ifndef PMEM4J_CHECK_H
#define PMEM4J_CHECK_H

#include "exec.h"

#include <stdio.h>

extern int checks, failures;

#define CHECK(condition)                                                          \
	do {                                                                      \
		checks++;                                                         \
		if (!(condition)) {                                               \
			failures++;                                               \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
		}                                                                 \
	} while (0)

/* A request as the host encodes it. */
void request_payload(struct bytes *p, uint16_t op, const int64_t *args, uint16_t argc,
		     const void *blob, uint32_t blob_length);

/* Runs it on the core; the answer is good until the next one. */
struct reply run(struct exec *x, uint16_t op, const int64_t *args, uint16_t argc,
		 const void *blob, uint32_t blob_length);

#define RUN(x, op, blob, n, ...) \
	run(x, op, (const int64_t[]){ __VA_ARGS__ }, sizeof((int64_t[]){ __VA_ARGS__ }) / 8, blob, n)

void test_batch(void);
void test_operations(void);
void test_tasks(void);

#endif
